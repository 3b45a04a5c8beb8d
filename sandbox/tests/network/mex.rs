//! GraphQL over IQ: dispatch and refusals; the operations themselves are tested by subject.

use serde_json::json;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use whatsapp_rust::features::MexRequest;

use crate::Lan;
use crate::client::Client;
use crate::raw::{Raw, bytes, has};

const ALICE: &str = "4915800000001";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_told_that_nothing_restricts_it() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let timelock = alice.wa().mex().fetch_reachout_timelock().await.expect("timelock");
    assert_eq!(timelock.is_active, Some(false));
    let capping = MexRequest::new("capping", "24503548349331633", json!({ "input": { "type": "X" } }));
    let data = alice.wa().mex().query(capping).await.expect("capping").data.expect("data");
    assert_eq!(data["xwa2_message_capping_info"]["capping_status"], "NONE");
    let unknown = alice.wa().mex().query(MexRequest::new("unknown", "1", json!({}))).await;
    let error = format!("{:?}", unknown.expect_err("no such query"));
    assert!(error.contains("code=400"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_query_is_refused_in_the_form_of_graphql() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    for damaged in ["", "\u{0}", "[1]", r#"{"variables":"text"}"#] {
        let query = NodeBuilder::new("query").attr("query_id", "23983697327930364").bytes(damaged).build();
        let (answer, _) = raw.ask("w:mex", "get", query).await;
        assert!(has(&answer, "type", "result"), "{answer:?}");
        let result: serde_json::Value = serde_json::from_slice(result(&answer)).expect("json");
        assert_eq!(result["errors"][0]["extensions"]["error_code"], 400, "{damaged}");
    }
    let (answer, _) = raw.ask("w:mex", "get", NodeBuilder::new("query").build()).await;
    assert!(has(&answer, "type", "error"), "without an id it is no query: {answer:?}");
}

fn result(answer: &Node) -> &[u8] {
    bytes(answer.get_optional_child("result").expect("result"))
}
