//! The start of a stream, and frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wagate_sandbox::fuzzing::stream(input));
