//! QR codes, pairing codes and the bundle behind them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wagate_sandbox::fuzzing::pairing(input));
