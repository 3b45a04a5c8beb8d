//! The API over HTTP on real machines: Redis, SQLite and S3 of its own for every test. The test plays the
//! connector by the owner's side of the ports.

mod audit;
mod auth;
mod deletion;
mod factors;
mod faulty;
mod files;
mod idempotency;
mod identities;
mod isolation;
mod keys;
mod live;
mod mails;
mod manners;
mod members;
mod messages;
mod operator;
mod pairing;
mod people;
mod person;
mod queue;
mod reading;
mod retention;
mod search;
mod sessions;
mod stack;
