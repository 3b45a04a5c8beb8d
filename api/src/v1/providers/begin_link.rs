//! `POST /api/v1/account/providers/{id}/link`

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, Password};

use super::departure::{DepartureView, answer, example};
use crate::{
    ApiState,
    extract::JsonBody,
    people::{SignedIn, Visitor},
    problem::Problem,
};

/// Who links.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginLink {
    /// Your password, once more.
    password: String,
}

/// Begin to link a provider
///
/// Send the browser to `authorization_url` and keep `binding`. The page it comes back to posts both to
/// `POST /account/providers/{id}/link/finish`.
#[utoipa::path(
    post, path = "/account/providers/{id}/link", tag = "account",
    params(("id" = String, Path, description = "The provider's id.", example = "google")),
    request_body(content = BeginLink, example = json!({"password": "correct horse battery"})),
    responses(
        (status = 200, description = "The way there.", body = DepartureView, example = json!(example())),
        (status = 403, description = "`wrong_password`"),
        (status = 429, description = "`too_many_attempts`"),
        (status = 502, description = "`provider_unavailable`"),
    ),
)]
pub(crate) async fn begin_link(
    State(state): State<ApiState>,
    Path(provider): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<BeginLink>,
) -> Result<Response, Problem> {
    let (ports, password) = (state.people.ports(), Password::given(value.password));
    let departure = people::begin_link(ports, signed_in.user, &provider, &password, visitor.origin).await?;
    Ok(answer(departure))
}
