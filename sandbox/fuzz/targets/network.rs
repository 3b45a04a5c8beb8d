//! Stanzas that a running network is given. It stays up from one input to the next.
#![no_main]

use std::cell::RefCell;

use tempfile::TempDir;
use wagate_sandbox::fuzzing::Network;

thread_local! {
    static NETWORK: RefCell<(Network, TempDir)> = RefCell::new({
        let folder = tempfile::tempdir().expect("a folder");
        (Network::start(folder.path()).expect("a network"), folder)
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| NETWORK.with_borrow_mut(|(network, _)| network.play(input)));
