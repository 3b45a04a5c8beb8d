//! Calls: a phone rings, the client tells and rejects.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_conformance::{Client, Command, Event, Kind, Stage};

use crate::{ALICE, CAROL};

scenarios! {
    /// Somebody calls with sound and with pictures, and hangs up.
    ringing: each;
    /// The client rejects a call: the caller is told.
    rejected: each;
    /// A call that came while the client was away is told later, as missed.
    missed: each;
}

/// What Carol's phone does with a call to Alice.
async fn call(stage: &Stage, id: &str, action: NodeBuilder) {
    let action = action.attr("call-id", id.to_owned()).attr("call-creator", Jid::pn(CAROL)).build();
    let to = Jid::pn(ALICE);
    let node = NodeBuilder::new("call").attr("to", to).attr("id", format!("{id}-{}", action.tag));
    let ack = stage.sandbox().network().submit(CAROL, node.children([action]).build()).await;
    let ack = ack.expect("taken").expect("an ack");
    assert!(!ack.attrs.contains_key("error"), "{ack:?}");
}

fn offer(video: bool) -> NodeBuilder {
    let audio = NodeBuilder::new("audio").attr("enc", "opus").attr("rate", 16_000).build();
    let video = video.then(|| NodeBuilder::new("video").build());
    NodeBuilder::new("offer").children(std::iter::once(audio).chain(video).collect::<Vec<Node>>())
}

async fn told(client: &Client, call: &str, what: &str) -> (String, bool) {
    client
        .sees(&format!("{what} of {call}"), |event| match event {
            Event::Call { call: told, from, what: told_what, video } if told == call && told_what == what => {
                Some((from.clone(), *video))
            }
            _ => None,
        })
        .await
}

async fn alice(stage: &Stage, kind: Kind) -> Client {
    stage.person(CAROL, "Carol").await;
    let alice = stage.person(ALICE, "Alice").await;
    stage.linked(kind, &alice).await
}

async fn ringing(stage: &Stage, [kind]: [Kind; 1]) {
    let client = alice(stage, kind).await;
    let carol = stage.person(CAROL, "Carol").await;
    for (id, video) in [("SOUND", false), ("PICTURES", true)] {
        call(stage, id, offer(video)).await;
        let (from, with_pictures) = told(&client, id, "offer").await;
        assert!(carol.is(&from) && with_pictures == video, "{from} {with_pictures}");
        call(stage, id, NodeBuilder::new("terminate")).await;
        told(&client, id, "terminate").await;
    }
}

async fn rejected(stage: &Stage, [kind]: [Kind; 1]) {
    let client = alice(stage, kind).await;
    call(stage, "NO", offer(false)).await;
    let (from, _) = told(&client, "NO", "offer").await;
    client.ask(Command::RejectCall { call: "NO".to_owned(), from }).await;
}

async fn missed(stage: &Stage, [kind]: [Kind; 1]) {
    let client = alice(stage, kind).await;
    client.ask(Command::Close).await;
    call(stage, "LATE", offer(false)).await;
    call(stage, "LATE", NodeBuilder::new("terminate")).await;
    client.ask(Command::Open).await;
    client
        .sees("the missed call", |event| {
            matches!(event, Event::Call { call, .. } if call == "LATE").then_some(())
        })
        .await;
}
