//! `w:sync:app:state`: collections are versioned lists of patches that only clients can read.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::core::Core;
use crate::nodes::{blob, content, is, number, text};
use crate::router::Origin;
use crate::state::{Appended, NewPatch, Wanted};

/// Patches in one answer; a client asks again while there are more.
const PAGE: i64 = 100;
/// Collections that exist.
const COLLECTIONS: [&str; 5] =
    ["critical_block", "critical_unblock_low", "regular_low", "regular_high", "regular"];

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let origin = request.origin()?;
        let mut answers = Vec::new();
        let mut stored = Vec::new();
        for collection in request.child("sync")?.get_children_by_tag("collection") {
            let name = text(collection, "name").ok_or(IqError::BadRequest("collection without name"))?;
            if !COLLECTIONS.contains(&name.as_str()) {
                answers.push(refused(name));
                continue;
            }
            let wanted = Wanted {
                collection: &name,
                after: number(collection, "version").unwrap_or(0),
                snapshot: is(collection, "return_snapshot", "true"),
                limit: PAGE,
            };
            let patch = collection.get_optional_child("patch").map(|patch| content(patch).to_vec());
            let answer = match patch {
                None => page(&request.core, origin, wanted, None).await?,
                Some(patch) => upload(&request.core, origin, wanted, patch, &mut stored).await?,
            };
            answers.push(answer);
        }
        let core = Arc::clone(&request.core);
        let origin = origin.clone();
        let answer = Answer::with(NodeBuilder::new("sync").children(answers).build());
        Ok(answer.then(async move { tell_others(&core, &origin, stored).await }))
    })
}

async fn upload(
    core: &Arc<Core>,
    origin: &Origin,
    wanted: Wanted<'_>,
    patch: Vec<u8>,
    stored: &mut Vec<(String, u64)>,
) -> Result<Node, IqError> {
    let name = wanted.collection;
    match core.append_app_state(origin, name, wanted.after, patch.into()).await? {
        Appended::Stored(version) => {
            stored.push((name.to_owned(), version));
            Ok(NodeBuilder::new("collection").attr("name", name).attr("version", version).build())
        }
        Appended::Conflict(_) => {
            let conflict = NodeBuilder::new("error").attr("code", 409).attr("text", "conflict").build();
            page(core, origin, wanted, Some(conflict)).await
        }
    }
}

/// The next part of a collection, below the error that it is the answer to.
async fn page(
    core: &Core,
    origin: &Origin,
    wanted: Wanted<'_>,
    error: Option<Node>,
) -> Result<Node, IqError> {
    let page = core.state.app_state_page(origin.account.pn, wanted).await?;
    let mut node =
        NodeBuilder::new("collection").attr("name", wanted.collection).attr("version", page.version);
    if page.more {
        node = node.attr("has_more_patches", "true");
    }
    let mut children = Vec::new();
    if let Some(error) = error {
        node = node.attr("type", "error");
        children.push(error);
    }
    children.extend(page.snapshot.map(|reference| blob("snapshot", reference.to_vec())));
    if !page.patches.is_empty() {
        let patches = page.patches.into_iter().map(|patch| blob("patch", patch.patch.to_vec()));
        children.push(NodeBuilder::new("patches").children(patches).build());
    }
    Ok(if children.is_empty() { node.build() } else { node.children(children).build() })
}

fn refused(name: String) -> Node {
    let error = NodeBuilder::new("error").attr("code", 404).attr("text", "item-not-found").build();
    NodeBuilder::new("collection").attr("name", name).attr("type", "error").children([error]).build()
}

async fn tell_others(core: &Arc<Core>, origin: &Origin, stored: Vec<(String, u64)>) {
    for (name, version) in stored {
        if let Err(error) = core.announce_app_state(origin, &name, version).await {
            tracing::error!(device = %origin.key(), name, error = %format!("{error:#}"), "app state not announced");
        }
    }
}

impl Core {
    /// Appends a patch of a device on top of `base` and writes its version into it.
    pub(crate) async fn append_app_state(
        &self,
        origin: &Origin,
        collection: &str,
        base: u64,
        patch: Bytes,
    ) -> anyhow::Result<Appended> {
        let new = NewPatch {
            pn: origin.account.pn,
            collection: collection.to_owned(),
            base,
            device: origin.device,
            patch: with_version(&patch, base.saturating_add(1)),
        };
        self.state.append_patch(new).await
    }
}

/// Adds `SyncdPatch.version` (field 1, `SyncdVersion` with field 1) without touching the rest,
/// which the client has signed: of a repeated protobuf field the last counts.
fn with_version(patch: &[u8], version: u64) -> Bytes {
    let mut number = Vec::with_capacity(10);
    let mut rest = version;
    while rest >= 0x80 {
        number.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    number.push(rest as u8);
    let mut out = Vec::with_capacity(patch.len() + number.len() + 3);
    out.extend_from_slice(patch);
    // Length of a varint and its tag: at most 11.
    out.extend_from_slice(&[0x0a, number.len() as u8 + 1, 0x08]);
    out.extend_from_slice(&number);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use waproto::codec::{syncd_patch_decode, syncd_patch_to_vec};
    use waproto::whatsapp::{SyncdPatch, SyncdVersion};

    #[test]
    fn the_version_is_set_and_the_rest_kept() {
        for version in [1, 127, 128, 300, u64::MAX] {
            let patch = SyncdPatch {
                version: buffa::MessageField::some(SyncdVersion { version: Some(7) }),
                snapshot_mac: Some(vec![1, 2, 3]),
                device_index: Some(4),
                ..Default::default()
            };
            let bytes = with_version(&syncd_patch_to_vec(&patch), version);
            let read = syncd_patch_decode(&bytes).expect("patch");
            assert_eq!(read.version.as_option().and_then(|v| v.version), Some(version));
            assert_eq!((read.snapshot_mac, read.device_index), (patch.snapshot_mac, patch.device_index));
        }
    }
}
