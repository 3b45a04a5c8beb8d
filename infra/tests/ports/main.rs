//! Every port of Redis, S3 and outbound HTTP, held to its contract on the real thing.

mod attempts;
mod bell;
mod calls;
mod charging;
mod child;
mod claims;
mod cluster;
mod fetch;
mod fixtures;
mod idempotency;
mod lanes;
mod lanes_model;
mod leases;
mod limits;
mod log;
mod objects;
mod oidc;
mod oidc_double;
mod outage;
mod polls;
mod proofs;
mod retention;
mod traces;
mod waiting;
