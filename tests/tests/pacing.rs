//! How fast a session sends: what its pace holds back waits, tells until when, and leaves when it may.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde_json::{Value, json};
use wagate_tests::{Api, Stack, eventually};

const SHOP: &str = "6281200000001";
const CUSTOMER: &str = "6281234567890";
const ANOTHER: &str = "6281234567891";

fn moment(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no moment"))
}

/// A time zone in which it is between 12:00 and 13:00, so that no day ends while a test runs.
fn noon() -> (String, TimeZone) {
    let hour = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).hour());
    // the signs of these names are the other way round
    let name = match hour - 12 {
        0 => "Etc/GMT".to_owned(),
        west if west > 0 => format!("Etc/GMT+{west}"),
        east => format!("Etc/GMT{east}"),
    };
    let zone = TimeZone::get(&name).expect("a known zone");
    (name, zone)
}

fn midnight(zone: &TimeZone) -> Timestamp {
    let now: Zoned = Timestamp::now().to_zoned(zone.clone());
    now.tomorrow().and_then(|tomorrow| tomorrow.start_of_day()).expect("a day").timestamp()
}

/// Waits until a message is delivered; when a connector took it.
async fn taken(api: &Api, id: &str) -> Timestamp {
    api.message_is(id, "delivered").await;
    // the receipt may be on record before the word that it was taken
    eventually("the time it was taken", || async {
        let message = api.get(&format!("/api/v1/messages/{id}")).await.expect(200).json();
        message["times"]["sending"].is_string().then(|| moment(&message["times"]["sending"]))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_leave_no_faster_than_the_rate_and_a_new_rate_holds_at_once() {
    let mut stack = Stack::sqlite().await;
    let (shop, _customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    api.pace(&session, &json!({"per_minute": 120, "burst": 2})).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(api.text(&session, CUSTOMER, &n.to_string()).await);
    }
    // the pace begins with the first, which cannot have been taken before it was accepted
    let accepted = moment(&api.message_is(&ids[0], "delivered").await["times"]["accepted"]);
    for (n, id) in ids.iter().enumerate().skip(2) {
        // half a second each, after a burst of two
        let earliest =
            accepted + jiff::SignedDuration::from_millis(500) * (i32::try_from(n).expect("few") - 1);
        assert!(taken(&api, id).await >= earliest, "message {n} left too early");
    }

    api.pace(&session, &json!({"per_minute": 1})).await;
    let now = api.text(&session, CUSTOMER, "one of this minute").await;
    api.message_is(&now, "delivered").await;
    let later = api.text(&session, CUSTOMER, "too many").await;
    let waiting = api.waits(&later, "for the next minute", |waiting| waiting["place"] == "ready").await;
    assert_eq!((&waiting["ahead"], &waiting["attempts"]), (&json!(0), &json!(0)));
    let lifted = Timestamp::now();
    api.pace(&session, &json!({})).await;
    let left = taken(&api, &later).await;
    assert!(left >= lifted, "it left at {left}, before the pace was lifted at {lifted}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_cap_holds_until_the_day_ends_in_the_sessions_time_zone() {
    let mut stack = Stack::sqlite().await;
    let (shop, _customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let (name, zone) = noon();
    api.pace(&session, &json!({"per_day": 2, "time_zone": name})).await;
    for text in ["first", "second"] {
        let id = api.text(&session, CUSTOMER, text).await;
        api.message_is(&id, "delivered").await;
    }
    let third = api.text(&session, CUSTOMER, "third").await;
    let waiting = api.waits(&third, "for tomorrow", |waiting| waiting["place"] == "ready").await;
    assert_eq!(moment(&waiting["expected_at"]), midnight(&zone));
    // what was sent today is known to the next owner, too
    stack.restart().await;
    let api = stack.api();
    api.session_in(&session, "connected").await;
    let waiting = api.waits(&third, "still", |waiting| waiting["place"] == "ready").await;
    assert_eq!(moment(&waiting["expected_at"]), midnight(&zone));
    let raised = Timestamp::now();
    api.pace(&session, &json!({"per_day": 3, "time_zone": name})).await;
    assert!(taken(&api, &third).await >= raised);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_quiet_hours_bulk_waits_and_single_sends_leave() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let (name, zone) = noon();
    let quiet = json!({"quiet_hours": {"from": "11:00", "until": "15:00"}, "time_zone": name});
    api.pace(&session, &quiet).await;
    let bulk = json!({"to": CUSTOMER, "type": "text", "text": {"body": "sale!"}, "priority": "bulk"});
    let bulk = api.message(&session, &bulk).await;
    let single = api.text(&session, CUSTOMER, "your order").await;
    api.message_is(&single, "delivered").await;
    let waiting =
        api.waits(&bulk, "for the end of the quiet hours", |waiting| waiting["place"] == "ready").await;
    let end = Timestamp::now().to_zoned(zone).date().at(15, 0, 0, 0);
    let end = end.to_zoned(TimeZone::get(&name).expect("a zone")).expect("a moment").timestamp();
    assert_eq!(moment(&waiting["expected_at"]), end);
    let lifted = Timestamp::now();
    api.pace(&session, &json!({})).await;
    assert!(taken(&api, &bulk).await >= lifted);
    customer.shows_text("sale!").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_of_new_chats_only_known_people_are_written_to() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let another = stack.phone(ANOTHER, "Budi").await;
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let (name, zone) = noon();
    api.pace(&session, &json!({"new_chats_per_day": 1, "time_zone": name})).await;
    let begun = api.text(&session, CUSTOMER, "hello Ayu").await;
    api.message_is(&begun, "delivered").await;
    let parked = api.text(&session, ANOTHER, "hello Budi").await;
    let waiting = api.waits(&parked, "set aside", |waiting| waiting["place"] == "parked").await;
    assert_eq!(moment(&waiting["expected_at"]), midnight(&zone));
    let known = api.text(&session, CUSTOMER, "and another thing").await;
    api.message_is(&known, "delivered").await;
    customer.shows_text("and another thing").await;
    let queue = api.get(&format!("/api/v1/sessions/{session}/queue")).await.expect(200).json();
    assert_eq!((&queue["parked"], &queue["interactive"]), (&json!(1), &json!(0)));
    let raised = Timestamp::now();
    api.pace(&session, &json!({"new_chats_per_day": 2, "time_zone": name})).await;
    assert!(taken(&api, &parked).await >= raised);
    another.shows_text("hello Budi").await;
    stack.stop().await;
}
