//! The `wagate` program.
fn main() {}
