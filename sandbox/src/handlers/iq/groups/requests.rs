//! Requests to join, and invitations: listing, deciding, taking back.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use super::participants::{judge, judged};
use crate::groups::{Person, Work, addressed};

pub(super) fn list(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let group = ask.group()?;
        group.needs_admin(ask.me())?;
        let requests = group.admission.requests().map(|(person, request)| {
            addressed("membership_approval_request", &person, group.mode)
                .attr("request_time", request.at)
                .attr("request_method", request.method.as_str())
                .build()
        });
        Ok(Answer::with(NodeBuilder::new("membership_approval_requests").children(requests).build()))
    })
}

pub(super) fn decide(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let approve = ask.element.get_optional_child("approve");
        let (tag, element) = match (approve, ask.element.get_optional_child("reject")) {
            (Some(element), _) => ("approve", element),
            (None, Some(element)) => ("reject", element),
            (None, None) => return Err(IqError::BadRequest("neither approve nor reject")),
        };
        let rule = |work: &mut Work<'_>, id, people: &[Person]| work.decide(id, people, approve.is_some());
        let (decision, announcement) = judge(&ask, tag, element, rule).await?;
        let answer = NodeBuilder::new("membership_requests_action").children([decision]).build();
        Ok(Answer::with(answer).then(announcement.send()))
    })
}

pub(super) fn cancel(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(judged(ask, "cancel_membership_requests", |work, id, people| work.cancel(id, people)))
}

pub(super) fn withdraw(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(judged(ask, "revoke", |work, id, people| work.withdraw(id, people)))
}
