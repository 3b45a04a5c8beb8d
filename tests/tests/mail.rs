//! Mail, as a mail server that we did not write and Python's email package see it, and as the mailbox shows it.

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    MailId, Timestamp,
    ids::{Id, ulid},
    mail::{Letter, Mail},
    ports::{MailTaken, Mailer, SendError},
};
use wagate_infra::{
    config::{MailConfig, Secret},
    mail::SmtpMailer,
};
use wagate_tests::{Api, Db, Endpoint, MailServer, Manner, Stack, Tls, eventually};

/// A webhook that is switched off at its first event, and whose owner is told; its id.
async fn switched_off(api: &Api, endpoint: &Endpoint, owner: &str) -> String {
    let body = json!({"url": endpoint.url(), "events": ["session.*"], "notify_email": owner});
    let webhook = api.post("/api/v1/webhooks", &body).await.expect(201).json();
    let id = webhook["id"].as_str().expect("an id").to_owned();
    api.create_session().await;
    eventually("it is off", || async {
        let webhook = api.get(&format!("/api/v1/webhooks/{id}")).await.expect(200).json();
        (webhook["enabled"] == false).then_some(())
    })
    .await;
    id
}

async fn a_webhook_that_is_switched_off_tells_its_owner(db: Db, tls: Tls) {
    let server = MailServer::start(tls).await;
    let stack = Stack::mailing(db, server.config()).await;
    let (api, endpoint) = (stack.api(), Endpoint::behaving(Manner::Status(410)).await);
    let webhook = switched_off(&api, &endpoint, "ops@example.com").await;

    let mails = server.takes("ops@example.com", 1).await;
    let mail = &mails[0];
    assert_eq!(mail["defects"], json!([]), "{mail}");
    assert_eq!((&mail["tls"], &mail["sender"]), (&json!(tls != Tls::None), &json!("wagate@example.com")));
    assert_eq!(mail["login"], if tls == Tls::None { Value::Null } else { json!("wagate") });
    let header = |name: &str| mail["mail"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(header("Subject"), "A webhook was switched off");
    assert_eq!(header("From"), "Wägate <wagate@example.com>");
    assert_eq!(header("To"), "ops@example.com");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert!(header("Message-ID").starts_with("<mal_") && header("Message-ID").ends_with("@example.com>"));
    let link = format!("{}/api/v1/webhooks/{webhook}", stack.up().api_url());
    let text = mail["text"].as_str().expect("text");
    assert!(text.lines().any(|line| line.trim_end() == link), "{text}");
    assert!(text.contains(endpoint.url()) && text.contains("410"), "{text}");
    assert!(mail["html"].as_str().expect("html").contains("Look at the webhook"), "{mail}");

    // a second one is told by a mail of its own, and nobody is told twice
    switched_off(&api, &endpoint, "others@example.com").await;
    server.takes("others@example.com", 1).await;
    assert_eq!(server.mails("ops@example.com").len(), 1);
    for path in ["/mailbox", "/mailbox.json"] {
        api.get(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_switched_off_tells_its_owner_on_sqlite() {
    a_webhook_that_is_switched_off_tells_its_owner(Db::Sqlite, Tls::Start).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_switched_off_tells_its_owner_on_postgresql() {
    a_webhook_that_is_switched_off_tells_its_owner(Db::Postgres, Tls::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_does_not_take_at_once() {
    let server = MailServer::start(Tls::None).await;
    let stack = Stack::mailing(Db::Sqlite, server.config()).await;
    let (api, endpoint) = (stack.api(), Endpoint::behaving(Manner::Status(410)).await);

    switched_off(&api, &endpoint, "refused@example.com").await;
    let ends = r#"wagate_mails_total{outcome="failed"} 1"#;
    eventually("the refusal is the end", || async {
        let figures = stack.operations().get("/metrics").await.expect(200).bytes;
        String::from_utf8_lossy(&figures).contains(ends).then_some(())
    })
    .await;

    switched_off(&api, &endpoint, "greylisted@example.com").await;
    server.takes("greylisted@example.com", 1).await;
    assert_eq!(server.answers("greylisted@example.com"), ["450 4.7.1 come back later", "250 2.1.5 ok"]);

    // nobody knows whether a server that dies has the mail: it comes again, and can be told by its id
    switched_off(&api, &endpoint, "dies@example.com").await;
    let twice = server.takes("dies@example.com", 2).await;
    assert_eq!(twice[0]["mail"]["Message-ID"], twice[1]["mail"]["Message-ID"]);
    assert_eq!(server.answers("refused@example.com"), ["550 5.1.1 no such user"], "it was not asked again");
}

fn letter(to: &str) -> Mail {
    Mail {
        id: MailId::from_ulid(ulid(Timestamp::default(), 7)),
        workspace: None,
        to: to.to_owned(),
        letter: Letter::Invitation {
            workspace: "Söhne\r\nBcc: all@example.com <script>".to_owned(),
            by: "Ayu".to_owned(),
            role: "editor".to_owned(),
            link: "https://wa.example/join?token=a&b".to_owned(),
        },
        created_at: Timestamp::from_millis(1_767_225_600_000),
    }
}

async fn send(config: &MailConfig, to: &str) -> Result<MailTaken, SendError> {
    let url = config.smtp_url.as_ref().expect("a server").expose();
    SmtpMailer::new(url, config).expect("settings").send(&letter(to)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_try_ends() {
    let server = MailServer::start(Tls::None).await;
    let config = server.config();
    let taken = send(&config, "ayu@example.com").await.expect("it is taken");
    assert_eq!(taken, MailTaken::ByServer("250 2.0.0 taken".to_owned()));
    let mail = &server.takes("ayu@example.com", 1).await[0];
    assert_eq!(mail["mail"]["Subject"], "Ayu invites you to Söhne Bcc: all@example.com <script>");
    assert_eq!((&mail["mail"]["Bcc"], &mail["to"]), (&Value::Null, &json!(["ayu@example.com"])));
    let mut lines = mail["text"].as_str().expect("text").lines();
    assert!(lines.any(|line| line == "https://wa.example/join?token=a&b"), "{mail}");
    assert!(!mail["html"].as_str().unwrap().contains("<script>"), "{mail}");

    let refused = send(&config, "refused@example.com").await;
    assert!(matches!(&refused, Err(SendError::Never(said)) if said.contains("no such user")), "{refused:?}");
    let grey = send(&config, "greylisted@example.com").await;
    assert!(matches!(&grey, Err(SendError::Later(said)) if said.contains("come back later")), "{grey:?}");
    let dead = send(&config, "dies@example.com").await;
    assert!(matches!(dead, Err(SendError::Later(_))), "{dead:?}");
    let nowhere = send(&config, "no address").await;
    assert!(matches!(nowhere, Err(SendError::Never(_))), "{nowhere:?}");
    let impatient = MailConfig { timeout: std::time::Duration::from_millis(300), ..config };
    let hangs = send(&impatient, "hangs@example.com").await;
    assert!(matches!(hangs, Err(SendError::Later(_))), "{hangs:?}");
}

/// Whatever is wrong with how we sign in can be mended, and no mail is lost until then.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_given_to_the_right_server_only() {
    let (plain, start) = (MailServer::start(Tls::None).await, MailServer::start(Tls::Start).await);
    send(&start.config(), "ayu@example.com").await.expect("it is taken");
    let url = |config: &MailConfig| config.smtp_url.as_ref().expect("a server").expose().clone();
    let changed = |from: &MailServer, change: &dyn Fn(&str) -> String| MailConfig {
        smtp_url: Some(Secret::new(change(&url(&from.config())))),
        ..from.config()
    };
    for (what, config) in [
        ("a wrong password", changed(&start, &|url| url.replace("wagate:", "wagate:x"))),
        ("an authority nobody knows", MailConfig { ca_file: None, ..start.config() }),
        ("a server without TLS", changed(&plain, &|url| format!("{url}?tls=required"))),
        ("nothing listens", changed(&plain, &|_| "smtp://127.0.0.1:1".to_owned())),
    ] {
        let impatient = MailConfig { timeout: std::time::Duration::from_secs(2), ..config };
        let tried = send(&impatient, "ayu@example.com").await;
        assert!(matches!(tried, Err(SendError::Later(_))), "{what}: {tried:?}");
    }
    assert_eq!((start.mails("ayu@example.com").len(), plain.mails("ayu@example.com").len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_mails_can_be_read_in_the_mailbox() {
    let mut stack = Stack::sqlite().await;
    let (api, endpoint) = (stack.api(), Endpoint::behaving(Manner::Status(410)).await);
    assert_eq!(api.get("/mailbox.json").await.expect(200).json(), json!({"mails": []}));
    let webhook = switched_off(&api, &endpoint, "ops@example.com").await;
    let mail = eventually("a mail", || async {
        let mails = api.get("/mailbox.json").await.expect(200).json();
        mails["mails"].get(0).cloned()
    })
    .await;
    assert_eq!((&mail["to"], &mail["kind"]), (&json!("ops@example.com"), &json!("webhook_disabled")));
    assert!(mail["text"].as_str().unwrap().contains(&webhook), "{mail}");

    stack.restart().await;
    let api = stack.api().with_key("");
    let page = |answer: &wagate_tests::Answer| String::from_utf8(answer.bytes.clone()).expect("text");
    let list = api.get("/mailbox").await.expect(200);
    let id = mail["id"].as_str().expect("an id");
    assert!(page(&list).contains(&format!("href=\"/mailbox/{id}\"")), "{}", page(&list));
    let one = api.get(&format!("/mailbox/{id}")).await.expect(200);
    assert!(page(&one).contains(&format!("/mailbox/{id}/letter")), "{}", page(&one));
    for answer in [&list, &one] {
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    }
    let letter = api.get(&format!("/mailbox/{id}/letter")).await.expect(200);
    assert!(page(&letter).contains("Look at the webhook"));
    assert!(letter.header("content-security-policy").contains("sandbox"));

    // a page of another site that lets its name lead here, and whoever comes through a proxy, find nothing
    for (header, value) in [("host", "evil.example"), ("x-forwarded-for", "203.0.113.9")] {
        for path in ["/mailbox", "/mailbox.json", &format!("/mailbox/{id}")] {
            api.send(api.request(Method::GET, path).header(header, value)).await.expect(404);
        }
    }
    for path in ["/mailbox/mal_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "/mailbox/x", "/mailbox/x/letter"] {
        api.get(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_can_be_changed() {
    let stack = Stack::sqlite().await;
    let (api, endpoint) = (stack.api(), Endpoint::start().await);
    let bad = json!({"url": endpoint.url(), "notify_email": "Ops <ops@example.com>"});
    let refused = api.post("/api/v1/webhooks", &bad).await.expect(422).json();
    assert_eq!(refused["field"], "notify_email", "{refused}");
    let webhook = api.post("/api/v1/webhooks", &json!({"url": endpoint.url()})).await.expect(201).json();
    assert_eq!(webhook["notify_email"], Value::Null);
    let path = format!("/api/v1/webhooks/{}", webhook["id"].as_str().expect("an id"));
    let changed = api.patch(&path, &json!({"notify_email": "ops@example.com"})).await.expect(200).json();
    assert_eq!(changed["notify_email"], "ops@example.com");
    assert_eq!(
        api.patch(&path, &json!({"notify_email": "ops"})).await.expect(422).json()["field"],
        "notify_email"
    );
    api.patch(&path, &json!({"description": "x"})).await.expect(200);
    assert_eq!(
        api.get(&path).await.expect(200).json()["notify_email"],
        "ops@example.com",
        "what is left out stays"
    );
    let taken_away = api.patch(&path, &json!({"notify_email": null})).await.expect(200).json();
    assert_eq!(taken_away["notify_email"], Value::Null);
}
