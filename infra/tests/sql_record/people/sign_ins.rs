//! Where people are signed in: their tokens, their second factors, and the keys that sign.

use std::time::Duration;

use futures::future::join_all;
use wagate_domain::{
    Timestamp, UserId,
    people::{SignIn, TokenHash, TotpSecret},
    ports::{Presented, SecondFactors, SignIns},
};
use wagate_infra::{
    config::Secret,
    sql::{Database, SigningKey},
};

use super::{hash, stored};
use crate::sample::{at, id};

pub(super) async fn signed_in(db: &Database, user: UserId) -> (SignIn, TokenHash) {
    let sign_in = SignIn {
        id: id(),
        user,
        created_at: at(10),
        used_at: at(10),
        expires_at: at(1_000),
        agent: Some("Firefox".to_owned()),
        origin: Some("2001:db8::7".parse().unwrap()),
    };
    let token = hash("token");
    SignIns::begin(db, &sign_in, &token).await.unwrap();
    (sign_in, token)
}

pub(super) async fn alive(db: &Database, user: UserId) -> Vec<SignIn> {
    SignIns::list(db, user, at(11), at(0)).await.unwrap()
}

fn presented<'a>(
    token: &'a TokenHash,
    salt: &'a str,
    successor: &'a TokenHash,
    now: Timestamp,
) -> Presented<'a> {
    Presented { token, salt, successor, now, idle_since: now.minus(Duration::from_millis(100)) }
}

pub(super) async fn tokens_rotate(db: &Database) {
    let user = stored(db).await.id;
    let (sign_in, first) = signed_in(db, user).await;
    let (second, third) = (hash("second"), hash("third"));
    let once = db.rotate(presented(&first, "salt", &second, at(20))).await.unwrap().unwrap();
    assert_eq!((once.before, once.sign_in.used_at, once.sign_in.id), (None, at(20), sign_in.id));

    let twice = db.rotate(presented(&first, "other", &third, at(25))).await.unwrap().unwrap();
    let before = twice.before.unwrap();
    assert_eq!((before.at, before.salt.as_str(), before.successor_used), (at(20), "salt", false));
    assert_eq!(
        db.rotate(presented(&third, "x", &hash("x"), at(25))).await.unwrap(),
        None,
        "it is not on record"
    );

    assert_eq!(db.rotate(presented(&second, "salt", &third, at(30))).await.unwrap().unwrap().before, None);
    let thrice = db.rotate(presented(&first, "other", &hash("x"), at(31))).await.unwrap().unwrap();
    assert!(thrice.before.unwrap().successor_used);

    assert_eq!(
        db.rotate(presented(&third, "x", &hash("x"), at(500))).await.unwrap(),
        None,
        "idle for too long"
    );
    let all_along = Presented { idle_since: at(0), ..presented(&third, "x", &second, at(1_000)) };
    assert_eq!(db.rotate(all_along).await.unwrap(), None, "its time is over");
    assert!(db.end(user, sign_in.id, at(32)).await.unwrap());
    assert_eq!(db.rotate(presented(&third, "x", &hash("x"), at(33))).await.unwrap(), None, "ended");
}

pub(super) async fn one_of_many_uses_a_token_first(db: &Database) {
    let user = stored(db).await.id;
    let (_, token) = signed_in(db, user).await;
    let using = (0..8).map(|n| {
        let (db, token) = (db.clone(), token.clone());
        tokio::spawn(async move {
            let (salt, next) = (format!("salt {n}"), hash("next"));
            db.rotate(presented(&token, &salt, &next, at(20))).await.unwrap().unwrap().before.map(|b| b.salt)
        })
    });
    let ends: Vec<Option<String>> = join_all(using).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(ends.iter().filter(|end| end.is_none()).count(), 1, "{ends:?}");
    let salts: std::collections::HashSet<&String> = ends.iter().flatten().collect();
    assert_eq!(salts.len(), 1, "the others are told of the same successor: {ends:?}");
}

