//! Access tokens: ours are taken until they run out or their sign-in ends, and no others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use wagate_domain::{
    Clock, Entropy, Env, Timestamp,
    ports::{Claims, Tokens},
};
use wagate_infra::{
    proofs::JwtTokens, redis::RedisSignOuts, sql::Database, system::OsEntropy, testing::eventually,
};

use crate::fixtures::Fixture;

const ISSUER: &str = "https://wa.example.com";
const PATIENCE: Duration = Duration::from_secs(30);

/// A clock that tests set.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Entropy for Hand {
    fn random(&self) -> u128 {
        OsEntropy.random()
    }
}

/// Two processes over the same machines.
struct Two {
    env: Env,
    hand: Hand,
    here: JwtTokens,
    there: JwtTokens,
    stranger: JwtTokens,
    _f: Fixture,
    _folder: TempDir,
}

impl Two {
    async fn start() -> Self {
        let (f, folder) = (Fixture::start().await, TempDir::new().unwrap());
        let hand = Hand(Arc::new(AtomicI64::new(f.env.now().as_millis())));
        let env = Env::new(Arc::new(hand.clone()), Arc::new(hand.clone()));
        let db = Database::open(
            &format!("sqlite://{}/t.db", folder.path().display()),
            &wagate_infra::testing::ring(),
        )
        .await
        .unwrap();
        db.migrate().await.unwrap();
        let tokens = |issuer: &str| {
            JwtTokens::new(env.clone(), issuer, db.clone(), RedisSignOuts::new(f.redis.clone()))
        };
        let (here, there, stranger) = (tokens(ISSUER), tokens(ISSUER), tokens("https://other.example.com"));
        Self { here, there, stranger, env, hand, _f: f, _folder: folder }
    }

    fn later(&self, span: Duration) {
        self.hand.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }

    fn claims(&self) -> Claims {
        let expires_at = Timestamp::from_millis(self.env.now().as_millis() / 1000 * 1000 + 600_000);
        Claims { user: self.env.new_id(), sign_in: self.env.new_id(), expires_at, workspace: None }
    }
}

#[tokio::test]
async fn a_token_says_what_it_was_issued_with() {
    let two = Two::start().await;
    let claims = two.claims();
    let bound = Claims { workspace: Some(two.env.new_id()), ..claims };
    for claims in [claims, bound] {
        let token = two.here.issue(&claims).await.unwrap();
        assert_eq!(two.here.verify(&token).await.unwrap(), Some(claims));
        assert_eq!(two.there.verify(&token).await.unwrap(), Some(claims), "in another process");
    }
}

#[tokio::test]
async fn nothing_else_is_taken() {
    let two = Two::start().await;
    let claims = two.claims();
    let token = two.here.issue(&claims).await.unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, body, signature] = parts[..] else { panic!("{token}") };
    let other = two.here.issue(&two.claims()).await.unwrap();
    let other_body = other.split('.').nth(1).unwrap();
    // {"alg":"none"} and {"alg":"HS256"}, with the kid of ours left out
    for wrong in [
        String::new(),
        "wg_0123".to_owned(),
        format!("{header}.{body}."),
        format!("{header}.{other_body}.{signature}"),
        format!("{header}.{body}.{}", signature.chars().rev().collect::<String>()),
        format!("eyJhbGciOiJub25lIn0.{body}."),
        format!("eyJhbGciOiJIUzI1NiJ9.{body}.{signature}"),
    ] {
        assert_eq!(two.here.verify(&wrong).await.unwrap(), None, "{wrong}");
    }
    let theirs = two.stranger.issue(&claims).await.unwrap();
    assert_eq!(two.here.verify(&theirs).await.unwrap(), None, "of another issuer");
    two.later(Duration::from_secs(599));
    assert_eq!(two.here.verify(&token).await.unwrap(), Some(claims));
    two.later(Duration::from_secs(1));
    assert_eq!(two.here.verify(&token).await.unwrap(), None, "it has run out");
}

#[tokio::test]
async fn the_end_of_a_sign_in_is_seen_everywhere_soon() {
    let two = Two::start().await;
    let (claims, other) = (two.claims(), two.claims());
    let token = two.here.issue(&claims).await.unwrap();
    let untouched = two.here.issue(&other).await.unwrap();
    assert!(two.there.verify(&token).await.unwrap().is_some());
    two.here.revoke(&[claims.sign_in]).await.unwrap();
    assert_eq!(two.here.verify(&token).await.unwrap(), None, "here at once");
    let gone = || async { two.there.verify(&token).await.unwrap().is_none().then_some(()) };
    eventually(PATIENCE, "the other process has seen it", gone).await;
    assert_eq!(two.there.verify(&untouched).await.unwrap(), Some(other));
}

#[tokio::test]
async fn keys_change_and_those_before_verify_until_their_tokens_are_gone() {
    let two = Two::start().await;
    let kids = async |tokens: &JwtTokens| -> Vec<String> {
        let jwks = tokens.jwks().await.unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let claims = Claims { expires_at: two.claims().expires_at.plus(Duration::from_hours(3)), ..two.claims() };
    let token = two.here.issue(&claims).await.unwrap();
    let first = kids(&two.here).await;
    assert_eq!(first.len(), 1);
    two.later(Duration::from_secs(1));
    let second = two.here.rotate().await.unwrap();
    assert_eq!(kids(&two.here).await, [first[0].clone(), second.clone()]);
    let signed = two.here.issue(&two.claims()).await.unwrap();
    let verified = || async { two.there.verify(&signed).await.unwrap() };
    eventually(PATIENCE, "the other process knows the new key", verified).await;
    assert_eq!(two.there.verify(&token).await.unwrap(), Some(claims), "signed with the old key");

    two.later(Duration::from_hours(2));
    two.here.rotate().await.unwrap();
    assert!(!kids(&two.here).await.contains(&first[0]));
    assert_eq!(two.here.verify(&token).await.unwrap(), None);

    two.later(Duration::from_hours(91 * 24));
    let before = kids(&two.here).await;
    two.here.issue(&two.claims()).await.unwrap();
    let after = kids(&two.here).await;
    assert!(!before.contains(after.last().unwrap()), "after ninety days a new one signs by itself");
}
