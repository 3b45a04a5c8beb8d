//! What proves who somebody is: hashed passwords, signed tokens.

mod jwt;
mod key_ring;
mod passwords;

pub use jwt::{AUDIENCE, JwtTokens};
pub use passwords::{Argon2Passwords, Strength};
