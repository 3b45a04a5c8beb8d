use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    EventId, WebhookId, WorkspaceId,
    events::EventKind,
    ids::{Id, ulid},
};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn delivery(seq: u64, order: &str) -> Delivery {
    let id = ulid(at(1), u128::from(seq));
    Delivery {
        id: DeliveryId::from_ulid(id),
        workspace: WorkspaceId::from_ulid(id),
        webhook: WebhookId::from_ulid(id),
        event: EventId::from_ulid(id),
        seq,
        kind: EventKind::MessageReceived,
        session: None,
        order: order.to_owned(),
        state: DeliveryState::Waiting,
        next_at: None,
        tries: 0,
        attempts: Vec::new(),
        created_at: at(0),
        ended_at: None,
    }
}

fn ended(delivery: Delivery) -> Delivery {
    Delivery { state: DeliveryState::Delivered, ..delivery }
}

fn again(delivery: Delivery, when: i64) -> Delivery {
    Delivery { tries: delivery.tries + 1, next_at: Some(at(when)), ..delivery }
}

#[test]
fn one_of_each_chat_at_a_time() {
    let mut line = Line::new(0);
    for (seq, chat) in [(1, "a"), (2, "a"), (3, "b")] {
        line.take_event(delivery(seq, chat));
    }
    let first = line.start(at(0)).unwrap();
    let second = line.start(at(0)).unwrap();
    assert_eq!((first.seq, second.seq, line.start(at(0)).map(|d| d.seq)), (1, 3, None));
    line.settle(ended(first));
    assert_eq!(line.start(at(0)).unwrap().seq, 2);
}

#[test]
fn a_chat_that_waits_holds_up_nobody_and_not_the_cursor() {
    let mut line = Line::new(0);
    for (seq, chat) in [(1, "a"), (2, "a"), (3, "b"), (4, "b")] {
        line.take_event(delivery(seq, chat));
    }
    let stuck = line.start(at(0)).unwrap();
    assert_eq!(line.cursor(), 0);
    line.settle(again(stuck, 5_000));
    let next = line.start(at(0)).unwrap();
    assert_eq!(next.seq, 3);
    line.settle(ended(next));
    let (cursor, written) = line.writes();
    let waiting: Vec<u64> =
        written.iter().filter(|d| d.state == DeliveryState::Waiting).map(|d| d.seq).collect();
    assert_eq!((cursor, waiting.len()), (3, 2), "1 and 2 wait as deliveries of their own");
    line.take_event(delivery(5, "a"));
    assert_eq!(line.writes().1.len(), 1, "5 is behind 1");
    let fourth = line.start(at(0)).unwrap();
    line.settle(ended(fourth));
    assert!(line.start(at(4_999)).is_none());
    assert_eq!((line.next_start(), line.start(at(5_000)).unwrap().seq), (Some(at(5_000)), 1));
}

#[test]
fn when_the_endpoint_is_well_again_nobody_waits_for_his_time() {
    let mut line = Line::new(0);
    line.take_event(delivery(1, "a"));
    let stuck = line.start(at(0)).unwrap();
    line.settle(again(stuck, 1_000_000));
    assert!(!line.is_ready(at(0)));
    line.hurry();
    assert_eq!(line.start(at(0)).unwrap().seq, 1);
}

#[test]
fn what_could_not_be_written_is_still_to_be() {
    let mut line = Line::new(0);
    line.take_event(delivery(1, "a"));
    let first = line.start(at(0)).unwrap();
    line.settle(ended(first));
    let (_, writes) = line.writes();
    line.not_written(writes);
    assert_eq!(line.writes().1.len(), 1);
}

/// One step of a driver.
#[derive(Debug, Clone)]
enum Move {
    Read(u8),
    Start,
    Settle {
        which: usize,
        outcome: u8,
    },
    Write,
    /// The process dies; what was written is all there is.
    Crash,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let step = prop_oneof![
        4 => (0_u8..4).prop_map(Move::Read),
        4 => Just(Move::Start),
        5 => (any::<usize>(), 0_u8..4).prop_map(|(which, outcome)| Move::Settle { which, outcome }),
        2 => Just(Move::Write),
        1 => Just(Move::Crash),
    ];
    prop::collection::vec(step, 1..120)
}

/// Drives a line as a worker does, against a database that keeps what was written.
#[derive(Default)]
struct World {
    events: Vec<String>,
    cursor: u64,
    rows: BTreeMap<u64, Delivery>,
    under_way: Vec<Delivery>,
    told: BTreeMap<String, Vec<u64>>,
    now: i64,
}

impl World {
    fn seqs_told(&self) -> usize {
        let mut all: Vec<u64> = self.told.values().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    fn open(&self) -> Line {
        let mut line = Line::new(self.cursor);
        for row in self.rows.values().filter(|row| row.state == DeliveryState::Waiting) {
            line.take_waiting(row.clone());
        }
        line
    }

    fn fill(&self, line: &mut Line) {
        let from = usize::try_from(line.read_to()).unwrap();
        for (index, chat) in self.events.iter().enumerate().skip(from) {
            let seq = index as u64 + 1;
            if self.rows.contains_key(&seq) {
                line.passed(seq);
            } else {
                line.take_event(delivery(seq, chat));
            }
        }
    }

    fn write(&mut self, line: &mut Line) {
        let (cursor, writes) = line.writes();
        self.cursor = self.cursor.max(cursor);
        self.rows.extend(writes.into_iter().map(|row| (row.seq, row)));
    }

    fn end(&mut self, line: &mut Line, delivery: Delivery) {
        self.told.entry(delivery.order.clone()).or_default().push(delivery.seq);
        line.settle(ended(delivery));
    }
}

proptest! {
    #[test]
    fn everything_is_told_in_order_whatever_fails(moves in moves()) {
        let mut world = World::default();
        let mut line = Line::new(0);
        for step in moves {
            world.now += 1;
            match step {
                Move::Read(chat) => {
                    world.events.push(format!("chat {chat}"));
                    world.fill(&mut line);
                }
                Move::Start => world.under_way.extend(line.start(at(world.now))),
                Move::Settle { which, outcome } if !world.under_way.is_empty() => {
                    let index = which % world.under_way.len();
                    let delivery = world.under_way.swap_remove(index);
                    match outcome {
                        0 => line.settle(again(delivery, world.now + 5)),
                        _ => world.end(&mut line, delivery),
                    }
                }
                Move::Settle { .. } => {}
                Move::Write => world.write(&mut line),
                Move::Crash => {
                    world.under_way.clear();
                    line = world.open();
                    world.fill(&mut line);
                }
            }
            // whatever the cursor has passed is told or stands in the database
            for seq in 1..=world.cursor {
                prop_assert!(world.rows.contains_key(&seq), "{seq} is lost");
            }
        }
        for delivery in std::mem::take(&mut world.under_way) {
            world.end(&mut line, delivery);
        }
        line.hurry();
        while let Some(delivery) = line.start(at(i64::MAX)) {
            world.end(&mut line, delivery);
        }
        prop_assert_eq!(world.seqs_told(), world.events.len(), "all are told");
        // the first time each is told is in order; what a crash repeats comes after
        for told in world.told.values() {
            let mut first: Vec<u64> = Vec::new();
            for seq in told {
                if !first.contains(seq) {
                    first.push(*seq);
                }
            }
            prop_assert!(first.is_sorted(), "{:?}", told);
        }
        world.write(&mut line);
        prop_assert_eq!(world.cursor, world.events.len() as u64, "nothing holds the cursor back");
    }
}
