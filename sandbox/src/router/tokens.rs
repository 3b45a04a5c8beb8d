//! Privacy tokens: an account gives one to somebody it talks to, who shows it later.

use std::sync::Arc;

use anyhow::Result;
use wacore::iq::tctoken::{TC_TOKEN_BUCKET_DURATION, TC_TOKEN_NUM_BUCKETS, compute_cs_token};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use super::privacy::Category;
use crate::core::Core;
use crate::nodes::child_content;

/// How long a token opens anything: as long as clients keep one that they have received.
const LIFETIME: u64 = TC_TOKEN_BUCKET_DURATION.unsigned_abs() * TC_TOKEN_NUM_BUCKETS.unsigned_abs();

impl Core {
    /// Makes a token and passes it on to the devices of the account it is for.
    pub(crate) async fn issue_token(self: &Arc<Self>, issuer: &Account, holder: &Account) -> Result<()> {
        let now = self.clock.unix_secs();
        let token = rand::random::<[u8; 16]>().to_vec();
        self.state.add_token(issuer.pn, holder.pn, token.clone(), now, now.saturating_sub(LIFETIME)).await?;
        let token =
            NodeBuilder::new("token").attr("type", "trusted_contact").attr("t", now).bytes(token).build();
        self.notify_each(holder.companion_keys(), || {
            let tokens = NodeBuilder::new("tokens").children([token.clone()]).build();
            self.notification("privacy_token", issuer.pn_jid(0))
                .attr("sender_lid", issuer.lid_jid(0))
                .children([tokens])
        })
        .await
    }

    /// Whether `holder` shows, as a child of `node`, a token that `issuer` has given it.
    pub(crate) async fn shows_token(&self, node: &Node, issuer: &Account, holder: &Account) -> Result<bool> {
        let Some(token) = child_content(node, "tctoken") else { return Ok(false) };
        let oldest = self.clock.unix_secs().saturating_sub(LIFETIME);
        self.state.has_token(issuer.pn, holder.pn, token, oldest).await
    }

    /// Whether a message may reach its recipient. An account may ask strangers for a token; one
    /// that takes messages of contacts only asks them, too.
    pub(super) async fn admits(&self, message: &Node, sender: &Account, recipient: &Account) -> Result<bool> {
        let open =
            !recipient.options().requires_token && recipient.setting(Category::Messages).value == "all";
        if open || sender.pn == recipient.pn || recipient.has_contact(sender.pn) {
            return Ok(true);
        }
        let salted = child_content(message, "cstoken");
        let expected = || compute_cs_token(&sender.phone().nct_salt(), &recipient.lid_jid(0).to_string());
        if recipient.options().requires_token && salted.is_some_and(|token| token == expected()) {
            return Ok(true);
        }
        self.shows_token(message, recipient, sender).await
    }
}
