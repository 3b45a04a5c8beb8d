//! Providers (OpenID Connect) that let people in: signing in by one, and linking one to one's account.

mod arrival;
mod begin_link;
mod begin_sign_in;
mod departure;
mod finish_link;
mod finish_sign_in;
mod list;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(list::list_providers))
        .routes(routes!(begin_sign_in::begin_provider_sign_in))
        .routes(routes!(finish_sign_in::finish_provider_sign_in))
        .routes(routes!(begin_link::begin_link))
        .routes(routes!(finish_link::finish_link));
    Routes { plain, querying, uploading }
}
