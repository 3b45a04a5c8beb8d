//! `newsletter`: history of a channel's posts, and what happens to them from now on.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::channels::{DURATION, history, jid_of, number_of};
use crate::nodes::{jid, number, text};
use crate::state::{Channel, Page};

/// Posts in an answer when the client does not say, and at most.
const COUNT: u64 = 50;
const MOST: u64 = 300;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if let Some(changes) = request.node.get_optional_child("message_updates") {
            let (after, since) = (number(changes, "after"), number(changes, "since"));
            let page = Page::Changed { after: after.unwrap_or(0), since: since.unwrap_or(0) };
            let posts = posts(&request, changes, page).await?;
            return Ok(Answer::with(NodeBuilder::new("message_updates").children([posts]).build()));
        }
        let asked = request.child("messages")?;
        Ok(Answer::with(posts(&request, asked, Page::Before(number(asked, "before"))).await?))
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let asked = request.child("live_updates")?;
        let channel = channel(&request, asked).await?;
        let core = &request.core;
        core.channels.live.subscribe(channel.id, request.origin()?.key(), &core.clock);
        let duration = DURATION.as_secs();
        Ok(Answer::with(NodeBuilder::new("live_updates").attr("duration", duration).build()))
    })
}

async fn posts(request: &Request, asked: &Node, page: Page) -> Result<Node, IqError> {
    let channel = channel(request, asked).await?;
    let count = number(asked, "count").unwrap_or(COUNT).min(MOST);
    let posts = request.core.state.posts(channel.id, page, count).await?;
    let (viewer, now) = (request.origin()?.account.pn, request.core.clock.unix_secs());
    Ok(history(&jid_of(channel.id), &posts, viewer, now)?)
}

/// The channel in `to`, or in the question: by JID, or by invite code under `key`.
async fn channel(request: &Request, asked: &Node) -> Result<Channel, IqError> {
    let named =
        [jid(&request.node, "to"), jid(asked, "jid")].into_iter().flatten().find_map(|jid| number_of(&jid));
    let state = &request.core.state;
    let found = match (named, text(asked, "key")) {
        (Some(number), _) => state.channel(number).await?,
        (None, Some(code)) => state.channel_by_invite(&code).await?,
        (None, None) => return Err(IqError::BadRequest("no channel is named")),
    };
    found.ok_or_else(|| IqError::NotFound("channel".to_owned()))
}
