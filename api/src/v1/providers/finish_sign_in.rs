//! `POST /api/v1/account/providers/{id}/sign-in/finish`

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people;

use super::{
    super::account::{
        entered::{SignInAnswer, example, outcome_answer, second_factor_example},
        workspace_of,
    },
    arrival::ProviderReturn,
};
use crate::{ApiState, extract::JsonBody, people::Visitor, problem::Problem};

/// Who came back from a provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FinishProviderSignIn {
    /// What came back.
    back: ProviderReturn,
    /// The only workspace that the access token is to be good for; all of yours when left out.
    workspace: Option<String>,
    /// Puts the refresh token into a cookie that scripts cannot read, for dashboards.
    #[serde(default)]
    cookies: bool,
}

/// Sign in by a provider
///
/// Whoever comes for the first time gets an account, if the provider has verified the address and `people.registration`
/// lets it: with `open` anybody, with `invited` whoever is invited. If the address has an account already, sign in to
/// that and link the provider. Where there is a second factor, it is asked for here, too. What came back is good once.
#[utoipa::path(
    post, path = "/account/providers/{id}/sign-in/finish", tag = "account",
    params(("id" = String, Path, description = "The provider's id.", example = "google")),
    request_body(
        content = FinishProviderSignIn,
        example = json!({"back": {"code": "4/0AX4…", "state": "wgt_…", "binding": "wgt_…"}}),
    ),
    responses(
        (
            status = 200, description = "Signed in, or a code is missing.", body = SignInAnswer,
            examples(
                ("tokens" = (value = json!(example()))),
                ("second_factor" = (value = json!(second_factor_example()))),
            ),
        ),
        (status = 401, description = "`provider_refused`, `wrong_credentials`"),
        (status = 403, description = "`address_unverified`, `registration_closed`, `not_a_member`"),
        (status = 409, description = "`account_exists`"),
        (status = 410, description = "`provider_state_gone`"),
        (status = 502, description = "`provider_unavailable`"),
    ),
)]
pub(crate) async fn finish_provider_sign_in(
    State(state): State<ApiState>,
    Path(provider): Path<String>,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<FinishProviderSignIn>,
) -> Result<Response, Problem> {
    let visit = visitor.visit(workspace_of(value.workspace.as_deref())?);
    let (ports, arrival) = (state.people.ports(), value.back.into());
    let outcome = people::enter_by_provider(&state.env, ports, &provider, &arrival, &visit).await?;
    Ok(outcome_answer(&state, outcome, value.cookies))
}
