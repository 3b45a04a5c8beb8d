//! RFC 9457 problems.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::faults::Invalid;
use crate::ports::PortError;

/// Why a request was not done, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// HTTP status, repeated.
    status: u16,
    /// Stable name of the problem: `invalid_field`, `not_found`, `refused`, `internal`, …
    code: &'static str,
    /// What is wrong.
    detail: String,
    /// The field, path part or query parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to do next.
    remedy: String,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status: status.as_u16(), code, detail: detail.into(), field: None, remedy: remedy.into() }
    }

    /// A field that cannot be used as it is.
    pub(super) fn field(field: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail, remedy);
        problem.field = Some(field.to_owned());
        problem
    }

    /// A thing of the network that is not there.
    pub(super) fn missing(what: impl Into<String>, remedy: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what, remedy)
    }

    /// A request in another site's name.
    pub(super) fn foreign(header: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::FORBIDDEN,
            "foreign_site",
            format!("The {header} header does not name this machine."),
            "Call the API as 127.0.0.1, [::1] or localhost.",
        );
        problem.field = Some(header.to_owned());
        problem
    }

    /// A body that cannot be read at all.
    pub(super) fn body(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(
            status,
            "invalid_body",
            detail,
            "Send the body that /openapi.json describes for this route.",
        )
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::field(&invalid.field, invalid.detail, invalid.remedy)
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::NotFound(what) => Self::new(
                StatusCode::NOT_FOUND,
                "not_found",
                what,
                "Check the number or id; POST /v1/phones makes a phone.",
            ),
            PortError::Refused(why) => Self::new(
                StatusCode::CONFLICT,
                "refused",
                why,
                "Read the detail; for pairing, take a fresh QR or code from the companion.",
            ),
            PortError::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "control request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "The sandbox failed.",
                    "Look into the sandbox's log.",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

pub(super) async fn no_such_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_such_route", "There is no such route.", "See /openapi.json.")
}

pub(super) async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "no_such_method",
        "This route has no such method.",
        "See /openapi.json.",
    )
}
