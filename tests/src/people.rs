//! What people have beside the API: their mails, and an authenticator.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::{Api, eventually};

/// The mails that a stack without a mail server keeps.
#[derive(Debug, Clone)]
pub struct Mailbox(Api);

impl Mailbox {
    /// The mailbox of an installation.
    #[must_use]
    pub fn of(api: &Api) -> Self {
        Self(api.with_key(""))
    }

    /// Waits until the mails to an address are of these kinds, oldest first.
    pub async fn has(&self, address: &str, kinds: &[&str]) {
        eventually(&format!("{kinds:?} to {address}"), || async {
            let mails = self.to(address).await;
            (mails.iter().map(|mail| &mail["kind"]).eq(kinds)).then_some(())
        })
        .await;
    }

    /// What the link of the latest mail of a kind carries, once such a mail is there.
    ///
    /// # Panics
    /// When it has no link.
    pub async fn token(&self, address: &str, kind: &str) -> String {
        let mail = eventually(&format!("{kind} to {address}"), || async {
            self.to(address).await.into_iter().rfind(|mail| mail["kind"] == kind)
        })
        .await;
        let text = mail["text"].as_str().expect("text");
        let token = text.split("#token=").nth(1).and_then(|rest| rest.split_whitespace().next());
        token.unwrap_or_else(|| panic!("no link in {text}")).to_owned()
    }

    async fn to(&self, address: &str) -> Vec<Value> {
        let mails = self.0.get("/mailbox.json").await.expect(200).json();
        let mut mails = mails["mails"].as_array().expect("mails").clone();
        mails.retain(|mail| mail["to"] == address);
        // the mailbox shows the latest first
        mails.reverse();
        mails
    }
}

/// The code that an authenticator we did not write shows, so many seconds from now.
///
/// # Panics
/// When it shows none.
pub async fn code_shown(secret: &str, later: i64) -> String {
    let seconds = (jiff::Timestamp::now().as_second() + later).to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("people");
    let run = Command::new("node").args(["code.mjs", secret, &seconds]).current_dir(folder).output().await;
    let run = run.expect("node: run scripts/need node (make test does)");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).trim().to_owned()
}
