//! `POST /api/v1/account/refresh`

use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, TokenSecret};

use super::{
    entered::{TokensView, answer, example},
    workspace_of,
};
use crate::{
    ApiState,
    extract::JsonBody,
    people::{Visitor, refresh_cookie},
    problem::Problem,
};

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// The refresh token; when left out, the one in the cookie, and its successor goes there too.
    refresh_token: Option<String>,
    /// The only workspace that the access token is to be good for; all of yours when left out.
    workspace: Option<String>,
}

/// Get new tokens
///
/// Each refresh token is good once. One that comes again ends the whole sign-in, for somebody has a copy; within ten
/// seconds, and as long as its successor is unused, it gives the same successor again, so that two tabs at the same
/// moment do no harm. A token in the cookie is taken from pages of this server only.
#[utoipa::path(
    post, path = "/account/refresh", tag = "account",
    request_body(content = Refresh, example = json!({"refresh_token": "wgt_…"})),
    responses(
        (status = 200, description = "New tokens.", body = TokensView, example = json!(example())),
        (status = 401, description = "`refresh_token_invalid`, `refresh_token_reused`"),
        (status = 403, description = "`cross_site`, `not_a_member`"),
    ),
)]
pub(crate) async fn refresh(
    State(state): State<ApiState>,
    visitor: Visitor,
    headers: HeaderMap,
    JsonBody { value, .. }: JsonBody<Refresh>,
) -> Result<Response, Problem> {
    let visit = visitor.visit(workspace_of(value.workspace.as_deref())?);
    let cookies = value.refresh_token.is_none();
    let token = match value.refresh_token {
        Some(token) => TokenSecret::presented(token),
        None => refresh_cookie(&headers, &state.public_url)?,
    };
    let entered = people::refresh(&state.env, state.people.ports(), &token, &visit).await?;
    Ok(answer(&state, &entered, cookies))
}
