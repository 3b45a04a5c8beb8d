//! What companions ask of their phone.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use waproto::whatsapp as wa;

use super::companions::TestCompanion;
use super::eventually;
use super::lan::World;
use super::linking::bootstrapped;
use crate::phones::ClientErrorKind;
use crate::ports::Phones;

const ADA: &str = "491700000001";

/// A peer message as the phone gets it.
async fn peer_message(
    companion: &mut TestCompanion,
    id: &str,
    protocol: wa::message::ProtocolMessage,
) -> Node {
    let message = wa::Message { protocol_message: protocol.into(), ..Default::default() };
    let sealed = companion.seal(ADA, &message).await;
    let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes).build();
    NodeBuilder::new("message")
        .attr("from", Jid::pn_device(ADA, companion.address.device))
        .attr("category", "peer")
        .attr("id", id)
        .children([enc])
        .build()
}

#[tokio::test]
async fn a_companion_that_gives_up_is_listed() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let (mut companion, _) = bootstrapped(&world, 3, true).await;
    let fatal = wa::message::AppStateFatalExceptionNotification {
        collection_names: vec!["regular".to_owned(), "regular_high".to_owned()],
        timestamp: Some(1),
    };
    let protocol = wa::message::ProtocolMessage {
        r#type: Some(wa::message::protocol_message::Type::APP_STATE_FATAL_EXCEPTION_NOTIFICATION),
        app_state_fatal_exception_notification: fatal.into(),
        ..Default::default()
    };
    let notice = peer_message(&mut companion, "F1", protocol).await;
    world.phones.deliver(ADA, notice).await.expect("delivered");
    let error = eventually("the error", async || {
        world.phones.client_errors(ADA, 0, 10).await.expect("errors").items.pop()
    })
    .await;
    assert_eq!((error.kind, error.device), (ClientErrorKind::AppStateFatal, 3));
    assert_eq!(error.detail, "it gave up regular, regular_high");
}
