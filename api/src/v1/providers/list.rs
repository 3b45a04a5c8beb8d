//! `GET /api/v1/account/providers`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::ports::Provider;

use crate::ApiState;

/// Who lets people in beside a password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderList {
    /// The providers, as the operator ordered them.
    providers: Vec<ProviderView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provider)]
pub(crate) struct ProviderView {
    /// Its name in paths.
    #[schema(example = "google")]
    id: String,
    /// What people call it, for a button.
    #[schema(example = "Google")]
    name: String,
}

impl From<Provider> for ProviderView {
    fn from(provider: Provider) -> Self {
        let Provider { id, name, issuer: _, trusts_addresses: _ } = provider;
        Self { id, name }
    }
}

/// List the providers
///
/// Those of `people.providers` in the configuration: whoever has an account there may sign in by it.
#[utoipa::path(
    get, path = "/account/providers", tag = "account",
    responses((
        status = 200, description = "The providers.", body = ProviderList,
        example = json!({"providers": [{"id": "google", "name": "Google"}], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_providers(State(state): State<ApiState>) -> Json<ProviderList> {
    let providers = state.people.providers.list().into_iter().map(ProviderView::from).collect();
    Json(ProviderList { providers, next_cursor: None })
}
