//! `POST /api/v1/account/providers/{id}/link/finish`

use axum::{
    Json,
    extract::{Path, State},
};
use wagate_domain::people;

use super::{
    super::identities::view::{IdentityView, example},
    arrival::ProviderReturn,
};
use crate::{ApiState, admission::Changed, extract::JsonBody, people::SignedIn, problem::Problem};

/// Link a provider
///
/// From now on your account there lets you in. One that is linked to you already stays as it is. A mail tells you.
#[utoipa::path(
    post, path = "/account/providers/{id}/link/finish", tag = "account",
    params(("id" = String, Path, description = "The provider's id.", example = "google")),
    request_body(
        content = ProviderReturn,
        example = json!({"code": "4/0AX4…", "state": "wgt_…", "binding": "wgt_…"}),
    ),
    responses(
        (status = 200, description = "Linked.", body = IdentityView, example = json!(example())),
        (status = 401, description = "`provider_refused`"),
        (status = 409, description = "`identity_taken`"),
        (status = 410, description = "`provider_state_gone`"),
        (status = 502, description = "`provider_unavailable`"),
    ),
)]
pub(crate) async fn finish_link(
    State(state): State<ApiState>,
    Path(provider): Path<String>,
    signed_in: SignedIn,
    JsonBody { value, .. }: JsonBody<ProviderReturn>,
) -> Result<(Changed, Json<IdentityView>), Problem> {
    let (ports, arrival) = (state.people.ports(), value.into());
    let linked = people::finish_link(&state.env, ports, signed_in.user, &provider, &arrival).await?;
    let view = IdentityView::new(linked, &state.people.providers.list());
    Ok((Changed::made(view.id(), &view), Json(view)))
}
