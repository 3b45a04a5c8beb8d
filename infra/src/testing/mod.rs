//! Throw-away servers for tests, real ones: nothing here is a fake. And what several tests say and wait for.

mod message;
mod postgres;
mod redis;
mod ring;
mod session;
mod wait;

pub use message::text_message;
pub use postgres::Postgres;
pub use redis::RedisServer;
pub use ring::{RING_KEY, ring};
pub use session::new_session;
pub use wait::eventually;
