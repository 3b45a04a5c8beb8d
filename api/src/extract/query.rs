//! Query parameters: only those that a route knows.

use axum::{
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Uri, request::Parts};
use serde::{Deserialize, de::DeserializeOwned};
use wagate_domain::{Invalid, SessionId, Timestamp};

use super::invalid_from;
use crate::{ApiState, problem::Problem};

/// The parsed query of a route that takes one.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        parse(&parts.uri).map(Self)
    }
}

fn parse<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
        .map_err(|error| invalid_from(error.path(), error.inner()).into())
}

/// The session that a parameter names.
pub(crate) fn session_of(text: Option<String>) -> Result<Option<SessionId>, Invalid> {
    let wrong = |_| Invalid::new("session", "is not a session id", "use the id (ses_…) of a session");
    text.map(|id| id.parse().map_err(wrong)).transpose()
}

pub(crate) fn moment(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Invalid> {
    let parse = |text: &str| {
        text.parse::<Timestamp>().map_err(|_| {
            Invalid::new(
                field,
                "is not a moment",
                "send RFC 3339 with an offset, such as 2026-01-31T09:00:00Z",
            )
        })
    };
    text.map(parse).transpose()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// For routes that take no query: refuses one, so that a misspelt parameter is not silently ignored.
pub(crate) async fn refuse_query(request: Request, next: Next) -> Response {
    match parse::<Nothing>(request.uri()) {
        Ok(Nothing {}) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: Option<u32>,
        cursor: Option<String>,
    }

    fn page(uri: &str) -> Result<Page, Option<String>> {
        parse(&uri.parse().unwrap()).map_err(|problem: Problem| problem.body(None).field)
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        let cursor = Some("a b".to_owned());
        assert_eq!(page("/x?limit=5&cursor=a%20b"), Ok(Page { limit: Some(5), cursor }));
        assert_eq!(page("/x"), Ok(Page { limit: None, cursor: None }));
        assert_eq!(page("/x?limit=many"), Err(Some("limit".to_owned())));
        assert_eq!(page("/x?limits=5"), Err(Some("limits".to_owned())));
        assert!(parse::<Nothing>(&"/x?limit=5".parse().unwrap()).is_err());
    }
}
