//! Faults, scripts, weather, restrictions and the trace over the control API.

use super::*;

async fn refused(api: &Api, method: &str, path: &str, body: Value, field: &str) {
    let (status, problem) = api.call(method, path, Some(body.clone())).await;
    let found = (status, problem["field"].as_str());
    assert_eq!(found, (StatusCode::UNPROCESSABLE_ENTITY, Some(field)), "{body}: {problem}");
    assert!(problem["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{problem}");
}

#[tokio::test]
async fn faults_are_set_shown_and_taken_away() {
    let api = Api::new().await;
    let fault = json!({
        "on": { "number": format!("+{ADA}"), "tag": "message" },
        "when": { "nth": 3 },
        "effect": { "kind": "delay", "ms": 50 },
    });
    let (status, set) = api.call("POST", "/v1/faults", Some(fault)).await;
    assert_eq!(status, StatusCode::CREATED, "{set}");
    assert_eq!((&set["state"], &set["applied"]), (&json!("active"), &json!(0)));
    assert_eq!(set["effect"], json!({ "kind": "delay", "ms": 50, "keep_order": true }));
    let path = format!("/v1/faults/{}", set["id"]);
    assert_eq!(api.call("GET", &path, None).await, (StatusCode::OK, set));
    assert_eq!(api.call("DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    for method in ["GET", "DELETE"] {
        assert_eq!(api.call(method, &path, None).await.0, StatusCode::NOT_FOUND);
    }
    let (_, left) = api.call("GET", "/v1/faults", None).await;
    assert_eq!(left, json!({ "items": [] }));
}

#[tokio::test]
async fn a_script_is_shown_step_by_step() {
    let api = Api::new().await;
    let steps = json!({ "steps": [
        { "effect": { "kind": "drop" }, "on": { "tag": "receipt" } },
        { "effect": { "kind": "half_open" }, "when": { "for_seconds": 60 } },
    ]});
    let (status, script) = api.call("POST", "/v1/scripts", Some(steps)).await;
    assert_eq!(status, StatusCode::CREATED, "{script}");
    let states: Vec<_> = (0..2).map(|step| script["steps"][step]["state"].clone()).collect();
    assert_eq!(states, ["active", "waiting"]);
    assert_eq!(script["steps"][0]["when"], json!({ "times": 1 }), "a step without end works once");
    let path = format!("/v1/scripts/{}", script["id"]);
    assert_eq!(api.call("GET", &path, None).await, (StatusCode::OK, script));
    assert_eq!(api.call("DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(api.call("GET", &path, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_that_make_no_sense_are_named() {
    let api = Api::new().await;
    let table = [
        (json!({ "number": "12" }), json!({}), json!({ "kind": "drop" }), "on.number"),
        (json!({ "device": 1 }), json!({}), json!({ "kind": "drop" }), "on.device"),
        (json!({ "number": ADA }), json!({}), json!({ "kind": "garbage_hello" }), "on.number"),
        (json!({ "tag": "iq" }), json!({}), json!({ "kind": "media_garble" }), "on.tag"),
        (json!({ "tag": "receipt" }), json!({}), json!({ "kind": "nack", "code": 463 }), "on.tag"),
        (json!({ "direction": "in" }), json!({}), json!({ "kind": "damage_enc" }), "on.direction"),
        (json!({}), json!({ "nth": 0 }), json!({ "kind": "drop" }), "when.nth"),
        (json!({}), json!({ "probability": 2.0 }), json!({ "kind": "drop" }), "when.probability"),
        (json!({}), json!({}), json!({ "kind": "nack", "code": 200 }), "effect.code"),
        (json!({}), json!({}), json!({ "kind": "reorder", "hold": 1 }), "effect.hold"),
        (json!({}), json!({}), json!({ "kind": "split", "bytes": 0 }), "effect.bytes"),
        (json!({}), json!({}), json!({ "kind": "delay", "ms": 0 }), "effect.ms"),
    ];
    for (on, when, effect, field) in table {
        refused(&api, "POST", "/v1/faults", json!({ "on": on, "when": when, "effect": effect }), field).await;
    }
    refused(&api, "POST", "/v1/scripts", json!({ "steps": [] }), "steps").await;
    let steps =
        json!({ "steps": [{ "effect": { "kind": "drop" } }, { "effect": { "kind": "nack", "code": 1 } }] });
    refused(&api, "POST", "/v1/scripts", steps, "steps.1.effect.code").await;
    let unknown = Some(json!({ "effect": { "kind": "explode" } }));
    let (status, problem) = api.call("POST", "/v1/faults", unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("explode")), "{problem}");
    let (_, left) = api.call("GET", "/v1/faults", None).await;
    assert_eq!(left, json!({ "items": [] }), "nothing of it was set");
}

#[tokio::test]
async fn the_weather_has_names_or_chances() {
    let api = Api::new().await;
    let (_, calm) = api.call("GET", "/v1/weather", None).await;
    assert_eq!(calm["chances"]["drop"], 0.0);
    let storm = Some(json!({ "preset": "storm", "seed": 7, "numbers": [ADA] }));
    let (status, storm) = api.call("PUT", "/v1/weather", storm).await;
    assert_eq!((status, &storm["seed"]), (StatusCode::OK, &json!(7)));
    assert!(storm["chances"]["close"].as_f64().is_some_and(|chance| chance > 0.0), "{storm}");
    assert_eq!(api.call("DELETE", "/v1/weather", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(api.call("GET", "/v1/weather", None).await.1, calm);
    refused(&api, "PUT", "/v1/weather", json!({ "seed": 1 }), "preset").await;
    refused(&api, "PUT", "/v1/weather", json!({ "chances": { "drop": 1.5 } }), "chances.drop").await;
    refused(&api, "PUT", "/v1/weather", json!({ "chances": { "drop": 0.1 }, "numbers": ["x"] }), "numbers.0")
        .await;
}

#[tokio::test]
async fn restrictions_and_offline_phones_refuse_what_makes_no_sense() {
    let api = Api::new().await;
    api.phone(ADA).await;
    let restrictions = format!("/v1/phones/{ADA}/restrictions");
    let set = |kind: &str| format!("{restrictions}/{kind}");
    refused(&api, "PUT", &set("parole"), json!({ "seconds": 1 }), "kind").await;
    refused(&api, "PUT", &set("ban"), json!({ "seconds": 0 }), "seconds").await;
    refused(&api, "PUT", &set("ban"), json!({ "seconds": 1, "quota": 1 }), "quota").await;
    let offline = format!("/v1/phones/{ADA}/offline");
    refused(&api, "PUT", &offline, json!({ "offline": false, "seconds": 5 }), "seconds").await;

    let (status, listed) =
        api.call("PUT", &set("new_chat_cap"), Some(json!({ "seconds": 60, "quota": 3 }))).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    assert_eq!(listed["items"][0]["kind"], "new_chat_cap");
    assert_eq!((&listed["items"][0]["quota"], &listed["items"][0]["used"]), (&json!(3), &json!(0)));
    api.call("POST", "/v1/time/advance", Some(json!({ "seconds": 60 }))).await;
    let (_, listed) = api.call("GET", &restrictions, None).await;
    assert_eq!(listed["items"], json!([]), "it has ended");
    assert_eq!(api.call("DELETE", &set("new_chat_cap"), None).await.0, StatusCode::NOT_FOUND);
    let (_, switched) = api.call("PUT", &offline, Some(json!({ "offline": true }))).await;
    assert_eq!(
        (switched, api.call("GET", &offline, None).await.1),
        (json!({ "offline": true }), json!({ "offline": true }))
    );
}

#[tokio::test]
async fn the_trace_is_paged_filtered_and_waited_for() {
    let api = Api::new().await;
    api.phone(ADA).await;
    let offline = format!("/v1/phones/{ADA}/offline");
    let waiting = api.call("GET", "/v1/trace?kind=phone&wait_seconds=30", None);
    let switching = api.call("PUT", &offline, Some(json!({ "offline": true })));
    let ((_, first), _) = tokio::join!(waiting, switching);
    assert_eq!(first["items"][0]["detail"], "offline");
    assert_eq!(first["items"][0]["number"], ADA.parse::<u64>().expect("number"));
    api.call("PUT", &offline, Some(json!({ "offline": false }))).await;
    let path = format!("/v1/trace?after={}&number={ADA}&kind=phone,login&limit=1", first["next"]);
    let (_, second) = api.call("GET", &path, None).await;
    assert_eq!(second["items"][0]["detail"], "online");
    let nobody = format!("/v1/trace?number={BEN}");
    assert_eq!(api.call("GET", &nobody, None).await.1["items"], json!([]));
    assert_eq!(api.call("DELETE", "/v1/trace", None).await.0, StatusCode::NO_CONTENT);
    let (_, cleared) = api.call("GET", "/v1/trace", None).await;
    assert_eq!((&cleared["items"], &cleared["next"]), (&json!([]), &second["next"]));

    let (_, off) = api.call("PUT", "/v1/trace", Some(json!({ "record": false, "nodes": true }))).await;
    assert_eq!((&off["record"], &off["nodes"]), (&json!(false), &json!(true)));
    api.call("PUT", &offline, Some(json!({ "offline": true }))).await;
    assert_eq!(api.call("GET", "/v1/trace", None).await.1["items"], json!([]));
    for (query, field) in [
        ("limit=0", "limit"),
        ("wait_seconds=100", "wait_seconds"),
        ("kind=weather", "kind"),
        ("number=x", "number"),
        ("colour=red", "query"),
    ] {
        let (status, problem) = api.call("GET", &format!("/v1/trace?{query}"), None).await;
        assert_eq!((status, problem["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
    }
}
