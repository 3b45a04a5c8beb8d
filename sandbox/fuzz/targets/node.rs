//! Payloads in both dictionaries.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wagate_sandbox::fuzzing::node(input));
