//! Sessions: WhatsApp accounts linked (or to be linked) to the gateway.

mod change;
mod create;
mod get;
mod health;
mod list;
mod logout;
mod mark_read;
mod offer;
mod pacing;
mod pairing_code;
mod presence;
mod proxy;
mod qr;
mod remove;
mod start;
mod stop;
mod view;
mod watch_presence;

use utoipa_axum::routes;
use wagate_domain::{SessionId, auth::Principal, sessions::Session};

use super::Routes;
use crate::{
    ApiState,
    problem::{Code, Problem},
};

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_session))
        .routes(routes!(get::get_session, change::change_session, remove::delete_session))
        .routes(routes!(health::get_session_health))
        .routes(routes!(start::start_session))
        .routes(routes!(stop::stop_session))
        .routes(routes!(logout::logout_session))
        .routes(routes!(qr::get_qr))
        .routes(routes!(pairing_code::create_pairing_code))
        .routes(routes!(mark_read::mark_chat_read))
        .routes(routes!(presence::show_presence))
        .routes(routes!(watch_presence::watch_presence));
    Routes { plain, querying: querying.routes(routes!(list::list_sessions)), uploading }
}

/// The session, or that there is none.
pub(super) async fn find(state: &ApiState, caller: Principal, id: SessionId) -> Result<Session, Problem> {
    let found = state.sessions.get(caller.workspace, id).await?;
    found.ok_or_else(|| Problem::plain(Code::SessionNotFound))
}

/// The session, if it is started and waits for an account.
async fn find_unlinked(state: &ApiState, caller: Principal, id: SessionId) -> Result<Session, Problem> {
    let session = find(state, caller, id).await?;
    if session.is_linked() {
        return Err(Problem::plain(Code::SessionAlreadyLinked));
    }
    if !session.wanted {
        return Err(Problem::plain(Code::SessionNotStarted)
            .remedy(format!("start it first: POST /api/v1/sessions/{id}/start")));
    }
    Ok(session)
}

/// The owner said no, and why.
fn refused(code: &str, message: &str) -> Problem {
    Problem::new(Code::SessionRefused, format!("{message} ({code})"))
}
