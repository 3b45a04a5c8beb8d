//! One try to tell a webhook of one event.

use std::sync::Arc;

use tokio::{sync::Semaphore, time::Instant};
use wagate_domain::{
    Env, Timestamp,
    ports::{Letter, Post},
    webhooks::{Attempt, Delivery, DeliveryState, Outcome, judge},
};

/// A try that is over.
pub(super) struct Tried {
    pub(super) delivery: Delivery,
    pub(super) attempt: Attempt,
    pub(super) outcome: Outcome,
}

/// Posts a letter once, when one of the worker's doors is free.
pub(super) async fn attempt(
    env: Env,
    post: Arc<dyn Post>,
    doors: Arc<Semaphore>,
    letter: Letter,
    delivery: Delivery,
) -> Tried {
    let _door = doors.acquire().await;
    let (at, began) = (env.now(), Instant::now());
    let answer = post.post(&letter).await;
    let attempt = Attempt::of(at, began.elapsed(), &answer);
    let outcome = judge(attempt.status, answer.ok().and_then(|answer| answer.retry_after));
    Tried { delivery, attempt, outcome }
}

/// A delivery whose event is gone.
pub(super) fn forgotten(delivery: Delivery, now: Timestamp) -> Delivery {
    let error = Some("the event is not kept any more".to_owned());
    let mut delivery =
        Delivery { state: DeliveryState::Failed, ended_at: Some(now), next_at: None, ..delivery };
    delivery.note(Attempt { at: now, ms: 0, status: None, error, response: None });
    delivery
}
