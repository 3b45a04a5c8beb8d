//! `GET /mailbox/{id}/letter`: the HTML of a mail, for the frame of its page.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, header};
use wagate_domain::MailId;

use super::mailbox;
use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// No scripts, nothing from elsewhere; links open in a window of their own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
     sandbox allow-popups allow-popups-to-escape-sandbox",
);

pub(super) async fn get_letter(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::plain(Code::NotFound);
    let id = id.parse::<MailId>().map_err(|_| none())?;
    let (_, written) = mailbox(&state)?.get(id).await?.ok_or_else(none)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(written.html)).into_response())
}
