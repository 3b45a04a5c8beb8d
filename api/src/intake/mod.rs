//! Files on their way in: from a form, a raw body, base64 or a URL, always as a stream into S3.

mod base64;
mod form;
mod raw;
mod sniff;

pub(crate) use base64::decode;
pub(crate) use form::{FilePart, Form, is_form};
pub(crate) use raw::RawBody;
pub(crate) use sniff::{Declared, settle_mime};

use std::time::Duration;

use ulid::Ulid;
use wagate_domain::{
    Invalid,
    auth::Principal,
    media::{self, Media, StageMedia},
    ports::ByteStream,
};

use crate::{ApiState, problem::Problem};

/// A file that has not been read yet.
pub(crate) struct Incoming {
    /// The type, as far as somebody has said it.
    pub(crate) declared: Declared,
    /// Its name.
    pub(crate) file_name: Option<String>,
    /// Its bytes.
    pub(crate) bytes: ByteStream,
}

/// How a file is to be taken.
pub(crate) struct Terms<'a> {
    /// The field to blame when the type is wrong.
    pub(crate) field: &'a str,
    /// Most bytes to take.
    pub(crate) max_bytes: u64,
    /// Fixes the id of the object.
    pub(crate) seed: Option<Ulid>,
}

/// Looks at the first bytes, settles the type, and streams the file into S3. `check` may refuse the
/// settled type before anything is stored.
pub(crate) async fn take(
    state: &ApiState,
    caller: Principal,
    file: Incoming,
    terms: Terms<'_>,
    check: impl FnOnce(&str) -> Result<(), Problem>,
) -> Result<Media, Problem> {
    check_name("file_name", file.file_name.as_deref())?;
    let (mime, bytes) = settle_mime(&file.declared, file.bytes, terms.field).await?;
    check(&mime)?;
    let request =
        StageMedia { mime, file_name: file.file_name, max_bytes: terms.max_bytes, seed: terms.seed };
    Ok(media::stage(&state.env, state.staging(), caller, request, bytes).await?)
}

/// How long the rest of a refused upload is read: a caller that is still writing when the connection closes
/// would never see the answer.
const MAX_DRAIN: Duration = Duration::from_secs(5);
/// Longest name of a file, in characters: what file systems take.
const MAX_NAME: usize = 255;

/// A file's name is shown to people and used when the file is saved.
pub(crate) fn check_name(field: &str, name: Option<&str>) -> Result<(), Invalid> {
    let fits = |name: &str| {
        (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(|c: char| c.is_control() || c == '/')
    };
    if name.is_none_or(fits) {
        return Ok(());
    }
    let remedy = format!("use 1 to {MAX_NAME} characters without slashes and control characters");
    Err(Invalid::new(field, "is no name of a file", remedy))
}

/// Deletes what was staged for a request that was then refused. Failing is not worth an error to the
/// caller: the object is only left unused.
pub(crate) async fn discard(state: &ApiState, media: &Media) {
    let gone = async {
        state.objects.delete(&media.object_key()).await?;
        state.media.delete(media.workspace, media.id).await
    };
    if let Err(error) = gone.await {
        tracing::warn!(error = %error, media = %media.id, "a staged file was left behind");
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_names() {
        for (name, fits) in [
            (None, true),
            (Some("menu.pdf"), true),
            (Some("harga kopi ☕.pdf"), true),
            (Some(""), false),
            (Some("../../etc/passwd"), false),
            (Some("a\r\nb"), false),
            (Some(&*"x".repeat(256)), false),
        ] {
            assert_eq!(check_name("file_name", name).is_ok(), fits, "{name:?}");
        }
    }
}
