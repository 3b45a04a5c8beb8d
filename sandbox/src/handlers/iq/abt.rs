//! `abt`: A/B properties. Without any, clients keep their defaults.

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};

/// Property that says that chats between two people are keyed by LID.
const LID_MIGRATION: u32 = 9435;
/// Seconds after which clients ask again.
const REFRESH: u32 = 86_400;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let options = request.origin()?.account.options();
        let mut served = options.ab_props.clone();
        if request.core.config.lid_migrated {
            served.entry(LID_MIGRATION).or_insert_with(|| "1".to_owned());
        }
        let mut digest = Sha256::new();
        let props = served.iter().map(|(code, value)| {
            digest.update(format!("{code}={value};"));
            NodeBuilder::new("prop").attr("config_code", *code).attr("config_value", value.as_str()).build()
        });
        let props: Vec<_> = props.collect();
        let hash = hex::encode(&digest.finalize()[..8]);
        let answer = NodeBuilder::new("props")
            .attr("protocol", 1)
            .attr("ab_key", "sandbox")
            .attr("hash", hash)
            .attr("refresh", REFRESH)
            .attr("refresh_id", 1);
        Ok(Answer::with(answer.children(props).build()))
    })
}
