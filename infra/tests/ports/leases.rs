//! The rules of leases.

use std::time::Duration;

use wagate_domain::{
    ConnectorId,
    ports::{Leases, PortError},
};

use crate::fixtures::{EPOCH, Fixture, eventually};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_connector_is_alive_until_its_heartbeat_runs_out_or_it_says_farewell() {
    let f = Fixture::start().await;
    let [short, long, leaver] = [(); 3].map(|()| f.env.new_id::<ConnectorId>());
    assert_eq!(f.leases.alive().await.unwrap(), []);
    f.leases.heartbeat(long, LONG).await.unwrap();
    f.leases.heartbeat(leaver, LONG).await.unwrap();
    f.leases.heartbeat(short, Duration::from_millis(30)).await.unwrap();
    let others_are_gone = || async {
        let mut alive = f.leases.alive().await.unwrap();
        alive.retain(|connector| *connector != leaver);
        (alive == [long]).then_some(())
    };
    eventually("the short heartbeat runs out", others_are_gone).await;
    f.leases.farewell(leaver).await.unwrap();
    assert_eq!(f.leases.alive().await.unwrap(), [long]);
}

#[tokio::test]
async fn a_higher_epoch_takes_over_and_a_lower_one_is_stale() {
    let f = Fixture::start().await;
    assert_eq!(f.leases.owner(f.lane).await.unwrap(), Some((f.connector, EPOCH)));
    let other = f.env.new_id();
    assert!(matches!(f.leases.take(f.lane, other, EPOCH - 1).await, Err(PortError::Stale)));
    assert!(matches!(f.leases.take(f.lane, other, EPOCH).await, Err(PortError::Stale)));
    assert!(!f.leases.take(f.lane, f.connector, EPOCH).await.unwrap(), "it is its own");
    assert!(f.leases.take(f.lane, other, EPOCH + 1).await.unwrap(), "another had it");
    assert_eq!(f.leases.owner(f.lane).await.unwrap(), Some((other, EPOCH + 1)));
    assert!(matches!(f.leases.take(f.lane, f.connector, EPOCH).await, Err(PortError::Stale)));
}

#[tokio::test]
async fn epochs_are_compared_as_numbers() {
    let f = Fixture::start().await;
    f.leases.take(f.lane, f.connector, 9).await.unwrap();
    f.leases.take(f.lane, f.connector, 10).await.unwrap();
    assert!(matches!(f.leases.take(f.lane, f.connector, 9).await, Err(PortError::Stale)));
}

#[tokio::test]
async fn a_release_forgets_the_owner_and_remembers_the_epoch() {
    let f = Fixture::start().await;
    f.leases.release(f.lane, f.env.new_id(), EPOCH).await.unwrap();
    f.leases.release(f.lane, f.connector, EPOCH - 1).await.unwrap();
    assert!(f.leases.owner(f.lane).await.unwrap().is_some(), "only the owner can release");
    f.leases.release(f.lane, f.connector, EPOCH).await.unwrap();
    assert_eq!(f.leases.owner(f.lane).await.unwrap(), None);
    assert!(matches!(f.leases.take(f.lane, f.env.new_id(), EPOCH - 1).await, Err(PortError::Stale)));
    let next = f.env.new_id();
    assert!(!f.leases.take(f.lane, next, EPOCH + 1).await.unwrap(), "the last one has let go");
    f.leases.release(f.lane, f.connector, EPOCH).await.unwrap();
    assert_eq!(f.leases.owner(f.lane).await.unwrap(), Some((next, EPOCH + 1)), "too late to release");
}
