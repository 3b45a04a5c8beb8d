//! `w:profile:picture`: profile pictures. The answer names an address, which any HTTP client opens.

use bytes::Bytes;
use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::request::{Answer, IqError, Request};
use crate::core::Core;
use crate::groups::{GroupId, Refusal};
use crate::nodes::{content, empty, is, jid, number};
use crate::router::Category;
use crate::state::PictureRow;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let wanted = request.child("picture")?;
        let owner = match visible_owner(&request, wanted).await? {
            Ok(owner) => owner,
            Err(refusal) => return Ok(Answer::with(refusal)),
        };
        let Some(picture) = request.core.state.picture(&owner).await? else {
            return Ok(Answer::with(refusal(404, "item-not-found")));
        };
        if number(wanted, "id") == Some(picture.id) {
            // The client has this one already.
            return Ok(Answer::with(empty("picture")));
        }
        Ok(Answer::with(shown(&request.core, &picture, is(wanted, "type", "preview")).build()))
    })
}

/// Where a picture is found.
pub(super) fn shown(core: &Core, picture: &PictureRow, small: bool) -> NodeBuilder {
    let stored = core.media.picture(if small { &picture.preview } else { &picture.image });
    NodeBuilder::new("picture")
        .attr("id", picture.id)
        .attr("type", if small { "preview" } else { "image" })
        .attr("url", stored.url)
        .attr("direct_path", stored.direct_path)
        .attr("hash", stored.token)
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let origin = request.origin()?;
        let sent = |small: bool| {
            let pictures = request.node.get_children_by_tag("picture");
            let mut fitting = pictures.filter(|picture| is(picture, "type", "preview") == small);
            fitting.next().map(|picture| Bytes::copy_from_slice(content(picture)))
        };
        let (image, preview) = (sent(false), sent(true));
        if image.as_ref().is_some_and(Bytes::is_empty) {
            return Err(IqError::BadRequest("empty picture"));
        }
        let target = jid(&request.node, "target").filter(|target| !request.is_own(target));
        let id = match &target {
            None => request.core.set_own_picture(origin, image, preview).await?,
            Some(target) => {
                let group = GroupId::of(target).and_then(|id| request.core.groups.get(id));
                let group = group.ok_or(Refusal::NoSuchGroup)?;
                group.needs_editor(origin.account.pn)?;
                request.core.set_group_picture(origin, &group, image, preview).await?
            }
        };
        Ok(id.map_or_else(Answer::empty, |id| {
            Answer::with(NodeBuilder::new("picture").attr("id", id).build())
        }))
    })
}

/// Whose picture is asked for, or why it is not shown.
async fn visible_owner(request: &Request, wanted: &Node) -> Result<Result<String, Node>, IqError> {
    let viewer = &request.origin()?.account;
    let Some(target) = jid(&request.node, "target").map(Jid::into_non_ad) else {
        return Ok(Ok(viewer.info.pn.clone()));
    };
    if let Some(id) = GroupId::of(&target) {
        let group = request.core.groups.get(id).filter(|group| group.members.contains_key(&viewer.pn));
        return Ok(group.map(|_| target.to_string()).ok_or_else(|| refusal(401, "not-authorized")));
    }
    let Some(owner) = request.core.user(&target).await? else {
        return Ok(Err(refusal(404, "item-not-found")));
    };
    let trusted = request.core.shows_token(wanted, &owner, viewer).await?;
    if !owner.permits(Category::Picture, viewer.pn, trusted) {
        return Ok(Err(refusal(401, "not-authorized")));
    }
    Ok(Ok(owner.info.pn.clone()))
}

fn refusal(code: u16, reason: &'static str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", reason).build();
    NodeBuilder::new("picture").children([error]).build()
}
