//! People, what they belong to, and where they are signed in.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use wagate_domain::{
    Timestamp, UserId, WorkspaceId,
    auth::Role,
    people::{EmailAddress, Invitation, PasswordHash, Person, SignIn, Standing, TokenHash, TotpSecret},
    ports::{
        Admitted, Code, Joined, MemberChange, Members, Newcomer, PasswordChange, People, Presented, Purpose,
        SecondFactors, SignIns, Standings, Workspaces,
    },
    workspaces::Workspace,
};
use wagate_infra::{
    config::Secret,
    memory::RememberedStandings,
    sql::{Database, SigningKey},
    testing::ring,
};

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
    members_change(db).await;
    the_last_owner_stays(db).await;
    invitations(db).await;
    tokens_rotate(db).await;
    one_of_many_uses_a_token_first(db).await;
    sign_ins_end(db).await;
    factors(db).await;
    signing_keys(db).await;
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

/// A workspace with an owner.
async fn owned(db: &Database) -> (WorkspaceId, Person) {
    let (owner, own) = (person(), workspace());
    let newcomer = Newcomer { own: Some(&own), ..newcomer(&owner) };
    assert_eq!(db.admit(newcomer, at(1)).await.unwrap(), Admitted::Made);
    (own.id, owner)
}

/// Another member of it.
async fn joined(db: &Database, workspace: WorkspaceId, role: Role) -> Person {
    let person = stored(db).await;
    let (invitation, token) = invitation(workspace, &person.address, role);
    db.invite(&invitation, &token).await.unwrap();
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Member(person.id));
    person
}

async fn members_change(db: &Database) {
    let (workspace, owner) = owned(db).await;
    let agent = joined(db, workspace, Role::Agent).await;
    let roles = async || -> Vec<(UserId, Role)> {
        let members = Members::list(db, workspace).await.unwrap();
        members.iter().map(|member| (member.user, member.role)).collect()
    };
    assert_eq!(roles().await, [(owner.id, Role::Owner), (agent.id, Role::Agent)]);
    let change = |user, from, to| Members::change(db, workspace, user, from, to);
    assert_eq!(change(agent.id, Role::Viewer, Some(Role::Admin)).await.unwrap(), MemberChange::Moved);
    assert_eq!(change(id(), Role::Viewer, None).await.unwrap(), MemberChange::Moved);
    let elsewhere = Members::change(db, id(), agent.id, Role::Agent, None).await.unwrap();
    assert_eq!(elsewhere, MemberChange::Moved, "another workspace");
    assert_eq!(change(agent.id, Role::Agent, Some(Role::Admin)).await.unwrap(), MemberChange::Done);
    assert_eq!(Members::get(db, workspace, agent.id).await.unwrap().unwrap().role, Role::Admin);
    assert_eq!(Members::get(db, id(), agent.id).await.unwrap(), None);
    assert_eq!(change(owner.id, Role::Owner, None).await.unwrap(), MemberChange::LastOwner);
    assert_eq!(change(owner.id, Role::Owner, Some(Role::Admin)).await.unwrap(), MemberChange::LastOwner);
    assert_eq!(change(agent.id, Role::Admin, None).await.unwrap(), MemberChange::Done);
    assert_eq!(roles().await, [(owner.id, Role::Owner)]);
    let name = db.workspace_name(workspace).await.unwrap();
    assert_eq!((name.as_deref(), db.workspace_name(id()).await.unwrap()), (Some("Ärger & Söhne"), None));
}

async fn the_last_owner_stays(db: &Database) {
    for _ in 0..5 {
        let (workspace, first) = owned(db).await;
        let mut owners = vec![first.id];
        for _ in 0..3 {
            owners.push(joined(db, workspace, Role::Owner).await.id);
        }
        let leaving = owners.iter().enumerate().map(|(n, user)| {
            let (db, user) = (db.clone(), *user);
            let to = (n % 2 == 0).then_some(Role::Viewer);
            tokio::spawn(async move { Members::change(&db, workspace, user, Role::Owner, to).await.unwrap() })
        });
        let ends: Vec<MemberChange> = join_all(leaving).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(ends.iter().filter(|end| **end == MemberChange::LastOwner).count(), 1, "{ends:?}");
        let left = Members::list(db, workspace).await.unwrap();
        assert_eq!(left.iter().filter(|member| member.role == Role::Owner).count(), 1);
    }
}

pub(crate) fn invitation(
    workspace: WorkspaceId,
    address: &EmailAddress,
    role: Role,
) -> (Invitation, TokenHash) {
    let address = address.clone();
    let invitation =
        Invitation { id: id(), workspace, address, role, by: None, created_at: at(10), expires_at: at(20) };
    (invitation, hash("invitation"))
}

async fn invitations(db: &Database) {
    let (workspace, owner) = owned(db).await;
    let ayu = person();
    let (first, first_token) = invitation(workspace, &ayu.address, Role::Agent);
    db.invite(&first, &first_token).await.unwrap();
    let (mut second, token) = invitation(workspace, &ayu.address, Role::Viewer);
    second.by = Some(owner.id);
    db.invite(&second, &token).await.unwrap();
    assert_eq!(db.invitation(&first_token, at(11)).await.unwrap(), None, "the second took its place");
    assert_eq!(db.invitation(&token, at(11)).await.unwrap().as_ref(), Some(&second));
    assert_eq!(db.invitations(workspace, at(11)).await.unwrap(), [second.clone()]);
    assert_eq!(db.invitations(workspace, at(20)).await.unwrap(), []);
    assert_eq!(db.invitations(id(), at(11)).await.unwrap(), []);

    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::NoAccount);
    assert_eq!(
        db.accept(&token, Some(&person()), at(12)).await.unwrap(),
        Joined::NoAccount,
        "another address"
    );
    assert_eq!(db.accept(&token, Some(&ayu), at(20)).await.unwrap(), Joined::Gone);
    assert_eq!(db.accept(&token, Some(&ayu), at(12)).await.unwrap(), Joined::Member(ayu.id));
    assert_eq!(db.accept(&token, Some(&ayu), at(12)).await.unwrap(), Joined::Gone, "good once");
    assert_eq!(Members::get(db, workspace, ayu.id).await.unwrap().unwrap().role, Role::Viewer);

    let (again, token) = invitation(workspace, &ayu.address, Role::Owner);
    db.invite(&again, &token).await.unwrap();
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Member(ayu.id));
    let role = Members::get(db, workspace, ayu.id).await.unwrap().unwrap().role;
    assert_eq!(role, Role::Viewer, "a member keeps the role they have");

    let (open, token) = invitation(workspace, &person().address, Role::Owner);
    db.invite(&open, &token).await.unwrap();
    assert!(!db.revoke_invitation(id(), open.id).await.unwrap(), "another workspace");
    assert!(db.revoke_invitation(workspace, open.id).await.unwrap());
    assert!(!db.revoke_invitation(workspace, open.id).await.unwrap());
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Gone);
}

async fn signed_in(db: &Database, user: UserId) -> (SignIn, TokenHash) {
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

async fn alive(db: &Database, user: UserId) -> Vec<SignIn> {
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

async fn tokens_rotate(db: &Database) {
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

async fn one_of_many_uses_a_token_first(db: &Database) {
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

async fn sign_ins_end(db: &Database) {
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

async fn factors(db: &Database) {
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

async fn signing_keys(db: &Database) {
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

#[test]
fn nothing_secret_shows() {
    let workspace: Workspace = workspace();
    let shown = format!("{:?} {:?}", person(), workspace.id);
    assert!(!shown.contains("argon2id"), "{shown}");
}
