//! Polls are kept for the votes in them.

use wagate_domain::ports::{Poll, Polls};
use wagate_infra::redis::RedisPolls;

use crate::fixtures::Fixture;

#[tokio::test]
async fn a_poll_is_found_under_its_chat_and_id_only() {
    let f = Fixture::start().await;
    let polls = RedisPolls::new(f.redis.clone());
    let (chat, other) = ("6281@lid".parse().unwrap(), "6282@lid".parse().unwrap());
    let poll = |options: &[&str]| Poll {
        creator: "6281234560890@s.whatsapp.net".parse().unwrap(),
        secret: vec![7; 32],
        options: options.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert_eq!(polls.find(f.lane, &chat, "A").await.unwrap(), None);
    polls.keep(f.lane, &chat, "A", &poll(&["tea"])).await.unwrap();
    polls.keep(f.lane, &chat, "A", &poll(&["tea", "coffee"])).await.unwrap();
    assert_eq!(polls.find(f.lane, &chat, "A").await.unwrap(), Some(poll(&["tea", "coffee"])));
    assert_eq!(polls.find(f.lane, &other, "A").await.unwrap(), None, "another chat's id is another poll");
    assert_eq!(polls.find(f.lane, &chat, "B").await.unwrap(), None);
    let shown = format!("{:?}", poll(&["tea"]));
    assert!(!shown.contains('7'), "the secret stays one: {shown}");
}
