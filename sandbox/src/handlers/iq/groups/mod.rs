//! `w:g2`: groups and communities. One file per kind of request, one line in [`REQUESTS`]; the
//! rules are in [`crate::groups`].

mod accept;
mod acknowledge;
mod ask;
mod create;
mod description;
mod invite;
mod leave;
mod linked;
mod links;
mod participants;
mod participating;
mod pictures;
mod query;
mod requests;
mod settings;
mod subject;

use futures::future::BoxFuture;
use wacore_binary::Node;

use super::request::{Answer, IqError, Request};
use ask::Ask;

type Handler = fn(Ask) -> BoxFuture<'static, Result<Answer, IqError>>;

/// Request type, tag of its element, handler.
const REQUESTS: &[(&str, &str, Handler)] = &[
    ("get", "invite", invite::get),
    ("get", "linked_groups_participants", linked::participants),
    ("get", "membership_approval_requests", requests::list),
    ("get", "participating", participating::all),
    ("get", "pictures", pictures::get),
    ("get", "query", query::get),
    ("get", "query_linked", linked::query),
    ("get", "sub_groups", linked::sub_groups),
    ("set", "accept", accept::set),
    ("set", "ack", acknowledge::set),
    ("set", "add", participants::add),
    ("set", "cancel_membership_requests", requests::cancel),
    ("set", "create", create::set),
    ("set", "delete_parent", links::dissolve),
    ("set", "demote", participants::demote),
    ("set", "description", description::set),
    ("set", "invite", invite::set),
    ("set", "join_linked_group", linked::join),
    ("set", "leave", leave::set),
    ("set", "links", links::link),
    ("set", "membership_requests_action", requests::decide),
    ("set", "promote", participants::promote),
    ("set", "remove", participants::remove),
    ("set", "revoke", requests::withdraw),
    ("set", "subject", subject::set),
    ("set", "unlink", links::unlink),
];

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(dispatch("get", request))
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(dispatch("set", request))
}

async fn dispatch(kind: &str, request: Request) -> Result<Answer, IqError> {
    let child = request.node.children().and_then(<[Node]>::first).ok_or(IqError::BadRequest("no element"))?;
    let ask = || Ask::of(&request, child.clone());
    if let Some((_, _, handler)) = REQUESTS.iter().find(|(k, tag, _)| *k == kind && *tag == child.tag) {
        return handler(ask()?).await;
    }
    if let Some(property) = settings::property(child).filter(|_| kind == "set") {
        return settings::set(ask()?, property).await;
    }
    tracing::info!(sender = request.sender(), kind, tag = %child.tag, "unknown request about groups");
    Ok(Answer::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_stands_once() {
        for (index, (kind, tag, _)) in REQUESTS.iter().enumerate() {
            let again = REQUESTS[..index].iter().any(|(k, t, _)| k == kind && t == tag);
            assert!(!again, "{kind} {tag}");
        }
    }
}
