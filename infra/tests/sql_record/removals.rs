//! A deleted tenant leaves its tombstone and nothing else, and of others nothing goes.

use std::collections::BTreeMap;

use wagate_domain::{
    Timestamp, WorkspaceId,
    exports::{Export, ExportState},
    people::{EmailAddress, Person},
    ports::{
        Admitted, Due, Exports, MediaIndex, Messages, Newcomer, People, Projection, Removals, Sessions,
        Workspaces,
    },
    sessions::SessionKey,
    workspaces::{Asker, Deletion, Tombstone, Workspace},
};
use wagate_infra::{sql::Database, testing::ring};

use crate::{
    databases::{SqliteFile, postgres},
    events::accepted,
    sample::{at, id, media, outgoing, pn, session},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_on_sqlite() {
    let file = SqliteFile::new();
    conforms(&file.open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_on_postgresql() {
    let server = postgres().await;
    let db = Database::open(&server.database().await, &ring()).await.expect("an open database");
    db.migrate().await.expect("the schema");
    conforms(&db).await;
}

async fn conforms(db: &Database) {
    exports(db).await;
    media_in_pages(db).await;
    a_deletion_can_be_undone(db).await;
    owners_leave_what_operators_asked_for(db).await;
    it_waits_for_its_export(db).await;
    sessions_are_let_go_of_and_held_once_more(db).await;
    events_of_the_deleted_are_not_stored(db).await;
    nothing_but_a_tombstone_is_left(db).await;
}

async fn tenant(db: &Database) -> Workspace {
    let workspace = Workspace::new(id(), "Acme", at(1));
    Workspaces::insert(db, &workspace).await.unwrap();
    workspace
}

/// A tenant whose removal has begun.
async fn doomed(db: &Database) -> Workspace {
    let workspace = tenant(db).await;
    db.set_deletion(workspace.id, Some(due(false)), Asker::Operator).await.unwrap().unwrap();
    assert!(Removals::begin(db, workspace.id, at(20), at(60)).await.unwrap());
    workspace
}

const fn due(exports: bool) -> Deletion {
    Deletion { asked_at: at(10), due_at: at(20), exports, by: Asker::Operator }
}

async fn is_due(db: &Database, workspace: WorkspaceId, now: Timestamp) -> Option<Due> {
    db.due(now).await.unwrap().into_iter().find(|due| due.workspace == workspace)
}

async fn exports(db: &Database) {
    let (ours, theirs) = (tenant(db).await.id, tenant(db).await.id);
    let first = Export::new(id(), ours, at(5));
    let second = Export::new(id(), ours, at(6));
    for export in [&second, &first, &first, &Export::new(id(), theirs, at(7))] {
        Exports::insert(db, export).await.unwrap();
    }
    assert_eq!(Exports::list(db, ours).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(Exports::get(db, theirs, first.id).await.unwrap(), None, "another's");
    let unfinished = async || {
        let all = Exports::unfinished(db, 100).await.unwrap();
        all.into_iter().filter(|one| one.workspace == ours).map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(unfinished().await, [first.id, second.id], "oldest first");

    db.note(ours, first.id, 9).await.unwrap();
    assert_eq!(Exports::get(db, ours, first.id).await.unwrap().unwrap().lines, 0, "it does not run");
    let running = Export { state: ExportState::Running, attempts: 1, ..first.clone() };
    assert!(Exports::update(db, &running).await.unwrap());
    db.note(ours, first.id, 9).await.unwrap();
    assert_eq!(
        Exports::get(db, ours, first.id).await.unwrap().unwrap(),
        Export { lines: 9, ..running.clone() }
    );
    let done = Export {
        state: ExportState::Done,
        lines: 12,
        bytes: 1 << 40,
        failure: Some("once".to_owned()),
        ended_at: Some(at(8)),
        expires_at: Some(at(30)),
        ..running.clone()
    };
    assert!(Exports::update(db, &done).await.unwrap());
    assert!(!Exports::update(db, &running).await.unwrap(), "what has ended stays as it is");
    assert_eq!(Exports::get(db, ours, first.id).await.unwrap(), Some(done.clone()));
    assert_eq!(unfinished().await, [second.id]);

    let expired = async |now| {
        let all = db.expired(now, 100).await.unwrap();
        all.into_iter().filter(|one| one.workspace == ours).collect::<Vec<_>>()
    };
    assert_eq!(expired(at(29)).await, []);
    db.set_deletion(ours, Some(due(true)), Asker::Operator).await.unwrap();
    assert_eq!(expired(at(30)).await, [], "a deletion waits for it");
    db.set_deletion(ours, None, Asker::Operator).await.unwrap();
    assert_eq!(expired(at(30)).await, [done]);
    Exports::delete(db, theirs, first.id).await.unwrap();
    assert!(Exports::get(db, ours, first.id).await.unwrap().is_some());
    for id in [first.id, second.id] {
        Exports::delete(db, ours, id).await.unwrap();
    }
    assert_eq!(Exports::list(db, ours).await.unwrap(), []);
}

async fn media_in_pages(db: &Database) {
    let (ours, theirs) = (tenant(db).await.id, tenant(db).await.id);
    let files = [media(ours, None, 3), media(ours, None, 2), media(ours, None, 1)];
    for file in files.iter().chain([&media(theirs, None, 1)]) {
        MediaIndex::insert(db, file).await.unwrap();
    }
    assert_eq!(MediaIndex::list(db, ours, None, 2).await.unwrap(), files[..2]);
    assert_eq!(MediaIndex::list(db, ours, Some(files[1].id), 2).await.unwrap(), files[2..]);
}

async fn owners_leave_what_operators_asked_for(db: &Database) {
    let id = tenant(db).await.id;
    let (theirs, operators) = (Deletion { by: Asker::Owner, ..due(true) }, due(false));
    let set = async |deletion, by| db.set_deletion(id, deletion, by).await.unwrap().unwrap().deletion;
    assert_eq!(set(Some(theirs), Asker::Owner).await, Some(theirs));
    assert_eq!(Workspaces::get(db, id).await.unwrap().unwrap().deletion, Some(theirs));
    assert_eq!(set(None, Asker::Owner).await, None);
    assert_eq!(set(None, Asker::Owner).await, None, "twice is once");
    set(Some(theirs), Asker::Owner).await;
    assert_eq!(
        set(Some(operators), Asker::Operator).await,
        Some(operators),
        "also of what an owner asked for"
    );
    assert_eq!(set(None, Asker::Owner).await, Some(operators));
    assert_eq!(set(Some(theirs), Asker::Owner).await, Some(operators));
    assert_eq!(set(None, Asker::Operator).await, None);
}

async fn a_deletion_can_be_undone(db: &Database) {
    let workspace = tenant(db).await;
    let asked = db.set_deletion(workspace.id, Some(due(false)), Asker::Operator).await.unwrap().unwrap();
    assert_eq!(asked, Workspace { deletion: Some(due(false)), ..workspace.clone() });
    assert_eq!(is_due(db, workspace.id, at(19)).await, None, "the grace goes on");
    assert!(!Removals::begin(db, workspace.id, at(19), at(60)).await.unwrap());
    assert!(is_due(db, workspace.id, at(20)).await.is_some());
    assert_eq!(db.set_deletion(workspace.id, None, Asker::Operator).await.unwrap(), Some(workspace.clone()));
    assert_eq!(is_due(db, workspace.id, at(99)).await, None);
    assert!(!Removals::begin(db, workspace.id, at(99), at(60)).await.unwrap(), "undone at the last moment");
    assert_eq!(
        Removals::remove(db, workspace.id, 100).await.unwrap(),
        0,
        "of one that is there nothing goes"
    );

    db.set_deletion(workspace.id, Some(due(false)), Asker::Operator).await.unwrap();
    assert!(Removals::begin(db, workspace.id, at(20), at(60)).await.unwrap());
    assert!(!Removals::begin(db, workspace.id, at(20), at(60)).await.unwrap(), "once");
    assert_eq!(
        db.set_deletion(workspace.id, None, Asker::Operator).await.unwrap(),
        None,
        "there is no way back"
    );
}

async fn it_waits_for_its_export(db: &Database) {
    let workspace = tenant(db).await.id;
    db.set_deletion(workspace, Some(due(true)), Asker::Operator).await.unwrap();
    let end = async |export: &Export, state| {
        let expires_at = Some(at(18));
        let ended = Export { state, ended_at: Some(at(15)), expires_at, ..export.clone() };
        assert!(Exports::update(db, &ended).await.unwrap());
    };
    let [before, failed, made] = [9, 10, 11].map(|asked| Export::new(id(), workspace, at(asked)));
    Exports::insert(db, &before).await.unwrap();
    end(&before, ExportState::Done).await;
    assert_eq!(is_due(db, workspace, at(20)).await, None, "it may lack what was changed since");
    Exports::insert(db, &failed).await.unwrap();
    end(&failed, ExportState::Failed).await;
    assert_eq!(is_due(db, workspace, at(20)).await, None);
    Exports::insert(db, &made).await.unwrap();
    assert_eq!(is_due(db, workspace, at(20)).await, None);
    end(&made, ExportState::Done).await;
    assert!(is_due(db, workspace, at(20)).await.is_some());
    let another = Export::new(id(), workspace, at(12));
    Exports::insert(db, &another).await.unwrap();
    assert!(
        !Removals::begin(db, workspace, at(20), at(60)).await.unwrap(),
        "nothing is taken from under an export"
    );
    end(&another, ExportState::Done).await;
    assert!(Removals::begin(db, workspace, at(20), at(60)).await.unwrap());
    while Removals::remove(db, workspace, 100).await.unwrap() > 0 {}
    let kept: Vec<_> =
        Exports::list(db, workspace).await.unwrap().into_iter().map(|export| export.id).collect();
    assert_eq!(kept, [another.id, made.id, before.id], "those with a file stay until they expire");
}

async fn sessions_are_let_go_of_and_held_once_more(db: &Database) {
    let workspace = tenant(db).await.id;
    let key = Sessions::insert(db, &session(workspace)).await.unwrap().key();
    let wanted = async || db.wanted().await.unwrap().iter().any(|session| session.key() == key);
    assert!(wanted().await);
    db.set_deletion(workspace, Some(due(false)), Asker::Operator).await.unwrap();
    assert!(!wanted().await);
    db.unlink(workspace, at(50)).await.unwrap();
    assert!(wanted().await, "to be logged out");
    let found = is_due(db, workspace, at(20)).await;
    assert_eq!(found, Some(Due { workspace, unlink_until: Some(at(50)) }));
    assert!(Removals::begin(db, workspace, at(20), at(60)).await.unwrap());
    assert!(!wanted().await);
}

async fn events_of_the_deleted_are_not_stored(db: &Database) {
    let (gone, there) = (doomed(db).await.id, tenant(db).await.id);
    let [theirs, ours] = [gone, there].map(|workspace| {
        let key = SessionKey { workspace, id: id() };
        outgoing(key, &pn("628400"), 1)
    });
    db.apply(&[accepted(&theirs, 1), accepted(&ours, 1)]).await.unwrap();
    db.apply(&[accepted(&theirs, 1)]).await.unwrap();
    assert_eq!(Messages::get(db, gone, theirs.id).await.unwrap(), None);
    assert!(Messages::get(db, there, ours.id).await.unwrap().is_some());
    while Removals::remove(db, gone, 100).await.unwrap() > 0 {}
}

/// Fills every table of the catalogue for two tenants alike, deletes one in small parts, and looks through every column of
/// every table.
async fn nothing_but_a_tombstone_is_left(db: &Database) {
    let (gone, twin) = (tenant(db).await, tenant(db).await);
    let user = somebody(db, "both@example.com").await;
    let mut filled = Vec::new();
    for workspace in [gone.id, twin.id] {
        filled = db.fill(workspace, &user).await.unwrap();
    }
    assert!(filled.len() > 30, "{filled:?}");
    let [ours, theirs] = [traces(db, gone.id).await, traces(db, twin.id).await];
    assert_eq!(ours, theirs, "alike");
    for table in &filled {
        assert!(ours.keys().any(|column| column.starts_with(&format!("{table}."))), "{table} holds nothing");
    }

    db.set_deletion(gone.id, Some(due(false)), Asker::Operator).await.unwrap();
    assert!(Removals::begin(db, gone.id, at(20), at(60)).await.unwrap());
    assert!(open(db, gone.id, at(0), at(0)).await);
    let mut parts = 0;
    loop {
        let removed = Removals::remove(db, gone.id, 7).await.unwrap();
        assert!(removed <= 7, "no more than asked for: {removed}");
        if removed == 0 {
            break;
        }
        parts += 1;
    }
    assert!(parts > 10, "{parts}");
    assert_eq!(traces(db, gone.id).await, BTreeMap::from([("deleted_workspaces.id".to_owned(), 1)]));
    assert_eq!(traces(db, twin.id).await, theirs, "of the twin everything is there");
    let person = People::get(db, user.parse().unwrap()).await.unwrap();
    assert!(person.is_some(), "people keep their account");

    let tombstone = |ended_at| Tombstone {
        id: gone.id,
        name: "Acme".to_owned(),
        asked_at: at(10),
        began_at: at(20),
        ended_at,
    };
    let found = async || {
        let all = db.tombstones(None, 100).await.unwrap();
        all.into_iter().find(|one| one.id == gone.id).unwrap()
    };
    assert_eq!(found().await, tombstone(None));
    Removals::end(db, gone.id, at(30)).await.unwrap();
    Removals::end(db, gone.id, at(40)).await.unwrap();
    assert_eq!(found().await, tombstone(Some(at(30))), "it ends once");
    assert!(db.tombstones(Some(gone.id), 100).await.unwrap().iter().all(|one| one.id < gone.id));
    assert_eq!(db.tombstones(None, 1).await.unwrap().len(), 1);
    assert!(open(db, gone.id, at(29), at(41)).await, "looked at again for a while");
    assert!(!open(db, gone.id, at(29), at(40)).await, "but not all the time");
    assert!(!open(db, gone.id, at(30), at(41)).await, "and not for ever");
}

async fn traces(db: &Database, workspace: WorkspaceId) -> BTreeMap<String, i64> {
    db.traces(&workspace.to_string()).await.unwrap()
}

async fn open(db: &Database, workspace: WorkspaceId, ended: Timestamp, seen: Timestamp) -> bool {
    Removals::open(db, ended, seen).await.unwrap().contains(&workspace)
}

/// A person on record, who belongs to nothing yet.
async fn somebody(db: &Database, address: &str) -> String {
    let person = Person {
        id: id(),
        address: address.parse::<EmailAddress>().unwrap(),
        name: "Ayu".to_owned(),
        password: None,
        operator: false,
        disabled_at: None,
        created_at: at(1),
    };
    let newcomer = Newcomer { person: &person, own: None, code: None, identity: None };
    assert_eq!(db.admit(newcomer, at(2)).await.unwrap(), Admitted::Made);
    person.id.to_string()
}
