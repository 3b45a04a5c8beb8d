//! The composition root: the wagate program.
