//! Who comes in: the one gate in front of every operation.
//!
//! [`admit`] looks the operation up in the [table], asks who is calling, what they may do and which sessions they may
//! touch, and leaves the answer for the handler ([`Caller`], [`Grants`]). When the table says so, it goes into the audit log
//! before it is done, and what came of it after. A handler cannot forget any of it, and a route that is not in the table is closed.

mod access;
mod address;
mod audited;
mod caller;
mod credentials;
mod key;
mod person;
mod reach;
mod refused;
mod table;

pub(crate) use access::Access;
pub(crate) use address::client_address;
pub(crate) use audited::Changed;
pub(crate) use caller::{Caller, Grants};
pub(crate) use table::{Row, TABLE};

use std::net::IpAddr;

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header, request::Parts};
use wagate_domain::{
    UserId,
    auth::{Actor, Permission, Principal},
    limits::{Charge, Decision, Payer, Subject},
};

use self::{
    access::{methods_of, row_of},
    audited::{Begun, Pending, named},
    caller::{Admitted, missing_permission},
};
use crate::{
    ApiState,
    layers::{self, GUARDED, RequestId, admit_budget},
    people::SignedIn,
    problem::{Code, Problem},
};

/// Lets a request in, or not.
pub(crate) async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        // nothing there, for anybody; whoever looks for it is counted all the same
        let (parts, body) = request.into_parts();
        if parts.uri.path().starts_with(GUARDED) {
            let address = address::client_address(&parts, &state.trusted_proxies);
            if let Err(problem) = charge_stranger(&state, address).await {
                return problem.into_response();
            }
        }
        return next.run(Request::from_parts(parts, body)).await;
    };
    let Some(row) = row_of(request.method(), path.as_str()) else {
        return not_this_method(path.as_str());
    };
    let (mut parts, body) = request.into_parts();
    let address = address::client_address(&parts, &state.trusted_proxies);
    let entry = check(&state, row, &mut parts, address).await;
    let caller = parts.extensions.get::<Admitted>().map(|admitted| Caller(admitted.principal));
    let mut response = match entry {
        Err(problem) => {
            let mut response = problem.into_response();
            if let Some(pending) = pending(&state, row, &mut parts, address).await {
                pending.refuse(&state, &mut response).await;
            }
            response
        }
        Ok(Entry { begun, left }) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(begun) = begun {
                begun.settle(&state, &mut response).await;
            }
            if let Some(left) = left {
                layers::show(&mut response, left);
            }
            response
        }
    };
    // for the layers outside
    response.extensions_mut().insert(CameFrom(address));
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}

/// Where a request came from, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CameFrom(pub(crate) Option<IpAddr>);

/// What is still to be done when somebody who came in has been served.
struct Entry {
    /// Its entry in the audit log, if it gets one.
    begun: Option<Begun>,
    /// What is left of the tightest limit.
    left: Option<Decision>,
}

async fn check(
    state: &ApiState,
    row: &Row,
    parts: &mut Parts,
    address: Option<IpAddr>,
) -> Result<Entry, Problem> {
    let guest = match come_in(state, row.access, parts, address).await {
        Ok(guest) => guest,
        // whoever tries credentials is slowed down
        Err(problem) => return Err(charge_stranger(state, address).await.err().unwrap_or(problem)),
    };
    let left = match &guest {
        Guest::Anybody if row.path.starts_with(GUARDED) => charge_stranger(state, address).await?,
        Guest::Anybody => None,
        Guest::Person(person) => {
            parts.extensions.insert(*person);
            charge_person(state, person.user).await?
        }
        Guest::Caller(admitted, permission) => {
            parts.extensions.insert(admitted.clone());
            let left = charge(state, row, admitted).await?;
            if !admitted.may.has(*permission) {
                return Err(missing_permission(*permission));
            }
            reach::check(state, row.reach, admitted, parts).await?;
            left
        }
    };
    let begun = match pending(state, row, parts, address).await {
        Some(pending) => Some(pending.begin(state).await?),
        None => None,
    };
    Ok(Entry { begun, left })
}

/// What is put down of an operation that goes into the audit log, as far as it is known by now who calls.
async fn pending(state: &ApiState, row: &Row, parts: &mut Parts, address: Option<IpAddr>) -> Option<Pending> {
    let action = row.action?;
    let principal = parts.extensions.get::<Admitted>().map(|admitted| admitted.principal);
    let person = parts.extensions.get::<SignedIn>().map(|person| Actor::Person(person.user));
    let params = RawPathParams::from_request_parts(parts, state).await.ok();
    Some(Pending {
        action,
        workspace: principal.map(|principal| principal.workspace),
        actor: principal.map(|principal| principal.actor).or(person),
        open: row.access == Access::Open,
        address,
        request_id: parts.extensions.get::<RequestId>().cloned(),
        named: params.as_ref().and_then(named),
    })
}

/// Who came in.
enum Guest {
    /// Nobody had to say who it is.
    Anybody,
    /// A person who acts in no workspace.
    Person(SignedIn),
    /// Somebody in a workspace, who has to have this permission.
    Caller(Admitted, Permission),
}

async fn come_in(
    state: &ApiState,
    access: Access,
    parts: &Parts,
    address: Option<IpAddr>,
) -> Result<Guest, Problem> {
    match access {
        Access::Open => Ok(Guest::Anybody),
        Access::Person => {
            let token = shown(parts, "The request carries no access token")?;
            SignedIn::of(state, token).await.map(Guest::Person)
        }
        // whoever runs the gateway need not belong to a workspace
        Access::May(Permission::Operate) if person::is_one(parts) => {
            person::operator(state, parts).await.map(Guest::Person)
        }
        Access::May(permission) => {
            identify(state, parts, address).await.map(|admitted| Guest::Caller(admitted, permission))
        }
    }
}

/// Charges a caller and its workspace for a request. What changes something is refused for a suspended workspace.
async fn charge(state: &ApiState, row: &Row, admitted: &Admitted) -> Result<Option<Decision>, Problem> {
    let Principal { workspace, actor } = admitted.principal;
    let standing = state.terms().standing(workspace).await?;
    let charges = standing.plan.for_request(actor);
    let left = admit_budget(state, Payer::Workspace(workspace), &charges).await?;
    // of a workspace that is gone nothing is shown, even while some of it is left
    standing.readable()?;
    if row.method != "GET" && !row.always {
        standing.active()?;
    }
    Ok(left)
}

/// Charges a person who acts in no workspace, as the installation's plan has it for one caller.
async fn charge_person(state: &ApiState, user: UserId) -> Result<Option<Decision>, Problem> {
    let subject = Subject::Caller(Actor::Person(user));
    let charges: Vec<_> =
        state.terms.plan.requests_per_key.map(|rate| Charge::request(subject, rate)).into_iter().collect();
    admit_budget(state, Payer::Person(user), &charges).await
}

/// Charges the address of a caller who has not said who it is. Without an address there is nothing to count by.
async fn charge_stranger(state: &ApiState, address: Option<IpAddr>) -> Result<Option<Decision>, Problem> {
    let Some(address) = address else { return Ok(None) };
    let charges: Vec<_> = state.terms.for_stranger().into_iter().collect();
    admit_budget(state, Payer::at(address), &charges).await
}

/// Who is calling.
async fn identify(state: &ApiState, parts: &Parts, address: Option<IpAddr>) -> Result<Admitted, Problem> {
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
