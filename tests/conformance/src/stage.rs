//! A sandbox and the clients on it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use wagate_sandbox::ports::Phones;
use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::client::Client;
use crate::log::Log;
use crate::node::NodeProcess;
use crate::ours::Ours;
use crate::{Command, Event, File, Kind};

/// How long a scenario waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Phone number, digits.
    pub number: String,
    /// LID, digits.
    pub lid_number: String,
    /// Name.
    pub name: String,
}

impl Person {
    /// Somebody on this network, with a phone.
    ///
    /// # Panics
    /// When the network refuses the number.
    pub async fn on(sandbox: &Sandbox, number: &str, name: &str) -> Self {
        let account = sandbox.phones().ensure(number, Some(name)).await.expect("a phone");
        Self { number: account.pn, lid_number: account.lid, name: account.push_name }
    }

    /// The JID by number.
    #[must_use]
    pub fn pn(&self) -> String {
        format!("{}@s.whatsapp.net", self.number)
    }

    /// The JID by LID.
    #[must_use]
    pub fn lid(&self) -> String {
        format!("{}@lid", self.lid_number)
    }

    /// Whether a JID is theirs, by number or by LID, of any device.
    #[must_use]
    pub fn is(&self, jid: &str) -> bool {
        let user = jid.split(['@', ':']).next().unwrap_or_default();
        user == self.number || user == self.lid_number
    }
}

/// A sandbox of its own, and what plays on it.
pub struct Stage {
    sandbox: Sandbox,
    folder: TempDir,
    /// One process plays all clients of its kind.
    baileys7: OnceLock<Arc<NodeProcess>>,
    baileys6: OnceLock<Arc<NodeProcess>>,
}

impl Stage {
    /// Starts a sandbox.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open() -> Self {
        // RUST_LOG shows what the sandbox and our client log, LOG=trace what Baileys does
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let shown = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        // every test of this process opens a stage, the first one sets it up
        drop(shown);
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = Sandbox::start(SandboxConfig::new(folder.path())).await.expect("a sandbox");
        Self { sandbox, folder, baileys7: OnceLock::new(), baileys6: OnceLock::new() }
    }

    /// The sandbox.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Somebody, with a phone.
    pub async fn person(&self, number: &str, name: &str) -> Person {
        Person::on(&self.sandbox, number, name).await
    }

    /// A client without an account, about to show QR codes.
    ///
    /// # Panics
    /// When it does not start.
    pub fn client(&self, kind: Kind, person: &Person) -> Client {
        let process = match kind {
            Kind::Ours => {
                let log = Arc::new(Log::default());
                let ours = Ours::new(&self.sandbox, self.folder.path(), &log);
                return Client::new(kind, Box::new(ours), log, person.clone());
            }
            Kind::Baileys7 => &self.baileys7,
            Kind::Baileys6 => &self.baileys6,
        };
        process.get_or_init(|| NodeProcess::start(kind, &self.sandbox, self.folder.path())).client(person)
    }

    /// A client that is linked to somebody's account by QR code and logged in.
    ///
    /// # Panics
    /// When it cannot be linked.
    pub async fn linked(&self, kind: Kind, person: &Person) -> Client {
        let client = self.client(kind, person);
        client.ask(Command::Open).await;
        self.scan(&client).await;
        client.open().await;
        // before it has what its phone sends first, Baileys holds everything back
        client.sees("its name", |event| matches!(event, Event::Named { .. }).then_some(())).await;
        client.sees("its history", |event| matches!(event, Event::History { .. }).then_some(())).await;
        if kind != Kind::Ours {
            client.sees("its app state", |event| matches!(event, Event::Synced).then_some(())).await;
        }
        client
    }

    /// Two linked clients: Alice's and Bob's.
    ///
    /// # Panics
    /// When one cannot be linked.
    pub async fn two(&self, kinds: [Kind; 2]) -> [Client; 2] {
        let alice = self.person("4915200000001", "Alice").await;
        let bob = self.person("4915200000002", "Bob").await;
        let (a, b) = tokio::join!(self.linked(kinds[0], &alice), self.linked(kinds[1], &bob));
        [a, b]
    }

    /// Scans the QR code that a client shows.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn scan(&self, client: &Client) {
        let qr = client
            .sees("a QR code", |event| match event {
                Event::Qr { qr } => Some(qr.clone()),
                _ => None,
            })
            .await;
        let (reference, secret) = read_qr(&qr);
        let number = &client.person.number;
        self.sandbox.network().link_by_qr(number, &reference, secret).await.expect("linked");
    }

    /// A file to send.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, mimetype: &str, bytes: &[u8]) -> File {
        let sha256 = hex::encode(Sha256::digest(bytes));
        std::fs::write(self.folder.path().join(&sha256), bytes).expect("a file");
        File { sha256, size: bytes.len() as u64, mimetype: mimetype.to_owned() }
    }

    /// Ends the sandbox; clients that are still there lose their connection.
    pub async fn close(self) {
        self.sandbox.stop().await;
    }
}

/// Reference and ADV secret of a QR code: `ref,noise,identity,secret[,type]`, in newer clients behind a link.
fn read_qr(qr: &str) -> (String, [u8; 32]) {
    let fields: Vec<&str> = qr.rsplit('#').next().unwrap_or(qr).split(',').collect();
    let secret = STANDARD.decode(fields[3]).expect("a secret");
    (fields[0].to_owned(), secret.try_into().expect("32 bytes"))
}
