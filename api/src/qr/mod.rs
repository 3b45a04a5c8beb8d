//! QR codes in the representation the caller likes best.

mod accept;
mod picture;

pub(crate) use accept::{Kind, choose};
pub(crate) use picture::{png, svg};
