//! `POST /api/v1/media`

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use ulid::Ulid;
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{
    Invalid,
    auth::Principal,
    media::{Media, link},
};

use super::view::{MediaView, example};
use crate::{
    ApiState,
    extract::{Answer, Caller, Fingerprint, Once, Query},
    intake::{self, Declared, Form, Incoming, RawBody, Terms},
    problem::Problem,
};

/// What the body itself cannot say.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateMedia {
    /// The file's name, when the body is the file itself.
    #[param(example = "menu.jpg")]
    file_name: Option<String>,
}

/// A file in a form. The file comes last.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the form; it is read part by part")]
pub(crate) struct MediaForm {
    /// The file's name; that of the part when left out.
    file_name: Option<String>,
    /// The file's type; that of the part, or found out, when left out.
    mimetype: Option<String>,
    /// The file, last.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Stage a file
///
/// Streams a file through the gateway into storage, to be sent by its id, once or many times. The body is the file
/// itself with its type in `Content-Type`, or multipart/form-data. An Idempotency-Key covers the file's name and type
/// and the length of the request; not the file's bytes.
#[utoipa::path(
    post, path = "/media", tag = "media",
    params(
        CreateMedia,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    request_body(description = "The file.", content(
        (MediaForm = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "image/jpeg"),
    )),
    responses((status = 201, description = "In storage.", body = MediaView, example = json!(example()))),
)]
pub(crate) async fn create_media(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<CreateMedia>,
    once: Once,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let uploader = Uploader { state: &state, caller };
    if !intake::is_form(&parts.headers) {
        let body = RawBody::new(body);
        let answer = uploader.take_body(once, &parts.headers, query, &body).await;
        body.drain().await;
        return answer;
    }
    let mut form = Form::open(&parts.headers, body)?;
    let answer = uploader.take_form(once, &parts.headers, query, &mut form).await;
    form.drain().await;
    answer
}

/// Who stages a file.
#[derive(Clone, Copy)]
struct Uploader<'a> {
    state: &'a ApiState,
    caller: Principal,
}

impl Uploader<'_> {
    async fn take_body(
        self,
        once: Once,
        headers: &HeaderMap,
        query: CreateMedia,
        body: &RawBody,
    ) -> Result<Response, Problem> {
        let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let declared = Declared::first(mime, None);
        let file = Incoming { declared, file_name: query.file_name, bytes: body.stream() };
        let fingerprint = fingerprint(headers, &file);
        once.run(self.state, fingerprint, |seed| async move {
            let media = self.store("Content-Type", file, seed).await?;
            self.answer(media).await
        })
        .await
    }

    async fn take_form(
        self,
        once: Once,
        headers: &HeaderMap,
        query: CreateMedia,
        form: &mut Form,
    ) -> Result<Response, Problem> {
        let (fields, part) = form.until_file().await?;
        let (mut file_name, mut mime) = (query.file_name.or(part.file_name), part.mime);
        for (name, value) in fields {
            match name.as_str() {
                "file_name" => file_name = Some(value),
                "mimetype" => mime = Some(value),
                _ => {
                    let remedy = "remove it, or use one of file_name, mimetype, file";
                    return Err(Invalid::new(name, "is unknown", remedy).into());
                }
            }
        }
        let file = Incoming { declared: Declared::first(mime, None), file_name, bytes: part.bytes };
        let fingerprint = fingerprint(headers, &file);
        once.run(self.state, fingerprint, |seed| async move {
            let media = self.store("file", file, seed).await?;
            if let Err(problem) = form.end().await {
                intake::discard(self.state, &media).await;
                return Err(problem);
            }
            self.answer(media).await
        })
        .await
    }

    async fn store(self, field: &str, file: Incoming, seed: Option<Ulid>) -> Result<Media, Problem> {
        let terms = Terms { field, max_bytes: self.state.limits.upload, seed };
        intake::take(self.state, self.caller, file, terms, |_| Ok(())).await
    }

    async fn answer(self, media: Media) -> Result<Answer, Problem> {
        let found = link(&self.state.env, self.state.staging(), self.caller, media.id).await?;
        let url = found.url.map(|url| (url, found.expires_at));
        Answer::json(StatusCode::CREATED, &MediaView::new(media, url))
    }
}

/// The file's bytes are not in it: they are still on their way when the key is looked up.
fn fingerprint(headers: &HeaderMap, file: &Incoming) -> Fingerprint {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Fingerprint::of([length, file.declared.named(), file.file_name.as_deref().unwrap_or_default()])
}
