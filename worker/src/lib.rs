//! Does work later: event log consumers and control jobs.
