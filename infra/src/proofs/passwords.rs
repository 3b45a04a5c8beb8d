//! Passwords hashed with Argon2id (RFC 9106).

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use async_trait::async_trait;
use tokio::{sync::Semaphore, task::spawn_blocking};
use wagate_domain::{
    Env,
    people::{Password, PasswordHash},
    ports::{Compared, Passwords, PortError, PortResult},
};

/// Hashes made at the same time: each takes its memory, and a processor.
const AT_ONCE: usize = 4;

/// What a hash costs whoever makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Strength {
    /// 19 MiB, two passes, one lane: what OWASP asks for.
    fn default() -> Self {
        Self { memory: 19_456, passes: 2, lanes: 1 }
    }
}

/// [`Passwords`] with Argon2id, on threads of their own and a few at a time.
#[derive(Debug, Clone)]
pub struct Argon2Passwords {
    env: Env,
    params: Params,
    /// What is compared with when there is nothing to compare with.
    nobody: Arc<str>,
    turns: Arc<Semaphore>,
}

impl Argon2Passwords {
    /// Hashes of this strength.
    ///
    /// # Errors
    /// When Argon2 knows no such strength.
    pub fn new(env: Env, strength: Strength) -> PortResult<Self> {
        let Strength { memory, passes, lanes } = strength;
        let params = Params::new(memory, passes, lanes, None).map_err(failed)?;
        let nobody = hash_with(&params, &env.random().to_be_bytes(), &env.random().to_be_bytes())?;
        Ok(Self { env, params, nobody: nobody.into(), turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Runs slow work when it is its turn. Work that nobody waits for any more keeps its turn until it is done.
    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> PortResult<T> + Send + 'static,
    ) -> PortResult<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(failed)?;
        let done = spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(failed)?
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: &Password) -> PortResult<PasswordHash> {
        let (params, password, salt) =
            (self.params.clone(), password.clone(), self.env.random().to_be_bytes());
        let hash = self.slowly(move || hash_with(&params, password.expose().as_bytes(), &salt)).await?;
        Ok(PasswordHash::new(hash))
    }

    async fn compare(&self, password: &Password, hash: Option<&PasswordHash>) -> PortResult<Compared> {
        let (params, password) = (self.params.clone(), password.clone());
        let known = hash.is_some();
        let hash = hash.map_or_else(|| self.nobody.to_string(), |hash| hash.expose().to_owned());
        self.slowly(move || {
            let hash = phc::PasswordHash::new(&hash).map_err(failed)?;
            let equal = Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok();
            let old = Params::try_from(&hash).map_err(failed)?;
            let weight = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            Ok(Compared { right: equal && known, outdated: weight(&old) != weight(&params) })
        })
        .await
    }
}

fn hash_with(params: &Params, password: &[u8], salt: &[u8]) -> PortResult<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    Ok(argon2.hash_password_with_salt(password, salt).map_err(failed)?.to_string())
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::Internal { what: "Argon2", source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system;

    #[tokio::test]
    async fn a_password_is_recognised_and_nothing_else_is() {
        let passwords = Argon2Passwords::new(system::env(), Strength::default()).unwrap();
        let password = Password::given("correct horse battery");
        let hash = passwords.hash(&password).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_ne!(hash, passwords.hash(&password).await.unwrap(), "salted");
        let right = passwords.compare(&password, Some(&hash)).await.unwrap();
        assert_eq!(right, Compared { right: true, outdated: false });
        assert!(!passwords.compare(&Password::given("another"), Some(&hash)).await.unwrap().right);
        assert!(!passwords.compare(&password, None).await.unwrap().right);
    }

    #[tokio::test]
    async fn a_weaker_hash_is_recognised_and_told_apart() {
        let weak = Strength { memory: 8_192, passes: 1, lanes: 1 };
        let before = Argon2Passwords::new(system::env(), weak).unwrap();
        let now = Argon2Passwords::new(system::env(), Strength::default()).unwrap();
        let password = Password::given("correct horse battery");
        let hash = before.hash(&password).await.unwrap();
        let compared = now.compare(&password, Some(&hash)).await.unwrap();
        assert_eq!(compared, Compared { right: true, outdated: true });
    }

    #[tokio::test]
    async fn only_a_few_are_hashed_at_once() {
        let passwords = Argon2Passwords::new(system::env(), Strength::default()).unwrap();
        let held = passwords.turns.clone().acquire_many_owned(4).await.unwrap();
        let one = Password::given("correct horse battery");
        let mut waiting = Box::pin(passwords.hash(&one));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        assert_eq!(passwords.turns.available_permits(), 0, "no turn is free");
        drop(held);
        waiting.await.unwrap();
        assert_eq!(passwords.turns.available_permits(), AT_ONCE);
    }
}
