//! `<add>`, `<remove>`, `<promote>`, `<demote>`: each participant gets a code of its own.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::{Ask, Named};
use crate::groups::{
    Announcement, GroupId, Mode, Outcome, Outcomes, Person, RankChange, Refusal, Work, participant,
};
use crate::nodes::is;

pub(super) fn add(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let id = ask.id()?;
        let named = ask.participants(&ask.element).await?;
        let wanted = ask.candidates(&named);
        let (outcomes, announcement) = ask.change(&[id], |work| work.add(id, &wanted)).await?;
        let group = ask.group()?;
        // Who could not be added can be sent an invitation; its code goes to the one who asked.
        let participants = named.iter().map(|named| {
            let (node, outcome) = verdict(named, group.mode, &outcomes);
            let invited = matches!(outcome, Outcome::Forbidden | Outcome::LeftRecently);
            let person = named.person.as_ref().filter(|_| invited);
            match person.and_then(|person| group.admission.offer_for(person.pn)) {
                None => node.build(),
                Some(offer) => {
                    let request = NodeBuilder::new("add_request").attr("code", offer.code.as_str());
                    node.children([request.attr("expiration", offer.expires).build()]).build()
                }
            }
        });
        let answer = Answer::with(NodeBuilder::new("add").children(participants).build());
        Ok(answer.then(announcement.send()))
    })
}

pub(super) fn remove(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    let linked = is(&ask.element, "linked_groups", "true");
    Box::pin(judged(ask, "remove", move |work, id, people| work.remove(id, people, linked)))
}

pub(super) fn promote(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(judged(ask, "promote", |work, id, people| work.change_rank(id, people, RankChange::Promote)))
}

pub(super) fn demote(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(judged(ask, "demote", |work, id, people| work.change_rank(id, people, RankChange::Demote)))
}

/// A request that is nothing but its participants.
pub(super) async fn judged(
    ask: Ask,
    tag: &'static str,
    rule: impl FnOnce(&mut Work<'_>, GroupId, &[Person]) -> Result<Outcomes, Refusal>,
) -> Result<Answer, IqError> {
    let (answer, announcement) = judge(&ask, tag, &ask.element, rule).await?;
    Ok(Answer::with(answer).then(announcement.send()))
}

/// Runs a rule over the participants in an element; the answer has each of them with its code.
pub(super) async fn judge(
    ask: &Ask,
    tag: &'static str,
    element: &Node,
    rule: impl FnOnce(&mut Work<'_>, GroupId, &[Person]) -> Result<Outcomes, Refusal>,
) -> Result<(Node, Announcement), IqError> {
    let id = ask.id()?;
    let mode = ask.group()?.mode;
    let named = ask.participants(element).await?;
    let people: Vec<Person> = named.iter().filter_map(|named| named.person.clone()).collect();
    let (outcomes, announcement) = ask.change(&[id], |work| rule(work, id, &people)).await?;
    let participants = named.iter().map(|named| verdict(named, mode, &outcomes).0.build());
    Ok((NodeBuilder::new(tag).children(participants).build(), announcement))
}

/// A participant in the group's addressing, with its code. Clients take the absence of `error` for success.
fn verdict(named: &Named, mode: Mode, outcomes: &Outcomes) -> (NodeBuilder, Outcome) {
    let outcome = named.person.as_ref().and_then(|person| outcomes.get(&person.pn)).copied();
    let outcome = outcome.unwrap_or(Outcome::NotFound);
    let node = match &named.person {
        Some(person) => participant(person, mode),
        None => NodeBuilder::new("participant").attr("jid", &named.asked),
    };
    let key = if outcome == Outcome::Done { "type" } else { "error" };
    (node.attr(key, outcome.code()), outcome)
}
