//! What the media endpoint does with a request.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::bend::bend;
use super::files::token_in;
use super::query::parameter;
use super::upload::kind;
use super::{download, upload};
use crate::core::Core;
use crate::faults::{Effect, Subject, Whom};
use crate::state::DeviceKey;
use crate::trace::{Direction, Event, EventKind};

/// Any path: what counts is the method and the token at the end.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(handle).with_state(core)
}

async fn handle(Shared(core): Shared<Arc<Core>>, request: Request<Body>) -> Response {
    let way = match *request.method() {
        Method::POST => Direction::In,
        Method::GET => Direction::Out,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let uri = request.uri().clone();
    let kind = kind(uri.path());
    let account =
        parameter(&uri, "auth").and_then(|auth| core.media.auth.account(auth, core.clock.unix_secs()));
    let whom = Whom { device: account.map(|pn| DeviceKey { pn, device: 0 }), connection: None };
    // The question where to resume is no transfer.
    let effect = match parameter(&uri, "resume") {
        None => core.faults.decide(whom, &Subject::Media { way, kind: &kind }),
        Some(_) => None,
    };
    let response = match (way, effect) {
        (_, Some(Effect::MediaStatus { status })) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        (Direction::In, effect) => take(&core, request, effect).await,
        (Direction::Out, None) => download::handle(Arc::clone(&core), request).await,
        (Direction::Out, Some(effect)) => {
            download::handle(Arc::clone(&core), request).await.map(|body| bend(body, &effect, &core.clock))
        }
    };
    let mut event = Event::new(EventKind::Media).way(way).saying(format!("{kind} {}", response.status()));
    event.number = account;
    core.trace.add(event);
    response
}

/// An upload, as a fault wants it.
async fn take(core: &Arc<Core>, request: Request<Body>, effect: Option<Effect>) -> Response {
    let Some(effect) = effect else { return upload::handle(Arc::clone(core), request).await };
    let token = token_in(request.uri().path()).map(str::to_owned);
    if let (Effect::MediaGarble, Some(token)) = (&effect, token) {
        let response = upload::handle(Arc::clone(core), request).await;
        if let Err(error) = core.media.files.garble(&token).await {
            tracing::warn!(%error, "an upload could not be garbled");
        }
        return response;
    }
    let request = request.map(|body| bend(body, &effect, &core.clock));
    let response = upload::handle(Arc::clone(core), request).await;
    if matches!(effect, Effect::MediaCut { .. }) && !response.status().is_success() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    response
}
