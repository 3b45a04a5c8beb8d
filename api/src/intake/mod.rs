//! Files on their way in: from a form, a raw body, base64 or a URL, always as a stream into S3.

mod base64;
mod form;
mod sniff;

pub(crate) use base64::decode;
pub(crate) use form::{FilePart, Form, is_form};
pub(crate) use sniff::{Declared, settle_mime};

use futures::StreamExt;
use ulid::Ulid;
use wagate_domain::{
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
    let (mime, bytes) = settle_mime(&file.declared, file.bytes, terms.field).await?;
    check(&mime)?;
    let request =
        StageMedia { mime, file_name: file.file_name, max_bytes: terms.max_bytes, seed: terms.seed };
    Ok(media::stage(&state.env, state.staging(), caller, request, bytes).await?)
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

/// The bytes of a request as a stream for S3.
pub(crate) fn body_stream(body: axum::body::Body) -> ByteStream {
    body.into_data_stream().map(|chunk| chunk.map_err(|error| error.to_string())).boxed()
}
