//! What a test can judge "once, and in order" by.

use std::sync::atomic::Ordering;

use super::lan::World;
use crate::phones::{InboxEntry, InboxFilter, InboxTotals};
use crate::ports::Phones;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const CAI: &str = "491700000003";

async fn all(world: &World, limit: u32, filter: InboxFilter) -> Vec<InboxEntry> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = world.phones.inbox_of_all(after, limit, filter).await.expect("page");
        entries.extend(page.items);
        match page.next {
            Some(next) => after = next.parse().expect("seq"),
            None => return entries,
        }
    }
}

#[tokio::test]
async fn every_message_is_listed_once_in_order_with_its_duplicates() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    for n in 0..10 {
        world.text(ADA, BEN, &format!("ben {n}")).await;
        world.text(ADA, CAI, &format!("cai {n}")).await;
    }
    for copy in world.lan.to(BEN, 0).into_iter().take(2) {
        for _ in 0..2 {
            world.phones.deliver(BEN, copy.clone()).await.expect("delivered again");
        }
    }
    for limit in [1, 7, 1000] {
        let entries = all(&world, limit, InboxFilter::All).await;
        assert_eq!(entries.len(), 20);
        assert!(entries.is_sorted_by_key(|entry| entry.seq));
        for (phone, name) in [(BEN, "ben"), (CAI, "cai")] {
            let mine: Vec<_> = entries.iter().filter(|entry| entry.phone == phone).collect();
            let texts: Vec<_> = mine.iter().filter_map(|entry| entry.text.clone()).collect();
            assert_eq!(texts, (0..10).map(|n| format!("{name} {n}")).collect::<Vec<_>>());
            assert_eq!(
                mine.iter().map(|entry| entry.position).collect::<Vec<_>>(),
                (1..=10).collect::<Vec<_>>()
            );
            assert!(mine.iter().all(|entry| entry.from == ADA && entry.chat == ADA));
        }
        let doubled: Vec<_> = entries.iter().filter(|entry| entry.duplicates > 0).collect();
        assert_eq!(doubled.len(), 2);
        assert!(doubled.iter().all(|entry| entry.duplicates == 2 && entry.duplicate_times.len() == 2));
    }
    assert_eq!(all(&world, 1, InboxFilter::Flawed).await.len(), 2);
    let totals = world.phones.inbox_totals().await.expect("totals");
    let last_seq = all(&world, 1000, InboxFilter::All).await.last().map_or(0, |entry| entry.seq);
    assert_eq!(totals, InboxTotals { messages: 20, duplicates: 4, last_seq, ..InboxTotals::default() });
}

#[tokio::test]
async fn what_could_not_be_decrypted_is_listed() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "fine").await;
    world.lan.damage.store(1, Ordering::SeqCst);
    let repaired = world.text(ADA, BEN, "repaired").await;
    world.lan.damage.store(100, Ordering::SeqCst);
    let never = world.text(ADA, BEN, "never").await;
    let flawed = all(&world, 1000, InboxFilter::Flawed).await;
    let summary: Vec<_> =
        flawed.iter().map(|entry| (entry.id.as_str(), entry.undecryptable, entry.retries)).collect();
    assert_eq!(summary, [(repaired.id.as_str(), false, 1), (never.id.as_str(), true, 5)]);
    let totals = world.phones.inbox_totals().await.expect("totals");
    assert_eq!((totals.messages, totals.undecryptable, totals.repaired), (2, 1, 1));
}
