//! Mail is taken once, tried until it ends, and then keeps no secret.

use sea_orm::{ConnectionTrait, Statement};
use wagate_domain::{
    MailId, Timestamp, WebhookId,
    mail::{Letter, Mail, Outcome},
    ports::{MailQueue, Outbox, Outgoing, Webhooks},
    webhooks::Disabled,
};
use wagate_infra::sql::Database;

use crate::{
    retention::webhook,
    sample::{at, id, stored_session},
};

const SECRET: &str = "https://wa.example/x?token=secret";

fn mail(created_at: Timestamp) -> Mail {
    let letter = Letter::ResetPassword { link: SECRET.to_owned() };
    Mail { id: id(), workspace: Some(id()), to: "ayu@example.com".to_owned(), letter, created_at }
}

async fn take(db: &Database, now: Timestamp, held: Timestamp) -> Vec<Outgoing> {
    db.take(now, held, 10).await.unwrap()
}

fn said() -> String {
    "250 ok\0".to_owned()
}

pub(crate) async fn mail_is_sent(db: &Database) {
    let (first, second) = (mail(at(2)), mail(at(1)));
    for mail in [&first, &second, &first] {
        db.put(mail).await.unwrap();
    }
    assert_eq!(take(db, at(0), at(50)).await, [], "not due yet");
    let taken = take(db, at(2), at(50)).await;
    let outgoing = |mail: &Mail, tries| Outgoing { mail: mail.clone(), tries };
    assert_eq!(taken, [outgoing(&second, 1), outgoing(&first, 1)], "the longest due first, each once");
    assert_eq!(take(db, at(49), at(60)).await, [], "they are held");

    // nothing was noted: whoever took them has died
    let again = take(db, at(50), at(100)).await;
    assert_eq!(again.iter().map(|outgoing| outgoing.tries).collect::<Vec<_>>(), [2, 2]);
    let sent = Outcome::Sent { answer: said() };
    assert!(!db.settle(&taken[0], &sent, at(51)).await.unwrap(), "somebody else has it now");
    for outgoing in &again {
        let later = Outcome::Later { answer: "450 greylisted".to_owned(), at: at(70) };
        assert!(db.settle(outgoing, &later, at(52)).await.unwrap());
    }
    assert_eq!(take(db, at(69), at(200)).await, []);
    let third = take(db, at(70), at(200)).await;
    assert_eq!(third.len(), 2);
    assert!(db.settle(&third[0], &sent, at(71)).await.unwrap());
    let refused = Outcome::Failed { answer: "550 no such user".to_owned() };
    assert!(db.settle(&third[1], &refused, at(72)).await.unwrap());
    assert!(!db.settle(&third[1], &sent, at(73)).await.unwrap(), "it has ended");
    assert_eq!(take(db, at(1_000), at(2_000)).await, []);
    db.put(&first).await.unwrap();
    assert_eq!(take(db, at(1_000), at(2_000)).await, [], "one that was sent is not sent again");

    assert_eq!(db.forget(at(71), 10).await.unwrap(), 0, "strictly before");
    assert_eq!(db.forget(at(72), 10).await.unwrap(), 1);
    assert_eq!(db.forget(at(73), 10).await.unwrap(), 1);
}

pub(crate) async fn mail_is_kept(db: &Database) {
    let (first, second) = (mail(at(1)), mail(at(2)));
    for mail in [&first, &second] {
        db.put(mail).await.unwrap();
    }
    assert_eq!(db.kept(10).await.unwrap(), [], "not before it is taken");
    for outgoing in take(db, at(2), at(50)).await {
        assert!(db.settle(&outgoing, &Outcome::Kept, at(3)).await.unwrap());
    }
    assert_eq!(db.kept(10).await.unwrap(), [second.clone(), first], "the newest first");
    assert_eq!(db.kept(1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(db.kept_one(second.id).await.unwrap(), Some(second));
    assert_eq!(db.kept_one(id::<MailId>()).await.unwrap(), None);
    assert_eq!(db.forget(at(4), 10).await.unwrap(), 2);
    assert_eq!(db.kept(10).await.unwrap(), []);
}

/// What was sent or given up holds no link any more, in any column.
pub(crate) async fn no_secret_is_left(db: &Database, url: &str) {
    let (first, second) = (mail(at(1)), mail(at(2)));
    for mail in [&first, &second] {
        db.put(mail).await.unwrap();
    }
    let taken = take(db, at(2), at(50)).await;
    db.settle(&taken[0], &Outcome::Sent { answer: said() }, at(3)).await.unwrap();
    db.settle(&taken[1], &Outcome::Failed { answer: said() }, at(3)).await.unwrap();
    let other = sea_orm::Database::connect(url).await.expect("a connection");
    let select = "SELECT id, kind, letter, answer FROM outbox WHERE ended_at IS NOT NULL";
    let rows = other.query_all_raw(Statement::from_string(other.get_database_backend(), select)).await;
    let rows = rows.expect("rows");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let letter: Option<String> = row.try_get("", "letter").expect("a column");
        let kind: String = row.try_get("", "kind").expect("a column");
        assert_eq!((letter, kind.as_str()), (None, "reset_password"));
    }
    other.close().await.expect("a closed connection");
    assert_eq!(db.forget(at(100), 10).await.unwrap(), 2);
}

/// The mail about a webhook that is switched off lies in the outbox when it is off, and not otherwise.
pub(crate) async fn switched_off_with_a_mail(db: &Database) {
    let webhook = webhook(stored_session(db).await);
    Webhooks::insert(db, &webhook, 10).await.unwrap();
    let why = Disabled { code: "gone".to_owned(), message: "It answered 410.".to_owned(), at: at(5) };
    let (told, untold) = (mail(at(5)), mail(at(5)));
    let mut other = webhook.clone();
    other.id = id::<WebhookId>();
    assert!(!db.disable(&other, &why, Some(&untold)).await.unwrap());
    assert!(db.disable(&webhook, &why, Some(&told)).await.unwrap());
    assert!(!db.disable(&webhook, &why, Some(&untold)).await.unwrap(), "it is off");
    let taken = take(db, at(5), at(50)).await;
    assert_eq!(taken.iter().map(|outgoing| outgoing.mail.id).collect::<Vec<_>>(), [told.id]);
    db.settle(&taken[0], &Outcome::Kept, at(6)).await.unwrap();
    assert_eq!(db.forget(at(100), 10).await.unwrap(), 1);
}
