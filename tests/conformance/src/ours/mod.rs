//! Our gateway's client: whatsapp-rust as `connector/src/wa/open.rs` configures it, as far as it shows on the wire
//! (device name, hook before ack, version). Its store is in memory and its caches are not bounded, because neither
//! shows there; history is taken, because a scenario asks for it.

mod connection;
mod does;
mod http;
mod memory;
mod tells;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex;
use wacore::store::DevicePropsOverride;
use wacore::store::in_memory::InMemoryBackend;
use wacore::store::traits::SignalStore;
use wacore::types::jid::{JidExt, make_sender_key_name};
use wagate_sandbox::Sandbox;
use waproto::whatsapp::device_props::PlatformType;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::{Client, TokioRuntime};

use self::connection::{Cuttable, Shared};
use self::http::Http;
use self::memory::Memory;
use self::tells::Tells;
use crate::Command;
use crate::client::{Driver, Refusal};
use crate::log::Log;

/// Devices of a sender whose keys are forgotten: the phone and its first companions.
const FORGOTTEN_DEVICES: u16 = 4;

/// One client of whatsapp-rust.
pub(crate) struct Ours {
    wire_url: String,
    http: Http,
    files: PathBuf,
    store: Arc<InMemoryBackend>,
    memory: Arc<Memory>,
    log: Arc<Log>,
    /// More than one when it was opened again without being closed.
    running: Mutex<Vec<Running>>,
}

/// A client that is running.
struct Running {
    handle: BotHandle,
    line: Arc<Cuttable>,
}

impl Ours {
    pub(crate) fn new(sandbox: &Sandbox, files: &Path, log: &Arc<Log>) -> Self {
        Self {
            wire_url: sandbox.wire_url(),
            http: Http::new(sandbox),
            files: files.to_owned(),
            store: Arc::new(InMemoryBackend::new()),
            memory: Arc::default(),
            log: Arc::clone(log),
            running: Mutex::default(),
        }
    }

    async fn open(&self) -> Result<(), Refusal> {
        let line = Arc::new(Cuttable::new(&self.wire_url));
        let device =
            DevicePropsOverride::new().with_os("wagate".to_owned()).with_platform_type(PlatformType::CHROME);
        let tells = Tells::new(&self.log, &self.memory);
        let bot = Bot::builder()
            .with_backend_arc(self.store.clone())
            .with_transport_factory(Shared(Arc::clone(&line)))
            .with_http_client(self.http.clone())
            .with_runtime(TokioRuntime)
            .with_version((2, 3000, 1_042_742_319))
            .with_device_props(device)
            .with_inbound_durability_hook(self.memory.hook())
            .with_event_handler(tells.clone())
            .build()
            .await
            .map_err(|error| refusal(&error))?;
        tells.of(bot.client());
        self.running.lock().await.push(Running { handle: bot.spawn(), line });
        Ok(())
    }

    async fn close(&self) {
        for running in self.running.lock().await.drain(..) {
            running.handle.shutdown().await;
        }
    }

    async fn drop_line(&self) -> Result<(), Refusal> {
        let running = self.running.lock().await;
        running.last().ok_or_else(|| refusal("it is not open"))?.line.cut().await;
        Ok(())
    }

    /// The library deletes keys of phones only; those of companions are taken from under it.
    async fn forget_sender_keys(&self, group: &str, who: &[String]) -> Result<(), Refusal> {
        self.close().await;
        let group = does::jid(group)?;
        for user in who {
            for device in 0..FORGOTTEN_DEVICES {
                let sender = does::jid(user)?.with_device(device).to_protocol_address();
                let name = make_sender_key_name(&group, &sender);
                self.store.delete_sender_key(name.cache_key()).await.map_err(refusal)?;
            }
        }
        self.open().await
    }

    async fn client(&self) -> Result<Arc<Client>, Refusal> {
        let running = self.running.lock().await;
        running.last().map(|running| running.handle.client()).ok_or_else(|| refusal("it is not open"))
    }
}

#[async_trait]
impl Driver for Ours {
    async fn run(&self, command: Command) -> Result<Value, Refusal> {
        match command {
            Command::Open => self.open().await?,
            Command::Close => self.close().await,
            Command::Drop => self.drop_line().await?,
            Command::ForgetSenderKeys { group, who } => self.forget_sender_keys(&group, &who).await?,
            other => return self.act(other).await,
        }
        Ok(Value::Null)
    }
}

/// The library's own words, without a number of the server.
fn refusal(why: impl std::fmt::Display) -> Refusal {
    Refusal { code: None, text: why.to_string() }
}
