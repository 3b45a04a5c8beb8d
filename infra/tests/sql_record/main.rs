//! The record holds its promises on SQLite and on PostgreSQL: one suite, run on both.

mod audit;
mod databases;
mod events;
mod identities;
mod memory;
mod opening;
mod origins;
mod outbox;
mod people;
mod ports;
mod projection;
mod reading;
mod removals;
mod replay;
mod retention;
mod sample;
mod sealing;
mod stale;
mod telling;
mod terms;

use wagate_infra::sql::Database;
use wagate_infra::testing::ring;

use databases::{SqliteFile, postgres};

async fn conforms(db: &Database, url: &str) {
    ports::workspaces(db).await;
    ports::api_keys(db).await;
    audit::is_kept(db).await;
    audit::is_filtered(db).await;
    audit::goes_by_its_age(db).await;
    audit::is_settled_once(db).await;
    ports::sessions(db).await;
    ports::sessions_within(db).await;
    ports::epochs(db).await;
    ports::media(db).await;
    ports::messages(db).await;
    ports::unfinished(db).await;
    ports::odd_text(db).await;
    ports::uploaded_prekeys(db).await;
    memory::keys(db).await;
    memory::sessions(db).await;
    memory::workspaces(db).await;
    projection::forward_only(db).await;
    projection::edits(db).await;
    projection::queued_again(db).await;
    projection::receipts(db).await;
    projection::deduplicates(db).await;
    projection::joins_pn_and_lid(db).await;
    projection::learns_beside_a_busy_api(db).await;
    projection::numbers_move(db).await;
    projection::merges_drop_twins(db).await;
    projection::session_events(db).await;
    projection::media_settles(db).await;
    projection::many_projectors(db).await;
    reading::chats_count(db).await;
    reading::history_is_read(db).await;
    reading::chats_change(db).await;
    reading::groups_have_names(db).await;
    reading::chats_merge(db).await;
    reading::chats_in_pages(db).await;
    reading::messages_both_ways(db).await;
    reading::search(db).await;
    reading::search_is_narrowed(db).await;
    reading::search_follows_changes(db).await;
    reading::contacts_in_pages(db).await;
    outbox::mail_is_sent(db).await;
    outbox::mail_is_kept(db).await;
    outbox::no_secret_is_left(db, url).await;
    outbox::switched_off_with_a_mail(db).await;
    origins::origins(db).await;
    retention::is_set(db).await;
    telling::sent_is_told_once_and_first(db).await;
    telling::what_the_history_was_ahead_of_is_told_when_it_comes(db).await;
    terms::the_last_to_begin_writes(db).await;
    retention::messages_go(db).await;
    retention::old_media(db).await;
    retention::events_go(db).await;
    stale::every_write_is_refused(db).await;
    stale::of_writes_made_together_the_stale_are_refused(db).await;
    stale::a_deleted_session_takes_its_store_along(db).await;
    stale::nothing_is_written_after_a_change_of_owner(db).await;
    opening::ping_and_close(db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let file = SqliteFile::new();
    let db = file.open().await;
    stale::of_writes_made_together_the_last_counts(&db).await;
    sealing::lies_sealed(&db, &file.url()).await;
    conforms(&db, &file.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_on_sqlite() {
    sealing::gets_new_keys(&SqliteFile::new().url()).await;
    sealing::is_taken_up_where_it_stopped(&SqliteFile::new().url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_on_postgresql() {
    let server = postgres().await;
    sealing::gets_new_keys(&server.database().await).await;
    sealing::is_taken_up_where_it_stopped(&server.database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql() {
    let server = postgres().await;
    let url = server.database().await;
    opening::many_migrate_at_once(&server.database().await).await;
    let db = Database::open(&url, &ring()).await.expect("an open database");
    db.migrate().await.expect("the schema");
    stale::a_write_waits_for_a_change_that_is_being_made(&db, &url).await;
    sealing::lies_sealed(&db, &url).await;
    conforms(&db, &url).await;
}
