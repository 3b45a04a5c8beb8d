//! IQs: one file per namespace, one line in [`ROUTES`]. Every request gets exactly one answer,
//! with its id and from where it went; what nobody handles gets an empty result.

mod abt;
mod app_state;
mod blocklist;
mod business;
mod dirty;
mod disappearing;
mod encrypt;
mod groups;
mod md;
mod media_conn;
mod mex;
mod newsletter;
mod passive;
mod passkey;
mod picture;
mod ping;
mod privacy;
mod props;
mod request;
mod status;
mod status_privacy;
mod usync;

use std::sync::Arc;

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::core::Core;
use crate::nodes::{SERVER, child_content, number, text};
use crate::stream::Stage;
use crate::wire::Conn;

pub(super) use request::Request;
use request::{Answer, IqError};

/// Answers one request.
type IqHandler = fn(Request) -> BoxFuture<'static, Result<Answer, IqError>>;

/// Namespace, request type, handler.
const ROUTES: &[(&str, &str, IqHandler)] = &[
    ("abt", "get", abt::get),
    ("blocklist", "get", blocklist::get),
    ("blocklist", "set", blocklist::set),
    ("disappearing_mode", "set", disappearing::set),
    ("encrypt", "get", encrypt::get),
    ("encrypt", "set", encrypt::set),
    ("md", "get", passkey::get),
    ("md", "set", md::set),
    ("newsletter", "get", newsletter::get),
    ("newsletter", "set", newsletter::set),
    ("passive", "set", passive::set),
    ("privacy", "get", privacy::get),
    ("privacy", "set", privacy::set),
    ("status", "get", status_privacy::get),
    ("status", "set", status::set),
    ("urn:xmpp:whatsapp:dirty", "set", dirty::set),
    ("usync", "get", usync::get),
    ("w", "get", props::get),
    ("w:biz", "get", business::get),
    ("w:g2", "get", groups::get),
    ("w:g2", "set", groups::set),
    ("w:m", "set", media_conn::set),
    ("w:mex", "get", mex::get),
    ("w:p", "get", ping::get),
    ("w:profile:picture", "get", picture::get),
    ("w:profile:picture", "set", picture::set),
    ("w:sync:app:state", "set", app_state::set),
];

/// Namespaces and request types that are served, for the fuzz targets.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn requests() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|(space, verb, _)| (*space, *verb))
}

/// Handles an IQ of a client: a request, or the answer to one of the server's.
pub(super) async fn dispatch(core: &Arc<Core>, conn: &Arc<Conn>, stage: &Stage, node: Node) {
    let kind = text(&node, "type").unwrap_or_default();
    if kind == "result" || kind == "error" {
        take_answer(stage, &node, kind == "error");
        return;
    }
    let request =
        Request { core: Arc::clone(core), conn: Some(Arc::clone(conn)), stage: stage.clone(), node };
    let (answer, then) = ask(request).await;
    conn.send(answer);
    if let Some(then) = then {
        core.tasks.spawn(then);
    }
}

/// Answers a request, whoever sent it; what follows the answer is for the caller to run behind it.
pub(super) async fn ask(request: Request) -> (Node, Option<BoxFuture<'static, ()>>) {
    let kind = text(&request.node, "type").unwrap_or_default();
    let xmlns = text(&request.node, "xmlns").unwrap_or_default();
    let sender = request.sender();
    let shell = Shell::of(&request.node);
    let answer = match ROUTES.iter().find(|(space, verb, _)| *space == xmlns && *verb == kind) {
        Some((_, _, handler)) => handler(request).await,
        None => {
            tracing::info!(sender, xmlns, kind, "unknown request answered with an empty result");
            Ok(Answer::empty())
        }
    };
    match answer {
        Ok(Answer { children, then }) => (shell.result(children), then),
        Err(error) => {
            let (code, reason) = error.code();
            tracing::warn!(sender, xmlns, code, %error, "request refused");
            (shell.error(code, reason), None)
        }
    }
}

