//! The bell is heard by everybody, also in other processes.

use std::time::Duration;

use futures::StreamExt;
use wagate_domain::ports::Bell;
use wagate_infra::redis::RedisBell;

use crate::fixtures::Fixture;

#[tokio::test]
async fn a_call_is_heard_by_everybody_who_listens() {
    let f = Fixture::start().await;
    let bell = || RedisBell::new(f.redis.clone()).calling_anyway_after(Duration::from_secs(3_600));
    let (one, other) = (bell(), bell());
    let (mut first, mut second) = (one.listen().await.unwrap(), other.listen().await.unwrap());
    // the first item comes in any case: calls may have been missed before
    assert!(first.next().await.is_some() && second.next().await.is_some());
    one.ring().await.unwrap();
    assert!(first.next().await.is_some() && second.next().await.is_some());
}
