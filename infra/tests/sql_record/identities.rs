//! Which accounts at providers let whom in.

use futures::future::join_all;
use wagate_domain::{
    UserId,
    auth::Role,
    people::{Identity, PasswordHash, Person},
    ports::{Admitted, Identities, Members, Newcomer, PasswordChange, People, Purpose, Unlinked, Workspaces},
};
use wagate_infra::{sql::Database, testing::ring};

use crate::{
    databases::{SqliteFile, postgres},
    people::{code, invitation, newcomer, person, stored},
    sample::{at, id, workspace},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identities_on_sqlite() {
    let file = SqliteFile::new();
    conforms(&file.open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identities_on_postgresql() {
    let server = postgres().await;
    let db = Database::open(&server.database().await, &ring()).await.expect("an open database");
    db.migrate().await.expect("the schema");
    conforms(&db).await;
}

async fn conforms(db: &Database) {
    one_lets_one_person_in(db).await;
    an_account_comes_with_its_identity_or_not_at_all(db).await;
    the_last_way_in_stays(db).await;
    a_password_by_mail_takes_all_away(db).await;
    whoever_is_invited(db).await;
}

fn identity(user: UserId) -> Identity {
    let id: wagate_domain::IdentityId = id();
    Identity {
        id,
        user,
        issuer: "https://login.example.com".to_owned(),
        subject: format!("subject of {id}"),
        address: Some("ayu@example.com".parse().unwrap()),
        created_at: at(3),
    }
}

/// Somebody whom providers alone let in.
async fn by_provider(db: &Database) -> (Person, Identity) {
    let person = Person { password: None, ..person() };
    let identity = identity(person.id);
    let newcomer = Newcomer { identity: Some(&identity), ..newcomer(&person) };
    assert_eq!(db.admit(newcomer, at(1)).await.unwrap(), Admitted::Made);
    (person, identity)
}

async fn one_lets_one_person_in(db: &Database) {
    let (ayu, budi) = (stored(db).await, stored(db).await);
    let first = identity(ayu.id);
    assert_eq!(db.link(&first).await.unwrap().as_ref(), Some(&first));
    assert_eq!(db.person(&first.issuer, &first.subject).await.unwrap(), Some(ayu.clone()));
    assert_eq!(
        db.person("https://other.example.com", &first.subject).await.unwrap(),
        None,
        "another provider"
    );
    assert_eq!(db.person(&first.issuer, &first.subject.to_uppercase()).await.unwrap(), None, "to the letter");

    let again = Identity { id: id(), address: None, ..first.clone() };
    assert_eq!(db.link(&again).await.unwrap().as_ref(), Some(&first), "it stays as it was");
    let stolen = Identity { id: id(), user: budi.id, ..first.clone() };
    assert_eq!(db.link(&stolen).await.unwrap(), None);

    let second = Identity { address: None, ..identity(ayu.id) };
    db.link(&second).await.unwrap();
    assert_eq!(Identities::list(db, ayu.id).await.unwrap(), [first, second]);
    assert_eq!(Identities::list(db, budi.id).await.unwrap(), []);
}

async fn an_account_comes_with_its_identity_or_not_at_all(db: &Database) {
    let (ayu, taken) = by_provider(db).await;
    assert_eq!(db.person(&taken.issuer, &taken.subject).await.unwrap(), Some(ayu));
    let (twin, own) = (person(), workspace());
    let same = Identity { id: id(), user: twin.id, ..taken };
    let newcomer = Newcomer { own: Some(&own), identity: Some(&same), ..newcomer(&twin) };
    assert_eq!(db.admit(newcomer, at(2)).await.unwrap(), Admitted::AddressTaken);
    assert_eq!(People::get(db, twin.id).await.unwrap(), None);
    assert!(!Workspaces::list(db).await.unwrap().contains(&own));
}

async fn the_last_way_in_stays(db: &Database) {
    let (ayu, first) = by_provider(db).await;
    assert_eq!(db.unlink(ayu.id, first.id).await.unwrap(), Unlinked::LastWayIn);
    assert_eq!(db.unlink(ayu.id, id()).await.unwrap(), Unlinked::NotFound);
    let second = identity(ayu.id);
    db.link(&second).await.unwrap();
    assert_eq!(db.unlink(stored(db).await.id, first.id).await.unwrap(), Unlinked::NotFound, "another's");

    let both = join_all([&first, &second].map(|one| db.unlink(ayu.id, one.id))).await;
    let gone = both.iter().filter(|one| matches!(one, Ok(Unlinked::Gone(_)))).count();
    assert_eq!(gone, 1, "of two at once one stays: {both:?}");
    assert_eq!(Identities::list(db, ayu.id).await.unwrap().len(), 1);

    let budi = stored(db).await;
    let only = identity(budi.id);
    db.link(&only).await.unwrap();
    assert_eq!(db.unlink(budi.id, only.id).await.unwrap(), Unlinked::Gone(only), "the password is left");
}

async fn a_password_by_mail_takes_all_away(db: &Database) {
    let ((ayu, first), (budi, others)) = (by_provider(db).await, by_provider(db).await);
    let new = PasswordHash::new("$argon2id$new");
    let own = PasswordChange { user: ayu.id, hash: &new, code: None, keep: None };
    db.set_password(own, at(12)).await.unwrap();
    assert_eq!(Identities::list(db, ayu.id).await.unwrap(), [first], "whoever knew the old one linked it");

    let reset = code(Purpose::Reset, &ayu);
    db.put_code(&reset).await.unwrap();
    let by_mail = PasswordChange { code: Some(&reset.hash), ..own };
    assert_eq!(db.set_password(by_mail, at(20)).await.unwrap(), None, "too old");
    assert_eq!(Identities::list(db, ayu.id).await.unwrap().len(), 1, "nothing half done");
    assert!(db.set_password(by_mail, at(13)).await.unwrap().is_some());
    assert_eq!(Identities::list(db, ayu.id).await.unwrap(), []);
    assert_eq!(Identities::list(db, budi.id).await.unwrap(), [others]);
}

async fn whoever_is_invited(db: &Database) {
    let (workspace, ayu) = (workspace(), person());
    Workspaces::insert(db, &workspace).await.unwrap();
    assert!(!db.is_invited(&ayu.address, at(12)).await.unwrap());
    let (invitation, token) = invitation(workspace.id, &ayu.address, Role::Viewer);
    db.invite(&invitation, &token).await.unwrap();
    assert!(db.is_invited(&ayu.address, at(12)).await.unwrap());
    assert!(!db.is_invited(&person().address, at(12)).await.unwrap(), "another address");
    assert!(!db.is_invited(&ayu.address, invitation.expires_at).await.unwrap(), "too late");
    db.revoke_invitation(workspace.id, invitation.id).await.unwrap();
    assert!(!db.is_invited(&ayu.address, at(12)).await.unwrap());
}
