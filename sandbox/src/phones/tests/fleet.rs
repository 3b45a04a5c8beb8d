//! Many phones at once.

use serde_json::json;

use super::lan::World;
use crate::phones::{Declared, SettingsChange};
use crate::ports::PortError;

fn declared(n: u64, settings: SettingsChange) -> Declared {
    Declared { pn: format!("4917{n:08}"), push_name: None, settings }
}

#[tokio::test]
async fn phones_are_declared_in_bulk() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let plain = || SettingsChange::default();
    let all = (0..2000).map(|n| declared(n, plain())).collect();
    assert_eq!(world.phones.declare(all).await.expect("declared"), 2000);

    let echo: SettingsChange =
        serde_json::from_value(json!({ "script": { "echo": true }, "on_whatsapp": false }))
            .expect("settings");
    let again = (1998..2003).map(|n| declared(n, echo.clone())).collect();
    assert_eq!(world.phones.declare(again).await.expect("declared"), 3, "two exist");
    let phone = world.phones.summary("491700001999").await.expect("phone");
    assert!(!phone.on_whatsapp && phone.behaviour.is_some_and(|behaviour| behaviour.script.echo));

    let bad = vec![declared(5000, plain()), Declared { pn: "12".to_owned(), ..Declared::default() }];
    assert!(matches!(world.phones.declare(bad).await, Err(PortError::Refused(_))));
    assert!(
        matches!(world.phones.summary("491700005000").await, Err(PortError::NotFound(_))),
        "all or nothing"
    );
    let page = world.phones.list("", 3000).await.expect("list");
    assert_eq!(page.items.len(), 2003);
    world.text("491700000000", "491700000001", "they are phones like others").await;
}
