//! The device of a session, opened a second time.

use std::sync::Arc;

use wacore::{
    net::{HttpClient, HttpRequest, HttpResponse},
    store::traits::Backend,
};
use wagate_connector::{BackendFactory, SqlBackends};
use wagate_domain::sessions::SessionKey;
use whatsapp_rust::{
    bot::{Bot, BotHandle},
    transport::TokioWebSocketTransportFactory,
};

use crate::rig::Rig;

/// A device that asks nobody whether the session is its own.
pub(crate) struct Twin {
    backend: Arc<dyn Backend>,
    network: String,
}

impl Twin {
    /// Opens the session's store as the owner of this epoch.
    pub(crate) async fn of(rig: &Rig, session: SessionKey, epoch: u64) -> Self {
        let store = SqlBackends::new(rig.db.clone()).open(session, epoch).await.expect("a store");
        Self { backend: store.backend, network: rig.sandbox.wire_url() }
    }

    /// Connects.
    pub(crate) async fn connect(self) -> BotHandle {
        let bot = Bot::builder()
            .with_backend_arc(self.backend)
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(self.network))
            .with_http_client(NoHttp)
            .with_version((2, 3000, 1_042_742_319))
            .build()
            .await;
        bot.expect("twin").spawn()
    }
}

struct NoHttp;

#[async_trait::async_trait]
impl HttpClient for NoHttp {
    async fn execute(&self, _: HttpRequest) -> anyhow::Result<HttpResponse> {
        anyhow::bail!("no media in this test")
    }
}
