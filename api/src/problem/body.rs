//! The shape of a problem on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::Code;

/// An error answer after RFC 9457, media type `application/problem+json`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained, relative to this server.
    #[serde(rename = "type")]
    #[schema(example = "/api/docs/errors#validation_failed")]
    pub kind: String,
    /// What the code means; the same for every occurrence.
    #[schema(example = "A field is wrong")]
    pub title: String,
    /// The HTTP status, repeated.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened this time, for people.
    #[schema(example = "text.body: is empty")]
    pub detail: String,
    /// What happened, for programs.
    pub code: Code,
    /// The first field, parameter or header that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "text.body")]
    pub field: Option<String>,
    /// Everything that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What to do next.
    #[schema(example = "send at least one visible character")]
    pub remedy: String,
    /// Id of the request, also in the `x-request-id` header; quote it when you ask for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "req_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    pub request_id: Option<String>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Dotted path in the body (`image.url`, `mentions[2]`), or a parameter's or header's name.
    #[schema(example = "text.body")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "is empty")]
    pub problem: String,
    /// What to send instead.
    #[schema(example = "send at least one visible character")]
    pub remedy: String,
}
