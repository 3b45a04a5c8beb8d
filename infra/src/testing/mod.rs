//! Throw-away servers for tests. Real ones: nothing here is a fake.

mod postgres;
mod redis;
mod wait;

pub use postgres::Postgres;
pub use redis::RedisServer;
pub use wait::eventually;
