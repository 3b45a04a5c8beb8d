//! Pairing by code: the companion shows it, the phone's user types it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use wacore_binary::builder::NodeBuilder;

use super::pending::CodeWait;
use crate::core::Core;
use crate::nodes::{SERVER, blob};
use crate::ports::{CodeFinish, CodePrimaryHello, CompanionAddress, PortError, PortResult};
use crate::router::Account;

/// How long a companion may take for its last step.
const FINISH: Duration = Duration::from_secs(30);

impl Core {
    /// A code was typed on the phone `pn`. Several companions may show one for the number;
    /// the phone decides by trying, newest first.
    pub(crate) async fn pair_by_code(self: &Arc<Self>, pn: &str, code: &str) -> PortResult<CompanionAddress> {
        let account = self.make(pn).await?;
        if account.options().passkey {
            return Err(PortError::Refused("this account is guarded by a passkey: scan the QR code".into()));
        }
        let waits = self.pairings.codes(account.pn, self.config.code_lifetime, &self.clock);
        let mut refusal = PortError::NotFound(format!("no companion shows a code for {pn}"));
        for wait in waits {
            match self.try_code(&account, &wait, code).await {
                Ok(address) => return Ok(address),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    async fn try_code(
        self: &Arc<Self>,
        account: &Arc<Account>,
        wait: &CodeWait,
        code: &str,
    ) -> PortResult<CompanionAddress> {
        let _claim = wait.link.claim()?;
        let phones = self.phones()?;
        let pn = &account.info.pn;
        let hello = phones.code_primary_hello(pn, code, &wait.hello).await?;
        let finish = self.send_hello(wait, &hello).await?;
        let adv_secret = phones.code_finish(pn, &finish).await?;
        self.complete(account, &wait.link, adv_secret).await
    }

    /// Second stage out, third stage in.
    async fn send_hello(&self, wait: &CodeWait, hello: &CodePrimaryHello) -> PortResult<CodeFinish> {
        let (sender, receiver) = oneshot::channel();
        *wait.link.finish.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        let child = NodeBuilder::new("link_code_companion_reg")
            .attr("stage", "primary_hello")
            .children([
                blob("link_code_pairing_wrapped_primary_ephemeral_pub", hello.wrapped_ephemeral.to_vec()),
                blob("primary_identity_pub", hello.identity.to_vec()),
                blob("link_code_pairing_ref", wait.hello.reference.to_vec()),
            ])
            .build();
        let hello = self.notification("link_code_companion_reg", SERVER).children([child]).build();
        wait.link.conn.send(hello);
        let finish = tokio::select! {
            finish = tokio::time::timeout(FINISH, receiver) => finish,
            () = wait.link.conn.gone.cancelled() => {
                return Err(PortError::Refused("the companion disconnected while pairing".into()));
            }
        };
        let finish = finish
            .map_err(|_| {
                PortError::Refused("the companion did not finish in time; the code may be wrong".into())
            })?
            .map_err(|_| PortError::Refused("the companion started over".into()))?;
        if finish.reference != wait.hello.reference {
            return Err(PortError::Refused("the companion finished another attempt".into()));
        }
        Ok(finish)
    }
}
