//! How wagate talks to machines it owns: Redis, SQL, S3, outbound HTTP, configuration, telemetry.