pub(super) async fn sign_ins_end(db: &Database) {
    let (user, stranger) = (stored(db).await.id, stored(db).await.id);
    let (first, _) = signed_in(db, user).await;
    let (second, token) = signed_in(db, user).await;
    let (theirs, _) = signed_in(db, stranger).await;
    assert_eq!(alive(db, user).await, [first.clone(), second.clone()]);
    assert!(!db.end(stranger, first.id, at(11)).await.unwrap(), "another's");
    assert!(db.end(user, first.id, at(11)).await.unwrap());
    assert!(db.end(user, first.id, at(50)).await.unwrap(), "ending it again is fine");
    assert_eq!(alive(db, user).await, std::slice::from_ref(&second));
    assert_eq!(db.end_all(user, at(60), at(12)).await.unwrap(), [second.id]);
    assert_eq!(
        db.end_all(user, at(61), at(11)).await.unwrap(),
        [first.id, second.id],
        "also what ended lately"
    );
    assert_eq!(db.rotate(presented(&token, "x", &hash("x"), at(62))).await.unwrap(), None);
    assert_eq!(alive(db, stranger).await, [theirs]);
}

pub(super) async fn factors(db: &Database) {
    let user = stored(db).await.id;
    let (first, second) = (TotpSecret::stored("GEZDGNBV"), TotpSecret::stored("GY3TQOJQ"));
    let find = async || SecondFactors::get(db, user).await.unwrap();
    assert_eq!(find().await, None);
    assert!(!db.confirm(user, 1, &[], at(1)).await.unwrap(), "nothing to confirm");
    assert!(db.enrol(user, &first, at(1)).await.unwrap());
    assert!(db.enrol(user, &second, at(2)).await.unwrap(), "nobody confirmed the first");
    let factor = find().await.unwrap();
    assert_eq!((factor.secret, factor.confirmed_at, factor.recovery_codes), (second, None, 0));
    let codes = [hash("a"), hash("b")];
    assert!(db.confirm(user, 7, &codes, at(3)).await.unwrap());
    assert!(!db.confirm(user, 8, &codes, at(4)).await.unwrap());
    assert!(!db.enrol(user, &first, at(5)).await.unwrap(), "a confirmed one stays");
    let factor = find().await.unwrap();
    assert_eq!((factor.confirmed_at, factor.recovery_codes), (Some(at(3)), 2));

    assert!(!db.use_step(user, 7).await.unwrap(), "the code that confirmed it is used");
    let users = (0..8).map(|_| db.use_step(user, 8));
    assert_eq!(join_all(users).await.into_iter().filter(|used| *used.as_ref().unwrap()).count(), 1);
    assert!(!db.use_step(user, 6).await.unwrap());
    assert!(!db.use_recovery(id(), &codes[0]).await.unwrap(), "another's");
    assert!(db.use_recovery(user, &codes[0]).await.unwrap());
    assert!(!db.use_recovery(user, &codes[0]).await.unwrap(), "good once");
    let fresh = hash("c");
    db.renew_recovery(user, std::slice::from_ref(&fresh)).await.unwrap();
    assert!(!db.use_recovery(user, &codes[1]).await.unwrap(), "those before are void");
    assert!(db.remove(user).await.unwrap());
    assert!(!db.remove(user).await.unwrap());
    assert_eq!(find().await, None);
    assert!(!db.use_recovery(user, &fresh).await.unwrap());
}

pub(super) async fn signing_keys(db: &Database) {
    let key = |kid: &str, moment| SigningKey {
        kid: kid.to_owned(),
        public: "public".to_owned(),
        private: Secret::from("private"),
        created_at: at(moment),
        retired_at: None,
    };
    let put = |kid: &'static str, moment, unless_after| {
        let (db, key) = (db.clone(), key(kid, moment));
        async move { db.put_signing_key(&key, at(unless_after), at(moment - 50)).await.unwrap() }
    };
    join_all([put("a", 100, 0), put("b", 100, 0), put("c", 100, 0)]).await;
    let keys = db.signing_keys().await.unwrap();
    assert_eq!(keys.len(), 1, "of many the first is served");
    put("d", 120, 110).await;
    let keys = db.signing_keys().await.unwrap();
    assert_eq!((keys.len(), keys[0].retired_at, keys[1].clone()), (2, Some(at(120)), key("d", 120)));
    put("e", 171, 170).await;
    let kids: Vec<String> = db.signing_keys().await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, ["d", "e"], "what was retired long ago is forgotten");
    assert!(!format!("{keys:?}").contains("\"private\""));
}
