//! The built program under a storm: processes of every role are killed, put to sleep and replaced, Redis is
//! restarted and paused, sockets and stanzas are lost and doubled. `make chaos` is the long form.

use std::{path::PathBuf, time::Duration};

use wagate_chaos::{Db, Settings, Size};

fn settings(size: Size) -> Settings {
    Settings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_wagate")),
        seed: 1,
        size,
        // a sleeping process may hold the one lock there is in an SQLite file
        db: Db::Postgres,
        lease: Duration::from_secs(3),
        keep: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_every_accepted_message_is_shown_once_and_in_order() {
    let report = wagate_chaos::run(&settings(Size::SHORT)).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(report.wrong().is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_owner_that_wakes_up_can_neither_publish_nor_write() {
    wagate_chaos::stale_owner(&settings(Size::ONE)).await.unwrap_or_else(|error| panic!("{error:#}"));
}
