//! Redis away, the network away, another connection of the same device.

use wagate_domain::{
    events::EventData,
    messages::Status,
    sessions::{Command, State},
};

use crate::rig::Rig;

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_taken_over_elsewhere_is_not_fought_over() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let epoch = rig.record(session).await.epoch;
    let other = crate::trouble::twin(&rig, session, epoch).await;
    let record = rig.in_state(session, State::Failed).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("replaced"));
    other.shutdown().await;
    // a person starts it again
    rig.call(session, Command::Refresh).await;
    rig.in_state(session, State::Connected).await;
    connector.shutdown().await;
    rig.stop().await;
}

/// The same device, opened a second time.
async fn twin(
    rig: &Rig,
    session: wagate_domain::sessions::SessionKey,
    epoch: u64,
) -> whatsapp_rust::bot::BotHandle {
    use wagate_connector::{BackendFactory, SqlBackends};
    let backend = SqlBackends::new(rig.db.clone()).open(session, epoch).await.expect("backend");
    let url = rig.sandbox.wire_url();
    whatsapp_rust::bot::Bot::builder()
        .with_backend_arc(backend)
        .with_transport_factory(whatsapp_rust::transport::TokioWebSocketTransportFactory::new().with_url(url))
        .with_http_client(NoHttp)
        .with_version((2, 3000, 1_042_742_319))
        .build()
        .await
        .expect("twin")
        .spawn()
}

struct NoHttp;

#[async_trait::async_trait]
impl wacore::net::HttpClient for NoHttp {
    async fn execute(&self, _: wacore::net::HttpRequest) -> anyhow::Result<wacore::net::HttpResponse> {
        anyhow::bail!("no media in this test")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_while_redis_is_away_is_not_lost() {
    let mut rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.redis.stop().await;
    rig.phone_says(THEM, US, "into the dark").await;
    rig.redis.start_again().await;
    let message = rig.received(session, "into the dark").await;
    assert_eq!(message.status, Status::Received);
    // Redis has forgotten the queue and the owner; the session goes on
    let sent = rig.send_text(session, THEM, "back again").await;
    rig.event("sent", session, |data| match data {
        EventData::MessageStatus { message, status: Status::Sent, .. } if *message == sent.id => Some(()),
        _ => None,
    })
    .await;
    connector.shutdown().await;
    rig.stop().await;
}
