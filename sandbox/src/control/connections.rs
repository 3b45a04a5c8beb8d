//! Open connections: look at them, cut them, end them in any way.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::counted;
use super::problem::Problem;
use crate::faults::{Closing, Effect, Ending};
use crate::wire::Conn;

const REMEDY: &str = "GET /v1/connections lists the open ones.";

/// An open connection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionView {
    id: u64,
    /// Address of the client.
    remote: String,
    /// Phone number, once the connection is logged in.
    number: Option<String>,
    /// Device of the account, once the connection is logged in.
    device: Option<u16>,
    /// True when nothing is read or written any more.
    half_open: bool,
}

impl ConnectionView {
    fn of(conn: &Conn) -> Self {
        let device = conn.tap.device();
        Self {
            id: conn.id,
            remote: conn.remote.to_string(),
            number: device.map(|device| format!("+{}", device.pn)),
            device: device.map(|device| device.device),
            half_open: conn.half_open.is_cancelled(),
        }
    }
}

/// All open connections, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionList {
    items: Vec<ConnectionView>,
}

/// How a connection shall end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// An effect that ends a connection: `close`, `half_open`, `stream_error` or `failure`.
    effect: Effect,
}

/// Open connections, logged in or not.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", responses((status = 200, body = ConnectionList)))]
pub(super) async fn list(State(control): State<Control>) -> Json<ConnectionList> {
    let open = control.core.connections.all();
    Json(ConnectionList { items: open.iter().map(|conn| ConnectionView::of(conn)).collect() })
}

/// One open connection.
#[utoipa::path(get, path = "/v1/connections/{id}", tag = "connections", params(("id" = u64, Path)),
    responses((status = 200, body = ConnectionView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<ConnectionView>, Problem> {
    Ok(Json(ConnectionView::of(&*open(&control, &id)?)))
}

/// Cuts a connection: its TCP connection is gone without a word.
#[utoipa::path(delete, path = "/v1/connections/{id}", tag = "connections", params(("id" = u64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn cut(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    open(&control, &id)?.end(Ending::Socket(Closing::Drop));
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a connection at once, with an error or without.
#[utoipa::path(post, path = "/v1/connections/{id}/end", tag = "connections", params(("id" = u64, Path)),
    request_body = End, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(control): State<Control>,
    Path(id): Path<String>,
    Body(end): Body<End>,
) -> Result<StatusCode, Problem> {
    let conn = open(&control, &id)?;
    let Some((ending, _)) = end.effect.ending(None) else {
        return Err(Problem::field(
            "effect.kind",
            format!("{} does not end a connection.", end.effect.name()),
            "Give close, half_open, stream_error or failure.",
        ));
    };
    conn.end(ending);
    Ok(StatusCode::NO_CONTENT)
}

fn open(control: &Control, id: &str) -> Result<Arc<Conn>, Problem> {
    let id = counted("id", id, REMEDY)?;
    let found = control.core.connections.get(id);
    found.ok_or_else(|| Problem::missing(format!("There is no open connection {id}."), REMEDY))
}
