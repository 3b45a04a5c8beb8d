//! Posts as clients get them: delivered one by one, or as history.

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::post::extra_children;
use crate::nodes::is;
use crate::state::{Post, PostState};
use crate::wire::decode_stored;

/// `edit` of a post that its authors have changed.
const EDITED: u8 = 3;
/// `edit` of a post that its authors have taken back.
const REVOKED: u8 = 8;

/// A post on its way to a device; `own` when its account wrote it.
pub(super) fn delivery(channel: &Jid, post: &Post, own: bool) -> Result<Node> {
    let time = post.edited_ms.map_or(post.time, |ms| ms / 1000);
    let extra = extra_children(decode_stored(&post.body.extra)?);
    let node = start(post, own)
        .attr("from", channel)
        .attr("t", time)
        .attr("type", post.body.kind.as_str())
        .children([plaintext(post)].into_iter().chain(extra).chain(edit_meta(post)));
    Ok(node.build())
}

/// `<messages>`: posts with what others did to them, as the account `viewer` sees them `now`.
pub(crate) fn history(channel: &Jid, posts: &[PostState], viewer: u64, now: u64) -> Result<Node> {
    let posts = posts.iter().map(|state| past(state, viewer)).collect::<Result<Vec<_>>>()?;
    Ok(NodeBuilder::new("messages").attr("jid", channel).attr("t", now).children(posts).build())
}

fn past(state: &PostState, viewer: u64) -> Result<Node> {
    let post = &state.post;
    let extra = extra_children(decode_stored(&post.body.extra)?);
    let kind = past_kind(post, &extra);
    let mut children: Vec<Node> = (!post.revoked).then(|| plaintext(post)).into_iter().collect();
    children.extend(extra.into_iter().chain(edit_meta(post)).chain(counts(state)));
    Ok(start(post, post.author == viewer).attr("t", post.time).attr("type", kind).children(children).build())
}

/// History names kinds that a delivery tells by other attributes.
fn past_kind(post: &Post, extra: &[Node]) -> String {
    let creation = extra.iter().any(|node| node.tag == "meta" && is(node, "polltype", "creation"));
    match post.body.kind.as_str() {
        _ if post.revoked => "revoke".to_owned(),
        "poll" if creation => "poll_creation".to_owned(),
        kind => kind.to_owned(),
    }
}

fn start(post: &Post, own: bool) -> NodeBuilder {
    let mut node = NodeBuilder::new("message").attr("id", post.id.as_str()).attr("server_id", post.server_id);
    if post.edits > 0 {
        node = node.attr("edit", if post.revoked { REVOKED } else { EDITED });
    }
    if own { node.attr("is_sender", "true") } else { node }
}

fn plaintext(post: &Post) -> Node {
    let node = NodeBuilder::new("plaintext").bytes(post.body.plaintext.to_vec());
    match &post.body.media_type {
        Some(kind) => node.attr("mediatype", kind.as_str()).build(),
        None => node.build(),
    }
}

/// When it was written and when edited.
fn edit_meta(post: &Post) -> Option<Node> {
    let edited = post.edited_ms?;
    Some(NodeBuilder::new("meta").attr("msg_edit_t", edited).attr("original_msg_t", post.time).build())
}

/// Reactions and views; without either there is nothing to say.
fn counts(state: &PostState) -> Vec<Node> {
    let mut nodes = Vec::new();
    if !state.reactions.is_empty() {
        let reactions = state.reactions.iter().map(|(code, count)| {
            NodeBuilder::new("reaction").attr("code", code.as_str()).attr("count", *count).build()
        });
        nodes.push(NodeBuilder::new("reactions").children(reactions).build());
    }
    if state.views > 0 {
        nodes.push(NodeBuilder::new("views_count").attr("count", state.views).build());
    }
    nodes
}
