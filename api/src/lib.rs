//! HTTP in, JSON out: the axum router of the gateway.
