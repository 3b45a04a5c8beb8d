//! Whole-stack tests and their harness.
