//! Who reads a live stream, and what of it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use wagate_domain::{EventId, auth::Principal, events::Selection};

use crate::{
    ApiState,
    admission::Grants,
    extract::{Caller, Query},
    problem::Problem,
    v1::events::{read_event, wanted},
};

/// The subprotocol we speak.
pub(super) const PROTOCOL: &str = "wagate.v1";

/// Which events, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiveQuery {
    /// The id of the last event you have: what came after it comes first. From now on when left out.
    after: Option<String>,
    /// Only these types, with commas between: `message.received,presence.*`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only of this session.
    session: Option<String>,
    /// Only of this chat: a contact id, a number or a JID.
    chat: Option<String>,
}

/// A reader that may come in.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(super) caller: Principal,
    pub(super) grants: Grants,
    pub(super) selection: Selection,
    pub(super) after: Option<EventId>,
}

impl FromRequestParts<ApiState> for Entrance {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Caller(caller) = Caller::from_request_parts(parts, state).await?;
        let grants = Grants::from_request_parts(parts, state).await?;
        let Query(query) = Query::<LiveQuery>::from_request_parts(parts, state).await?;
        let wanted = wanted(query.kind.as_deref(), query.session, query.chat)?;
        let selection = Selection::of(&*state.contacts, caller, &wanted).await?;
        // what a browser sends by itself when it comes back
        let resumed = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let after = resumed.or(query.after.as_deref()).map(|id| read_event("after", id)).transpose()?;
        Ok(Self { caller, grants, selection, after })
    }
}
