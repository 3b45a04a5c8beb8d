//! People: their accounts, what they belong to, and where they are signed in.

mod members;
mod sign_ins;

use std::sync::Arc;

use futures::future::join_all;
use wagate_domain::{
    UserId,
    auth::Role,
    people::{PasswordHash, Person, Standing, TokenHash},
    ports::{Admitted, Code, Newcomer, PasswordChange, People, Purpose, Standings, Workspaces},
    workspaces::Workspace,
};
use wagate_infra::{memory::RememberedStandings, sql::Database, testing::ring};

pub(crate) use members::invitation;

use self::sign_ins::{alive, signed_in};
use crate::{
    databases::{SqliteFile, postgres},
    sample::{at, id, workspace},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_on_sqlite() {
    let file = SqliteFile::new();
    conforms(&file.open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_on_postgresql() {
    let server = postgres().await;
    let db = Database::open(&server.database().await, &ring()).await.expect("an open database");
    db.migrate().await.expect("the schema");
    conforms(&db).await;
}

async fn conforms(db: &Database) {
    accounts(db).await;
    codes_are_good_once(db).await;
    a_new_password_ends_what_the_old_one_began(db).await;
    members::members_change(db).await;
    members::the_last_owner_stays(db).await;
    members::invitations(db).await;
    sign_ins::tokens_rotate(db).await;
    sign_ins::one_of_many_uses_a_token_first(db).await;
    sign_ins::sign_ins_end(db).await;
    sign_ins::factors(db).await;
    sign_ins::signing_keys(db).await;
}

fn hash(text: &str) -> TokenHash {
    TokenHash::from(format!("{text} {}", id::<UserId>()))
}

pub(crate) fn person() -> Person {
    let id: UserId = id();
    Person {
        id,
        address: format!("{id}@example.com").parse().unwrap(),
        name: "Ayu".to_owned(),
        password: Some(PasswordHash::new("$argon2id$1")),
        operator: false,
        disabled_at: None,
        created_at: at(1),
    }
}

pub(crate) fn newcomer(person: &Person) -> Newcomer<'_> {
    Newcomer { person, own: None, code: None, identity: None }
}

pub(crate) async fn stored(db: &Database) -> Person {
    let person = person();
    assert_eq!(db.admit(newcomer(&person), at(1)).await.unwrap(), Admitted::Made);
    person
}

pub(crate) fn code(purpose: Purpose, person: &Person) -> Code {
    Code {
        hash: hash("code"),
        purpose,
        address: person.address.clone(),
        user: (purpose != Purpose::Registration).then_some(person.id),
        name: Some("Ayu".to_owned()),
        created_at: at(10),
        expires_at: at(20),
    }
}

async fn accounts(db: &Database) {
    let (first, own) = (person(), workspace());
    let with_workspace = Newcomer { own: Some(&own), ..newcomer(&first) };
    assert_eq!(db.admit(with_workspace, at(1)).await.unwrap(), Admitted::Made);
    assert_eq!(People::get(db, first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(db.by_address(&first.address).await.unwrap().as_ref(), Some(&first));
    let twin = Person { id: id(), ..first.clone() };
    let other = workspace();
    let again = Newcomer { own: Some(&other), ..newcomer(&twin) };
    assert_eq!(db.admit(again, at(2)).await.unwrap(), Admitted::AddressTaken);
    assert_eq!(People::get(db, twin.id).await.unwrap(), None);
    assert!(!Workspaces::list(db).await.unwrap().contains(&other), "no workspace without its owner");

    let standing = |operator, role| Some(Standing { role, operator, disabled: false });
    let remembered = RememberedStandings::new(Arc::new(db.clone()));
    for ask in [db as &dyn Standings, &remembered, &remembered] {
        assert_eq!(ask.standing(first.id, None).await.unwrap(), standing(false, None));
        let owner = standing(false, Some(Role::Owner));
        assert_eq!(ask.standing(first.id, Some(own.id)).await.unwrap(), owner);
        assert_eq!(ask.standing(first.id, Some(id())).await.unwrap(), standing(false, None));
        assert_eq!(ask.standing(twin.id, Some(own.id)).await.unwrap(), None);
    }
    db.make_operator(first.id).await.unwrap();
    assert_eq!(db.standing(first.id, None).await.unwrap(), standing(true, None));
    let memberships = db.memberships(first.id).await.unwrap();
    assert_eq!((memberships.len(), memberships[0].workspace, memberships[0].role), (1, own.id, Role::Owner));

    let (old, new) = (first.password.clone().unwrap(), PasswordHash::new("$argon2id$2"));
    db.rehash(first.id, &new, &old).await.unwrap();
    assert_eq!(
        People::get(db, first.id).await.unwrap().unwrap().password,
        Some(old.clone()),
        "changed since"
    );
    db.rehash(first.id, &old, &new).await.unwrap();
    assert_eq!(People::get(db, first.id).await.unwrap().unwrap().password, Some(new));
}

async fn codes_are_good_once(db: &Database) {
    let person = person();
    let registration = code(Purpose::Registration, &person);
    db.put_code(&registration).await.unwrap();
    let find = |purpose, moment| db.code(&registration.hash, purpose, at(moment));
    assert_eq!(find(Purpose::Registration, 19).await.unwrap().as_ref(), Some(&registration));
    assert_eq!(find(Purpose::Reset, 19).await.unwrap(), None, "good for one thing");
    assert_eq!(find(Purpose::Registration, 20).await.unwrap(), None, "too old");
    assert!(!db.use_code(&registration.hash, Purpose::Challenge, at(19)).await.unwrap());

    let with_code = Newcomer { code: Some(&registration.hash), ..newcomer(&person) };
    assert_eq!(db.admit(with_code, at(20)).await.unwrap(), Admitted::CodeGone);
    assert_eq!(db.admit(with_code, at(19)).await.unwrap(), Admitted::Made);
    assert_eq!(db.admit(with_code, at(19)).await.unwrap(), Admitted::CodeGone);

    let challenge = code(Purpose::Challenge, &person);
    db.put_code(&challenge).await.unwrap();
    let users = (0..8).map(|_| db.use_code(&challenge.hash, Purpose::Challenge, at(15)));
    let used = join_all(users).await.into_iter().filter(|used| *used.as_ref().unwrap()).count();
    assert_eq!(used, 1, "of many one uses it");

    let old = code(Purpose::Reset, &person);
    db.put_code(&old).await.unwrap();
    let later = Code { created_at: at(21), expires_at: at(30), ..code(Purpose::Reset, &person) };
    db.put_code(&later).await.unwrap();
    assert_eq!(db.code(&old.hash, Purpose::Reset, at(11)).await.unwrap(), None, "what ran out is forgotten");
    assert!(db.code(&later.hash, Purpose::Reset, at(22)).await.unwrap().is_some());
}

async fn a_new_password_ends_what_the_old_one_began(db: &Database) {
    let (person, stranger) = (stored(db).await, stored(db).await);
    let (here, there) = (signed_in(db, person.id).await.0, signed_in(db, person.id).await.0);
    let others = signed_in(db, stranger.id).await.0;
    let reset = code(Purpose::Reset, &person);
    let challenge = code(Purpose::Challenge, &person);
    db.put_code(&reset).await.unwrap();
    db.put_code(&challenge).await.unwrap();
    let new = PasswordHash::new("$argon2id$new");
    let by_code = |user| PasswordChange { user, hash: &new, code: Some(&reset.hash), keep: None };
    assert_eq!(db.set_password(by_code(stranger.id), at(15)).await.unwrap(), None, "another's code");
    assert_eq!(db.set_password(by_code(person.id), at(20)).await.unwrap(), None, "too old");
    let keep = PasswordChange { code: None, keep: Some(here.id), ..by_code(person.id) };
    assert_eq!(db.set_password(keep, at(14)).await.unwrap(), Some(vec![there.id]));
    assert_eq!(db.code(&challenge.hash, Purpose::Challenge, at(14)).await.unwrap(), None);
    assert_eq!(db.set_password(by_code(person.id), at(15)).await.unwrap(), None, "its code is void too");

    let reset = code(Purpose::Reset, &person);
    db.put_code(&reset).await.unwrap();
    let change = PasswordChange { user: person.id, hash: &new, code: Some(&reset.hash), keep: None };
    assert_eq!(db.set_password(change, at(16)).await.unwrap(), Some(vec![here.id]));
    assert_eq!(db.set_password(change, at(16)).await.unwrap(), None, "good once");
    assert_eq!(People::get(db, person.id).await.unwrap().unwrap().password, Some(new));
    assert_eq!(alive(db, stranger.id).await, [others]);
}

#[test]
fn nothing_secret_shows() {
    let workspace: Workspace = workspace();
    let shown = format!("{:?} {:?}", person(), workspace.id);
    assert!(!shown.contains("argon2id"), "{shown}");
}
