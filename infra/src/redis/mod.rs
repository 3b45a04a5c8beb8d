//! Redis: the queue, the write-ahead log, leases, what is left of limits, and the memory of idempotency keys.
//!
//! Every change of more than one key is one script (`lua/`) on keys of one slot. Commands fail
//! fast when Redis is away, and none is sent twice: what became of an interrupted one is unknown,
//! so the caller decides whether repeating it is safe.

mod attempts;
mod bell;
mod call;
mod calls;
#[cfg(feature = "testing")]
mod census;
mod child;
mod connect;
mod departures;
mod duties;
mod idempotency;
mod keys;
mod lanes;
mod leases;
mod limits;
mod log;
mod polls;
mod reply;
mod scripts;
mod sign_outs;
mod traces;
mod wakes;

pub use attempts::RedisAttempts;
pub use bell::RedisBell;
pub use calls::RedisCalls;
#[cfg(feature = "testing")]
pub use census::Census;
pub use child::{ChildError, RedisChild};
pub use connect::{ConnectError, Redis};
pub use departures::RedisDepartures;
pub(crate) use departures::{AWAY, Away};
pub use duties::RedisDuties;
pub use idempotency::RedisIdempotency;
pub use keys::Keys;
pub use lanes::RedisLanes;
pub use leases::RedisLeases;
pub use limits::RedisLimits;
pub(crate) use limits::{Grant, Obstacle, Part, Wish};
pub use log::RedisLog;
pub use polls::RedisPolls;
pub use sign_outs::RedisSignOuts;
pub use traces::RedisTraces;
