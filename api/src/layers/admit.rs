//! The limits of requests, before anything is done for them.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use wagate_domain::limits::{Decision, Payer};

use super::budget::{admit_budget, show};
use crate::{ApiState, extract::Caller, problem::Problem};

/// The part of the surface that callers need a key for.
const API: &str = "/api/v1/";

/// Charges the key and its workspace for a request, or the address of a caller without a key. What changes something is refused
/// for a suspended workspace.
pub(crate) async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(API) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await;
    let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let admitted = match (caller, address) {
        (Ok(caller), _) => admit_caller(&state, caller, &parts.method).await,
        (Err(_), Some(address)) => {
            let charges: Vec<_> = state.terms.for_stranger().into_iter().collect();
            admit_budget(&state, Payer::at(address), &charges).await
        }
        // nothing to count by; whoever needs a caller refuses
        (Err(_), None) => Ok(None),
    };
    match admitted {
        Ok(left) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(left) = left {
                show(&mut response, left);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit_caller(
    state: &ApiState,
    Caller(caller): Caller,
    method: &Method,
) -> Result<Option<Decision>, Problem> {
    let standing = state.terms().standing(caller.workspace).await?;
    let charges = standing.plan.for_request(caller.key);
    let left = admit_budget(state, Payer::Workspace(caller.workspace), &charges).await?;
    if !method.is_safe() {
        standing.active()?;
    }
    Ok(left)
}
