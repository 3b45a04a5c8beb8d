//! `POST /api/v1/account/providers/{id}/sign-in`

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::departure::{DepartureView, answer, example};
use crate::{ApiState, problem::Problem};

/// Begin to sign in by a provider
///
/// Send the browser to `authorization_url` (OpenID Connect, authorization code with PKCE) and keep `binding`. The page
/// it comes back to posts both to `POST /account/providers/{id}/sign-in/finish`.
#[utoipa::path(
    post, path = "/account/providers/{id}/sign-in", tag = "account",
    params(("id" = String, Path, description = "The provider's id.", example = "google")),
    responses(
        (status = 200, description = "The way there.", body = DepartureView, example = json!(example())),
        (status = 502, description = "`provider_unavailable`"),
    ),
)]
pub(crate) async fn begin_provider_sign_in(
    State(state): State<ApiState>,
    Path(provider): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(state.people.providers.depart(&provider, None).await?))
}
