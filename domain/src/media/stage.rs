//! Bringing a file into S3 before it is sent: streamed through us, or uploaded by the caller.

use std::time::Duration;

use crate::{
    Env, Invalid, MediaId, Timestamp,
    auth::{Actor, Principal},
    ids::Id,
    media::{Media, MediaState},
    ports::{ByteStream, MediaIndex, Objects, PortError, PutError},
};

/// How long an upload link stays good.
const UPLOAD_LINK: Duration = Duration::from_hours(1);

/// What a caller says of the file it brings.
#[derive(Debug, Clone)]
pub struct StageMedia {
    /// MIME type.
    pub mime: String,
    /// Name of the file.
    pub file_name: Option<String>,
    /// Most bytes to take.
    pub max_bytes: u64,
    /// Fixes the id, so that a repeated request makes one object.
    pub seed: Option<ulid::Ulid>,
}

/// What a caller says of the file it will upload itself.
#[derive(Debug, Clone)]
pub struct BeginUpload {
    /// MIME type.
    pub mime: String,
    /// Name of the file.
    pub file_name: Option<String>,
    /// Fixes the id, so that a repeated request makes one object.
    pub seed: Option<ulid::Ulid>,
}

/// Where to upload a file.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The pending object.
    pub media: Media,
    /// `PUT` the bytes here, with the content type that was announced.
    pub url: String,
    /// The link is refused after this moment.
    pub expires_at: Timestamp,
}

/// Why nothing was staged.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The file is larger than allowed; what had arrived was deleted.
    #[error("larger than {max_bytes} bytes")]
    TooLarge {
        /// The bound.
        max_bytes: u64,
    },
    /// The caller's stream broke; what had arrived was deleted.
    #[error("the upload broke off: {0}")]
    BrokenOff(String),
    /// No such pending object.
    #[error("no such media object")]
    NotFound,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The places a file goes through.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct Staging<'a> {
    /// The record of media objects.
    pub index: &'a dyn MediaIndex,
    /// S3.
    pub objects: &'a dyn Objects,
}

/// Streams a file into S3 and records it as ready.
///
/// # Errors
/// See [`StageError`].
pub async fn stage(
    env: &Env,
    staging: Staging<'_>,
    caller: Principal,
    request: StageMedia,
    bytes: ByteStream,
) -> Result<Media, StageError> {
    check_mime(&request.mime)?;
    let mut media = blank(env, caller, request.mime, request.file_name, request.seed);
    let stored = match staging.objects.put(&media.object_key(), &media.mime, bytes, request.max_bytes).await {
        Ok(stored) => stored,
        Err(PutError::TooLarge) => return Err(StageError::TooLarge { max_bytes: request.max_bytes }),
        Err(PutError::Source(why)) => return Err(StageError::BrokenOff(why)),
        Err(PutError::Port(error)) => return Err(error.into()),
    };
    media.state = MediaState::Ready;
    media.size = stored.size;
    media.sha256 = stored.sha256;
    staging.index.insert(&media).await?;
    Ok(media)
}

/// Announces a file that the caller will upload to S3 by itself.
///
/// # Errors
/// See [`StageError`].
pub async fn begin_upload(
    env: &Env,
    staging: Staging<'_>,
    caller: Principal,
    request: BeginUpload,
) -> Result<Upload, StageError> {
    check_mime(&request.mime)?;
    let media = blank(env, caller, request.mime, request.file_name, request.seed);
    staging.index.insert(&media).await?;
    let url = staging.objects.presign_put(&media.object_key(), &media.mime, UPLOAD_LINK).await?;
    Ok(Upload { expires_at: env.now().plus(UPLOAD_LINK), media, url })
}

/// Looks whether an announced file has arrived in S3; records it as ready when it has.
/// An object that is already ready is returned as it is.
///
/// # Errors
/// See [`StageError`].
pub async fn finish_upload(
    staging: Staging<'_>,
    caller: Principal,
    id: MediaId,
) -> Result<Media, StageError> {
    let mut media = staging.index.get(caller.workspace, id).await?.ok_or(StageError::NotFound)?;
    let awaited = media.state == MediaState::Pending && media.session.is_none();
    if awaited && let Some(size) = staging.objects.size(&media.object_key()).await? {
        media.state = MediaState::Ready;
        media.size = size;
        staging.index.update(&media).await?;
    }
    Ok(media)
}

fn blank(
    env: &Env,
    caller: Principal,
    mime: String,
    file_name: Option<String>,
    seed: Option<ulid::Ulid>,
) -> Media {
    Media {
        id: seed.map_or_else(|| env.new_id::<MediaId>(), MediaId::from_ulid),
        workspace: caller.workspace,
        session: None,
        message: None,
        staged_with: match caller.actor {
            Actor::Key(key) => Some(key),
            Actor::Person(_) => None,
        },
        state: MediaState::Pending,
        mime,
        size: 0,
        sha256: None,
        file_name,
        locator: None,
        created_at: env.now(),
    }
}

fn check_mime(mime: &str) -> Result<(), Invalid> {
    let well_formed = mime.split_once('/').is_some_and(|(kind, rest)| {
        !kind.is_empty()
            && !rest.is_empty()
            && mime.len() <= 128
            && mime.bytes().all(|b| (0x20..0x7f).contains(&b))
    });
    if well_formed {
        return Ok(());
    }
    Err(Invalid::new("mimetype", "is not a MIME type", "send a type such as image/jpeg or application/pdf"))
}
