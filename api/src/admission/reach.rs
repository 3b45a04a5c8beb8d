//! What a caller who may touch some sessions only is let near.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use wagate_domain::{
    SessionId,
    ports::{Lanes, Messages},
};

use super::{access::Reach, caller::Admitted};
use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Refuses what lies outside the caller's sessions; a session that is not the caller's is not found.
pub(super) async fn check(
    state: &ApiState,
    reach: Reach,
    admitted: &Admitted,
    parts: &mut Parts,
) -> Result<(), Problem> {
    if admitted.sessions.is_none() {
        return Ok(());
    }
    let within = |session: Option<SessionId>| session.is_some_and(|session| admitted.reaches(session));
    let (inside, missing) = match reach {
        Reach::Any | Reach::Listed => (true, Code::NotFound),
        Reach::Whole => {
            return Err(Problem::new(Code::SessionsOnly, "This concerns the whole workspace"));
        }
        Reach::Path => (within(in_path(state, parts).await?), Code::SessionNotFound),
        Reach::Chosen => match in_query(parts) {
            None => {
                return Err(Problem::new(Code::SessionsOnly, "The query names no session")
                    .remedy("Name one of the key's sessions: ?session=ses_…"));
            }
            Some(named) => (within(named.parse().ok()), Code::SessionNotFound),
        },
        Reach::Message => (within(of_message(state, admitted, parts).await?), Code::MessageNotFound),
        Reach::Contact => (within(of_contact(state, admitted, parts).await?), Code::ContactNotFound),
        Reach::Media => (media_within(state, admitted, parts).await?, Code::MediaNotFound),
        Reach::Event => (within(of_event(state, admitted, parts).await?), Code::EventNotFound),
    };
    if inside { Ok(()) } else { Err(Problem::plain(missing)) }
}

/// The first parameter of the path, which names what is asked for.
async fn in_path<T: std::str::FromStr>(state: &ApiState, parts: &mut Parts) -> Result<Option<T>, Problem> {
    let params =
        RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::plain(Code::NotFound))?;
    Ok(params.iter().next().and_then(|(_, value)| value.parse().ok()))
}

fn in_query(parts: &Parts) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "session")
        .map(|(_, value)| value.into_owned())
}

async fn of_message(
    state: &ApiState,
    admitted: &Admitted,
    parts: &mut Parts,
) -> Result<Option<SessionId>, Problem> {
    let Some(id) = in_path(state, parts).await? else { return Ok(None) };
    let workspace = admitted.principal.workspace;
    let found = match Messages::get(&*state.messages, workspace, id).await? {
        None => Lanes::peek(&*state.lanes, workspace, id).await?,
        found => found,
    };
    Ok(found.map(|message| message.session))
}

async fn of_contact(
    state: &ApiState,
    admitted: &Admitted,
    parts: &mut Parts,
) -> Result<Option<SessionId>, Problem> {
    let Some(id) = in_path(state, parts).await? else { return Ok(None) };
    let found = state.contacts.get(admitted.principal.workspace, id).await?;
    Ok(found.map(|contact| contact.session))
}

async fn of_event(
    state: &ApiState,
    admitted: &Admitted,
    parts: &mut Parts,
) -> Result<Option<SessionId>, Problem> {
    let Some(id) = in_path(state, parts).await? else { return Ok(None) };
    let found = state.told.get(admitted.principal.workspace, id).await?;
    Ok(found.and_then(|entry| entry.told.session))
}

async fn media_within(state: &ApiState, admitted: &Admitted, parts: &mut Parts) -> Result<bool, Problem> {
    let Some(id) = in_path(state, parts).await? else { return Ok(false) };
    let found = state.media.get(admitted.principal.workspace, id).await?;
    Ok(found.is_some_and(|media| admitted.reaches_file(&media)))
}
