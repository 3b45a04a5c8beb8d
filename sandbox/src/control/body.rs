//! JSON bodies and query strings, with problems for answers.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::problem::Problem;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        <axum::Json<T> as FromRequest<S>>::from_request(request, state)
            .await
            .map(|axum::Json(body)| Self(body))
            .map_err(|rejection| Problem::body(rejection.status(), rejection.body_text()))
    }
}

/// A JSON body that may be left out.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        <axum::Json<T> as OptionalFromRequest<S>>::from_request(request, state)
            .await
            .map(|body| body.map(|axum::Json(body)| Self(body)))
            .map_err(|rejection| Problem::body(rejection.status(), rejection.body_text()))
    }
}

/// Where a list goes on, and how much of it to answer.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Items per page, 1 to 1000; 100 unless given.
    #[serde(default = "default_limit")]
    pub(super) limit: u32,
}

fn default_limit() -> u32 {
    100
}

impl Paging {
    /// The cursor of a list of messages.
    pub(super) fn seq(&self) -> Result<i64, Problem> {
        self.cursor.as_deref().map_or(Ok(0), |cursor| {
            cursor.parse().map_err(|_| {
                Problem::field(
                    "cursor",
                    "This cursor was not made here.",
                    "Pass next_cursor of the page before.",
                )
            })
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(paging) =
            Query::<Self>::from_request_parts(parts, state).await.map_err(|rejection: QueryRejection| {
                Problem::field("query", rejection.body_text(), "Only cursor and limit are known here.")
            })?;
        if (1..=1000).contains(&paging.limit) {
            Ok(paging)
        } else {
            Err(Problem::field("limit", "limit is out of range.", "Give 1 to 1000."))
        }
    }
}
