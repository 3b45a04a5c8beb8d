//! A short-lived link to a media object in S3.

use std::time::Duration;

use crate::{
    Env, MediaId, Timestamp,
    auth::Principal,
    media::{Media, MediaState, Staging},
    ports::PortError,
};

/// How long a download link stays good.
const DOWNLOAD_LINK: Duration = Duration::from_mins(15);

/// A media object and where to get it.
#[derive(Debug, Clone)]
pub struct MediaLink {
    /// The object.
    pub media: Media,
    /// Where to `GET` it; present when it is ready.
    pub url: Option<String>,
    /// The link is refused after this moment.
    pub expires_at: Timestamp,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No such object in this workspace.
    #[error("no such media object")]
    NotFound,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The object and a link that is good for fifteen minutes.
///
/// # Errors
/// See [`LinkError`].
pub async fn link(
    env: &Env,
    staging: Staging<'_>,
    caller: Principal,
    id: MediaId,
) -> Result<MediaLink, LinkError> {
    let media = staging.index.get(caller.workspace, id).await?.ok_or(LinkError::NotFound)?;
    let url = match media.state {
        MediaState::Ready => {
            let name = media.file_name.as_deref();
            Some(staging.objects.presign_get(&media.object_key(), &media.mime, name, DOWNLOAD_LINK).await?)
        }
        MediaState::Pending | MediaState::Failed | MediaState::Expired => None,
    };
    Ok(MediaLink { media, url, expires_at: env.now().plus(DOWNLOAD_LINK) })
}
