//! One at a time tells a webhook: what an earlier one writes is refused.

use wagate_domain::{
    ports::{Deliveries, PortError, Projection, Term, ToldEvents, ToldQuery, Webhooks},
    webhooks::{Delivery, DeliveryState},
};
use wagate_infra::sql::Database;

use crate::{
    events::received,
    retention::{delivery, webhook},
    sample::{at, id, incoming, pn, stored_session},
};

/// One who has slept while another took over can turn nothing back.
pub(crate) async fn the_last_to_begin_writes(db: &Database) {
    let key = stored_session(db).await;
    let hook = webhook(key);
    Webhooks::insert(db, &hook, 9).await.unwrap().unwrap();
    let message = incoming(key, &pn("62811"), "TERMS", 1);
    db.apply(&[received(&message, None, 1)]).await.unwrap();
    let query = ToldQuery { session: Some(key.id), limit: 9, ..ToldQuery::default() };
    let event = ToldEvents::list(db, key.workspace, &query).await.unwrap().remove(0);

    let first = Deliveries::begin(db, hook.id).await.unwrap().unwrap();
    assert_eq!((first.cursor, first.failing_since), (0, None));
    let mut told = delivery(&hook, &event, DeliveryState::Waiting, 5);
    let failing = Term { cursor: 3, failing_since: Some(at(5)), ..first };
    db.settle(hook.id, &failing, std::slice::from_ref(&told)).await.unwrap();

    let second = Deliveries::begin(db, hook.id).await.unwrap().unwrap();
    assert!(second.number > first.number);
    assert_eq!((second.cursor, second.failing_since), (3, Some(at(5))), "it goes on where the first stopped");
    told.state = DeliveryState::Delivered;
    told.ended_at = Some(at(6));
    let well = Term { cursor: 4, failing_since: None, ..second };
    db.settle(hook.id, &well, std::slice::from_ref(&told)).await.unwrap();

    let late = delivery(&hook, &event, DeliveryState::Waiting, 7);
    let late = Delivery { id: told.id, ..late };
    let further = Term { cursor: 9, ..failing };
    let refused = db.settle(hook.id, &further, &[late]).await;
    assert!(matches!(refused, Err(PortError::Stale)), "{refused:?}");
    let found = Deliveries::get(db, key.workspace, told.id).await.unwrap().unwrap();
    assert_eq!(found.state, DeliveryState::Delivered);
    let there = Webhooks::get(db, key.workspace, hook.id).await.unwrap().unwrap();
    assert_eq!((there.cursor, there.failing_since), (4, None));

    assert!(Webhooks::delete(db, key.workspace, hook.id).await.unwrap());
    assert_eq!(Deliveries::begin(db, hook.id).await.unwrap(), None);
    let gone = db.settle(hook.id, &well, &[]).await;
    assert!(matches!(gone, Err(PortError::Stale)), "{gone:?}");
    assert_eq!(Deliveries::begin(db, id()).await.unwrap(), None);
}
