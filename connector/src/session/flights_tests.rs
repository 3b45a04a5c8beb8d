use wagate_domain::{Timestamp, ids::Id, messages::Priority};
use wagate_infra::{system, testing::text_message};

use super::*;

/// A claimed message, told apart by a number.
fn job(n: u128) -> Job {
    let env = system::env();
    let lane = wagate_domain::sessions::SessionKey { workspace: env.new_id(), id: env.new_id() };
    let mut message = text_message(&env, lane, "hello", Priority::Interactive);
    message.id = id(n);
    message.at = Timestamp::from_millis(0);
    Job { message, attempt: 1 }
}

fn id(n: u128) -> MessageId {
    MessageId::from_ulid(ulid::Ulid(n))
}

/// Claims messages to persons, given by a letter each.
fn claim(flights: &mut Flights, persons: &str) {
    for person in persons.chars() {
        let n = u128::from(person) * 100 + flights.room(100) as u128;
        let mut job = job(n);
        job.message.chat = Address::pn(format!("{}", u32::from(person)));
        flights.claimed(job.clone(), job.message.chat);
    }
}

/// Lets everything leave that may; whom it goes to.
fn launch(flights: &mut Flights) -> Vec<(char, MessageId)> {
    let mut left = Vec::new();
    while let Some(waiting) = flights.next() {
        let person = waiting.person.user().parse().ok().and_then(char::from_u32).unwrap();
        left.push((person, waiting.job.message.id));
        flights.takes_off(waiting.flight(false));
    }
    left
}

fn whom(left: &[(char, MessageId)]) -> String {
    left.iter().map(|(person, _)| *person).collect()
}

#[test]
fn of_a_chat_one_is_under_way_at_a_time_and_in_order() {
    let mut flights = Flights::default();
    claim(&mut flights, "abacab");
    let first = launch(&mut flights);
    assert_eq!(whom(&first), "abc");
    assert_eq!(flights.room(8), 2);
    assert_eq!(flights.lands(first[0].1).map(|flight| flight.message), Some(first[0].1));
    let second = launch(&mut flights);
    assert_eq!(whom(&second), "a", "b is still under way");
    assert!(second[0].1 < first[0].1, "the one claimed next has the next smaller number");
    flights.lands(first[1].1);
    assert_eq!(whom(&launch(&mut flights)), "b");
    assert_eq!(flights.lands(first[1].1), None, "it has landed");
    assert!(!flights.is_empty());
}

#[test]
fn a_person_addressed_in_two_ways_is_one_chat() {
    let mut flights = Flights::default();
    let (mut by_number, mut by_lid) = (job(1), job(2));
    by_number.message.chat = Address::pn("1");
    by_lid.message.chat = Address::lid("9");
    flights.claimed(by_number, Address::lid("9"));
    flights.claimed(by_lid, Address::lid("9"));
    let first = flights.next().unwrap();
    assert_eq!(first.flight(true).chat, Address::pn("1"));
    flights.takes_off(first.flight(true));
    assert!(flights.next().is_none());
    assert!(flights.lands(id(1)).is_some_and(|flight| flight.new_chat));
    assert!(flights.next().is_some());
}

#[test]
fn what_has_not_left_can_be_given_back() {
    let mut flights = Flights::default();
    claim(&mut flights, "aaa");
    let left = launch(&mut flights);
    assert_eq!(flights.give_back().count(), 2);
    assert_eq!(flights.give_back().count(), 0);
    assert!(!flights.landed_all());
    flights.lands(left[0].1);
    assert!(flights.landed_all() && flights.is_empty());
}

#[test]
fn attempts_are_counted_for_each_message_and_forgotten_with_it() {
    let mut flights = Flights::default();
    assert_eq!(flights.tried(id(1), true), 1);
    assert_eq!(flights.tried(id(2), false), 0, "a lost connection does not count");
    assert_eq!(flights.tried(id(1), true), 2);
    assert!(flights.was_tried(id(2)));
    assert_eq!(flights.forget(id(2)), Some(0));
    assert!(!flights.was_tried(id(2)));
    for n in 100..1_000 {
        flights.tried(id(n), true);
    }
    assert!(!flights.was_tried(id(1)), "not for ever, should it never come back");
    assert_eq!(flights.tried(id(999), true), 2);
}