/// An error as the answer to a request that nobody has handled, with the usual text of its code
/// and a time to wait.
pub(crate) fn error(request: &Node, code: u16, text: Option<&str>, wait_seconds: Option<u64>) -> Node {
    let usual = match code {
        400 => "bad-request",
        401 => "not-authorized",
        403 => "forbidden",
        404 => "item-not-found",
        405 => "not-allowed",
        406 => "not-acceptable",
        409 => "conflict",
        429 => "rate-overlimit",
        503 => "service-unavailable",
        _ => "internal-server-error",
    };
    let mut error = NodeBuilder::new("error").attr("code", code).attr("text", text.unwrap_or(usual));
    if let Some(seconds) = wait_seconds {
        error = error.attr("type", "wait").attr("backoff", seconds);
    }
    Shell::of(request).refusal(error)
}

/// The answer of a companion to pair-device (nothing to do) or pair-success.
fn take_answer(stage: &Stage, node: &Node, failed: bool) {
    let (Stage::Pairing(link), Some(id)) = (stage, text(node, "id")) else { return };
    let result = if failed {
        let error = node.get_optional_child("error");
        let code = error.and_then(|error| number(error, "code")).unwrap_or_default();
        Err(format!("{code} {}", error.and_then(|error| text(error, "text")).unwrap_or_default()))
    } else {
        let signed = node
            .get_optional_child("pair-device-sign")
            .and_then(|sign| child_content(sign, "device-identity"));
        signed.map(<[u8]>::to_vec).ok_or_else(|| "no signed identity in the answer".to_owned())
    };
    link.answer(&id, result);
}

/// What an answer repeats of its request.
struct Shell {
    id: String,
    from: String,
}

impl Shell {
    fn of(node: &Node) -> Self {
        let to = node.attrs.get("to").map(|to| to.as_str().into_owned());
        // The server's address comes as a token or as a JID without user; clients compare the token.
        let from = to.filter(|to| !to.is_empty() && to.trim_start_matches('@') != SERVER);
        Self { id: text(node, "id").unwrap_or_default(), from: from.unwrap_or_else(|| SERVER.to_owned()) }
    }

    fn start(&self, kind: &'static str) -> NodeBuilder {
        let iq = NodeBuilder::new("iq").attr("id", self.id.as_str()).attr("type", kind);
        match self.from.parse::<wacore_binary::Jid>() {
            Ok(jid) if self.from != SERVER => iq.attr("from", jid),
            _ => iq.attr("from", self.from.as_str()),
        }
    }

    fn result(&self, children: Vec<Node>) -> Node {
        let iq = self.start("result");
        if children.is_empty() { iq.build() } else { iq.children(children).build() }
    }

    fn error(&self, code: u16, reason: &str) -> Node {
        self.refusal(NodeBuilder::new("error").attr("code", code).attr("text", reason))
    }

    fn refusal(&self, error: NodeBuilder) -> Node {
        self.start("error").children([error.build()]).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::Jid;

    #[test]
    fn every_route_stands_once() {
        for (index, (space, verb, _)) in ROUTES.iter().enumerate() {
            let again = ROUTES[..index].iter().any(|(s, v, _)| s == space && v == verb);
            assert!(!again, "{space} {verb}");
        }
    }

    #[test]
    fn answers_come_from_where_the_request_went() {
        let ask = |to: wacore_binary::NodeValue| {
            let node = NodeBuilder::new("iq").attr("to", to).attr("id", "7").build();
            text(&Shell::of(&node).result(Vec::new()), "from")
        };
        assert_eq!(ask(SERVER.into()).as_deref(), Some(SERVER));
        assert_eq!(ask(Jid::pn("").into()).as_deref(), Some(SERVER));
        assert_eq!(ask(Jid::group("1203").into()).as_deref(), Some("1203@g.us"));
    }
}
