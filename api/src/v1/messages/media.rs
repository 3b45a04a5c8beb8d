//! Bringing the file of a message into S3, wherever it comes from.

use bytes::Bytes;
use futures::{StreamExt, stream};
use ulid::Ulid;
use wagate_domain::{
    Address, Invalid, MediaId, SessionId,
    auth::Principal,
    media::{Media, StageError, finish_upload},
    messages::MediaKind,
};

use super::request::{MediaBody, Source};
use crate::{
    ApiState,
    extract::Grants,
    intake::{self, Declared, Incoming, Terms},
    problem::{Code, Problem},
};

/// The file of a message, in S3.
#[derive(Debug)]
pub(super) struct Attached {
    /// The object.
    pub(super) media: MediaId,
    /// The object again, when it was staged for this request alone and goes when that is refused.
    pub(super) ours: Option<Media>,
}

/// A file for a message of some kind.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) state: &'a ApiState,
    pub(super) caller: &'a Grants,
    pub(super) kind: MediaKind,
    pub(super) seed: Option<Ulid>,
}

/// Refuses what can be refused before a file is moved.
pub(super) async fn check_target(
    state: &ApiState,
    caller: Principal,
    session: SessionId,
    to: &str,
) -> Result<(), Problem> {
    to.parse::<Address>().map_err(|why| Invalid::new("to", why.to_string(), why.remedy()))?;
    let known = state.sessions.get(caller.workspace, session).await?;
    known.map(|_| ()).ok_or_else(|| Problem::plain(Code::SessionNotFound))
}

impl Wanted<'_> {
    /// The staged file a JSON request names where files cannot be brought along.
    pub(super) async fn staged(self, body: &mut MediaBody) -> Result<MediaId, Problem> {
        let name = self.kind.name();
        intake::check_name(&format!("{name}.file_name"), body.file_name.as_deref())?;
        match body.take_source(self.kind)? {
            Source::Id(id) => Ok(self.uploaded(&id).await?.media),
            Source::Url(_) | Source::Base64(_) => {
                let remedy = "stage the file first (POST /api/v1/media) and name it by id";
                Err(Invalid::new(name, "brings a file along", remedy).into())
            }
        }
    }

    /// The file a JSON request names.
    pub(super) async fn attach(self, body: &mut MediaBody) -> Result<Attached, Problem> {
        let name = self.kind.name();
        intake::check_name(&format!("{name}.file_name"), body.file_name.as_deref())?;
        match body.take_source(self.kind)? {
            Source::Id(id) => self.uploaded(&id).await,
            Source::Url(url) => self.fetch(&url, body).await,
            Source::Base64(text) => {
                let (mime, bytes) = intake::decode(&format!("{name}.base64"), &text)?;
                if bytes.len() as u64 > self.max_bytes() {
                    let remedy = too_large(self.max_bytes());
                    return Err(Invalid::new(format!("{name}.base64"), "is too large", remedy).into());
                }
                let declared = Declared::first(body.mimetype.take().or(mime), None);
                let incoming = Incoming { declared, file_name: body.file_name.clone(), bytes: whole(bytes) };
                self.stage(&format!("{name}.mimetype"), incoming).await
            }
        }
    }

    /// Streams a file into S3 as this kind. `field` is blamed for a wrong type.
    pub(super) async fn stage(self, field: &str, file: Incoming) -> Result<Attached, Problem> {
        let terms = Terms { field, max_bytes: self.max_bytes(), seed: self.seed };
        let fits = |mime: &str| self.check_kind(field, mime);
        let media = intake::take(self.state, self.caller.principal(), file, terms, fits).await?;
        Ok(Attached { media: media.id, ours: Some(media) })
    }

    /// A file that was staged or uploaded before. One that the caller may not touch is as unknown as one that is not there.
    async fn uploaded(self, id: &str) -> Result<Attached, Problem> {
        // an id that cannot exist is told apart by the use-case's own check, under the same field
        if let Ok(media) = id.parse::<MediaId>() {
            match finish_upload(self.state.staging(), self.caller.principal(), media).await {
                Ok(found) if self.caller.reaches_file(&found) => return Ok(Attached { media, ours: None }),
                Ok(_) | Err(StageError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let remedy = "stage the file first: POST /api/v1/media";
        Err(Invalid::new(
            format!("{}.id", self.kind.name()),
            "is not a media object of this workspace",
            remedy,
        )
        .into())
    }

    async fn fetch(self, url: &str, body: &mut MediaBody) -> Result<Attached, Problem> {
        let field = format!("{}.url", self.kind.name());
        let fetched =
            self.state.fetch.get(url).await.map_err(|error| Problem::fetch(field.clone(), error))?;
        let max_bytes = self.max_bytes();
        if fetched.length.is_some_and(|length| length > max_bytes) {
            return Err(Invalid::new(field, "is too large", too_large(max_bytes)).into());
        }
        let blame =
            if body.mimetype.is_some() { format!("{}.mimetype", self.kind.name()) } else { field.clone() };
        let incoming = Incoming {
            declared: Declared::first(body.mimetype.take(), fetched.mime),
            file_name: body.file_name.clone().or(fetched.file_name),
            bytes: fetched.body,
        };
        self.stage(&blame, incoming).await.map_err(|problem| {
            let (code, what, remedy) = match problem.code() {
                Code::UploadBrokenOff => {
                    let remedy = "check that the URL answers with the whole file".to_owned();
                    (Code::MediaFetchFailed, "broke off", remedy)
                }
                Code::PayloadTooLarge => (Code::ValidationFailed, "is too large", too_large(max_bytes)),
                _ => return problem,
            };
            Problem::field(code, Invalid::new(field, what, remedy)).because_of(problem)
        })
    }

    /// The operator's limit, or WhatsApp's for this kind when that is lower.
    fn max_bytes(self) -> u64 {
        self.state.limits.upload.min(self.kind.max_bytes())
    }

    fn check_kind(self, field: &str, mime: &str) -> Result<(), Problem> {
        if !mime.split_once('/').is_some_and(|(class, rest)| !class.is_empty() && !rest.is_empty()) {
            let remedy = "send a type such as image/jpeg or application/pdf";
            return Err(Invalid::new(field, "is not a MIME type", remedy).into());
        }
        if self.kind.accepts(mime) {
            return Ok(());
        }
        let remedy = format!("send {}, or send it as a document", self.kind.accepted());
        Err(Invalid::new(
            field,
            format!("is {mime}, which WhatsApp does not show as {}", self.kind.name()),
            remedy,
        )
        .into())
    }
}

fn whole(bytes: Bytes) -> wagate_domain::ports::ByteStream {
    stream::once(async { Ok(bytes) }).boxed()
}

fn too_large(max_bytes: u64) -> String {
    format!("use a file of at most {max_bytes} bytes")
}
