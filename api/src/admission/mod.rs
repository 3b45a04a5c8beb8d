//! Who comes in: the one gate in front of every operation.
//!
//! [`admit`] looks the operation up in the [table], asks who is calling, what they may do and which sessions they may
//! touch, and leaves the answer for the handler ([`Caller`], [`Grants`]). When the operation is done and the table says
//! so, it goes into the audit log. A handler cannot forget any of it, and a route that is not in the table is closed.

mod access;
mod address;
mod audited;
mod caller;
mod credentials;
mod key;
mod person;
mod reach;
mod table;

pub(crate) use access::Access;
pub(crate) use address::client_address;
pub(crate) use audited::Changed;
pub(crate) use caller::{Caller, Grants};
pub(crate) use table::TABLE;

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header, request::Parts};

use self::{
    access::{methods_of, row_of},
    audited::{Pending, named},
    caller::{Admitted, missing_permission},
    table::Row,
};
use crate::{
    ApiState,
    layers::RequestId,
    people::SignedIn,
    problem::{Code, Problem},
};

/// Lets a request in, or not.
pub(crate) async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        // nothing there, for anybody
        return next.run(request).await;
    };
    let Some(row) = row_of(request.method(), path.as_str()) else {
        return not_this_method(path.as_str());
    };
    let (mut parts, body) = request.into_parts();
    let pending = match check(&state, row, &mut parts).await {
        Ok(pending) => pending,
        Err(problem) => return problem.into_response(),
    };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(pending) = pending {
        pending.settle(&state, &mut response).await;
    }
    response
}

async fn check(state: &ApiState, row: &Row, parts: &mut Parts) -> Result<Option<Pending>, Problem> {
    let address = address::client_address(parts, &state.trusted_proxies);
    let admitted = match row.access {
        Access::Open => None,
        Access::Person => {
            let token = shown(parts, "The request carries no access token")?;
            let person = SignedIn::of(state, token).await?;
            parts.extensions.insert(person);
            None
        }
        Access::May(permission) => {
            let admitted = identify(state, parts, address).await?;
            if !admitted.may.has(permission) {
                return Err(missing_permission(permission));
            }
            reach::check(state, row.reach, &admitted, parts).await?;
            Some(admitted)
        }
    };
    if let Some(admitted) = &admitted {
        parts.extensions.insert(admitted.clone());
    }
    let Some(action) = row.action else { return Ok(None) };
    let params = RawPathParams::from_request_parts(parts, state).await.ok();
    Ok(Some(Pending {
        action,
        admitted,
        address,
        request_id: parts.extensions.get::<RequestId>().cloned(),
        named: params.as_ref().and_then(named),
    }))
}

/// Who is calling.
async fn identify(
    state: &ApiState,
    parts: &Parts,
    address: Option<std::net::IpAddr>,
) -> Result<Admitted, Problem> {
    let shown = shown(parts, "The request carries no API key")?;
    if key::is_one(shown) {
        key::admit(state, shown, address).await
    } else {
        person::admit(state, shown, &parts.headers, address).await
    }
}

fn shown<'a>(parts: &'a Parts, missing: &'static str) -> Result<&'a str, Problem> {
    credentials::presented(&parts.headers).ok_or_else(|| Problem::new(Code::Unauthenticated, missing))
}

fn not_this_method(path: &str) -> Response {
    let mut response = Problem::plain(Code::MethodNotAllowed).into_response();
    if let Ok(methods) = HeaderValue::from_str(&methods_of(path)) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}
