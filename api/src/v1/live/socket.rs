//! `GET /api/v1/live`

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::time::timeout;
use wagate_views::events::Envelope;

use super::{
    entrance::{Entrance, LiveQuery, PROTOCOL},
    reader::{BEAT, Next, Reader},
};
use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Closing code: come back with `after` (RFC 6455 §7.4.1, "try again later").
const AGAIN: u16 = 1013;
/// Closing code: you took too long, or may not read any more (RFC 6455 §7.4.1, "policy violation").
const REFUSED: u16 = 1008;
/// Largest message taken from a reader, who has nothing to say.
const MOST: usize = 1_024;

/// Follow events over a WebSocket
///
/// Each text message is one event as webhooks are told of it. Browsers, which can set no header, pass the key as a
/// subprotocol: `new WebSocket(url, ["wagate.v1", "bearer.<key>"])`. A reader that takes nothing for 10 seconds is cut off
/// with code 1008 and the reason `slow_reader`; come back with `after` and nothing is missed.
#[utoipa::path(
    get, path = "/live", tag = "events",
    params(LiveQuery),
    responses(
        (status = 101, description = "The connection is a WebSocket now."),
        (status = 410, description = "`cursor_expired`"),
        (status = 426, description = "`upgrade_required`"),
    ),
)]
pub(crate) async fn live(
    State(state): State<ApiState>,
    entrance: Entrance,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| Problem::plain(Code::UpgradeRequired))?;
    let reader = Reader::new(state, entrance).await?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MOST).max_frame_size(MOST);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, reader)))
}

async fn serve(socket: WebSocket, mut reader: Reader) {
    let (mut out, mut back) = socket.split();
    let mut heard = tokio::time::Instant::now();
    let reason = loop {
        tokio::select! {
            // pongs count; whatever else a reader says is not listened to
            said = back.next() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => heard = tokio::time::Instant::now(),
            },
            next = reader.next() => {
                let message = match next {
                    Next::Event(entry) => match serde_json::to_string(&Envelope::from(entry.told)) {
                        Ok(text) => Message::Text(text.into()),
                        Err(_) => break (AGAIN, "unavailable"),
                    },
                    Next::Beat if heard.elapsed() > BEAT * 3 => return,
                    Next::Beat => Message::Ping(Vec::new().into()),
                    Next::End(reason @ ("slow_reader" | "key_revoked")) => break (REFUSED, reason),
                    Next::End(reason) => break (AGAIN, reason),
                };
                match timeout(reader.patience(), out.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => break (REFUSED, "slow_reader"),
                }
            }
        }
    };
    let patience = reader.patience();
    // one that takes nothing does not take this either
    let _ = timeout(patience, close(&mut out, reason)).await;
}

async fn close(
    out: &mut SplitSink<WebSocket, Message>,
    (code, reason): (u16, &'static str),
) -> Result<(), axum::Error> {
    out.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
}
