//! Providers: who comes back the way they went is vouched for, and nothing that does not prove it.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wagate_domain::{
    Env, UserId,
    people::{TokenSecret, Vouched},
    ports::{Arrival, Departure, ProviderFailure, Providers},
};
use wagate_infra::{
    config::{ProviderConfig, Secret},
    oidc::OidcProviders,
    redis::RedisDepartures,
    system,
};

use crate::{
    fixtures::Fixture,
    oidc_double::{Double, Says, Signs},
};

/// A gateway with three providers, of which the first is the double and the others are not there.
struct World {
    env: Env,
    double: Double,
    providers: OidcProviders,
    _f: Fixture,
}

fn config(id: &str, issuer: &str) -> ProviderConfig {
    ProviderConfig {
        id: id.to_owned(),
        name: "A provider".to_owned(),
        issuer: issuer.to_owned(),
        client_id: "us: wagate".to_owned(),
        client_secret: Secret::from("p%ss word"),
        ..ProviderConfig::default()
    }
}

impl World {
    async fn start() -> Self {
        let (f, double, env) = (Fixture::start().await, Double::start().await, system::env());
        let departures = RedisDepartures::new(f.redis.clone());
        let lost = config("lost", &format!("{}/lost", double.issuer));
        let configs = [config("double", &double.issuer), config("other", "http://127.0.0.1:9"), lost];
        let providers =
            OidcProviders::new(env.clone(), &configs, "https://app.example.com", departures).unwrap();
        Self { env, double, providers, _f: f }
    }

    /// Goes there, and lets the provider say what an honest one would.
    async fn depart(&self, user: Option<UserId>) -> (Departure, HashMap<String, String>) {
        let departure = self.providers.depart("double", user).await.unwrap();
        let query: HashMap<_, _> = Url::parse(&departure.url).unwrap().query_pairs().into_owned().collect();
        let now = self.env.now().as_millis() / 1000;
        self.double.says().claims = json!({
            "iss": self.double.issuer, "sub": "248289761001", "aud": "us: wagate", "nonce": query["nonce"],
            "iat": now, "exp": now + 300, "email": "Ayu@Example.com", "email_verified": true, "name": "Ayu",
        });
        (departure, query)
    }

    /// Goes there and comes back, after the provider's answer was bent.
    async fn round(&self, bend: impl FnOnce(&mut Says)) -> Result<Vouched, ProviderFailure> {
        let (departure, query) = self.depart(None).await;
        bend(&mut self.double.says());
        self.providers.arrive("double", None, &back(&departure, &query)).await
    }
}

fn back(departure: &Departure, query: &HashMap<String, String>) -> Arrival {
    Arrival {
        state: TokenSecret::presented(query["state"].clone()),
        binding: departure.binding.clone(),
        code: "c0de".to_owned(),
        issuer: None,
    }
}

fn outcome<T>(result: &Result<T, ProviderFailure>) -> &'static str {
    match result {
        Ok(_) => "vouched",
        Err(ProviderFailure::Unknown) => "unknown",
        Err(ProviderFailure::Gone) => "gone",
        Err(ProviderFailure::Unproven(_)) => "unproven",
        Err(ProviderFailure::Away(_)) => "away",
        Err(ProviderFailure::Port(_)) => "port",
    }
}

#[tokio::test]
async fn the_way_there_and_back_is_the_code_flow_with_pkce() {
    let world = World::start().await;
    let (departure, query) = world.depart(None).await;
    for (name, value) in [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "us: wagate"),
        ("redirect_uri", "https://app.example.com/account/providers/double"),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query[name], value, "{name}");
    }
    let secrets = [&query["state"], &query["nonce"], departure.binding.expose()];
    assert!(!departure.url.contains(departure.binding.expose()));
    assert!(secrets.iter().all(|secret| secret.len() >= 43) && query["state"] != query["nonce"]);

    let vouched = world.providers.arrive("double", None, &back(&departure, &query)).await.unwrap();
    let expected = Vouched {
        issuer: world.double.issuer.clone(),
        subject: "248289761001".to_owned(),
        verified_address: Some("ayu@example.com".parse().unwrap()),
        name: Some("Ayu".to_owned()),
    };
    assert_eq!(vouched, expected);
    let heard = world.double.says().heard.iter().find(|heard| heard.starts_with("POST")).unwrap().clone();
    let [_, path, _, basic, body] = heard.split(' ').collect::<Vec<_>>()[..] else { panic!("{heard}") };
    let login = base64::engine::general_purpose::STANDARD.decode(basic).unwrap();
    assert_eq!((path, login.as_slice()), ("/token", b"us%3A+wagate:p%25ss+word".as_slice()));
    let form = Url::parse(&format!("form:?{body}")).unwrap();
    let form: HashMap<_, _> = form.query_pairs().into_owned().collect();
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), ("authorization_code", "c0de"));
    assert_eq!(form["redirect_uri"], query["redirect_uri"]);
    assert_eq!(BASE64.encode(Sha256::digest(&form["code_verifier"])), query["code_challenge"]);
}

#[tokio::test]
async fn a_way_is_good_once_for_whoever_began() {
    let world = World::start().await;
    let ayu: UserId = world.env.new_id();
    let other = TokenSecret::presented("wgt_other");
    type Bend<'a> = Box<dyn Fn(Arrival) -> (&'static str, Option<UserId>, Arrival) + 'a>;
    let cases: [(Option<UserId>, Bend<'_>, &str); 8] = [
        (None, Box::new(|back| ("double", None, back)), "vouched"),
        (Some(ayu), Box::new(|back| ("double", Some(ayu), back)), "vouched"),
        (None, Box::new(|back| ("double", None, Arrival { state: other.clone(), ..back })), "gone"),
        (None, Box::new(|back| ("double", None, Arrival { binding: other.clone(), ..back })), "gone"),
        (None, Box::new(|back| ("double", Some(ayu), back)), "gone"),
        (Some(ayu), Box::new(|back| ("double", None, back)), "gone"),
        (None, Box::new(|back| ("other", None, back)), "gone"),
        (None, Box::new(|back| ("nobody", None, back)), "unknown"),
    ];
    for (began, bend, expected) in cases {
        let (departure, query) = world.depart(began).await;
        let (provider, user, arrival) = bend(back(&departure, &query));
        let arrived = world.providers.arrive(provider, user, &arrival).await;
        assert_eq!(outcome(&arrived), expected, "{began:?} {provider} {user:?}");
        if provider == "double" && expected == "vouched" {
            let again = world.providers.arrive(provider, user, &arrival).await;
            assert_eq!(outcome(&again), "gone", "good once");
        }
    }
    assert_eq!(outcome(&world.providers.depart("nobody", None).await), "unknown");
}

#[tokio::test]
async fn a_token_that_proves_nothing_lets_nobody_in() {
    let world = World::start().await;
    let now = world.env.now().as_millis() / 1000;
    for change in [
        json!({"iss": "https://accounts.example.com"}),
        json!({"aud": "others"}),
        json!({"aud": ["us: wagate", "others"]}),
        json!({"azp": "others"}),
        json!({"exp": now - 120}),
        json!({"iat": now + 120}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"iss": null}),
        json!({"aud": null}),
        json!({"exp": null}),
        json!({"iat": null}),
    ] {
        let bent = world.round(|says| merge(&mut says.claims, &change)).await;
        assert_eq!(outcome(&bent), "unproven", "{change}");
    }
    for signs in [Signs::Not, Signs::WithPublicKey, Signs::WithAnotherKey] {
        assert_eq!(outcome(&world.round(|says| says.signs = signs).await), "unproven", "{signs:?}");
    }
    let fine = world.round(|says| says.signs = Signs::Properly).await;
    assert_eq!(outcome(&fine), "vouched", "what was refused was refused for what was wrong with it");
}

fn merge(claims: &mut Value, change: &Value) {
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
}

#[tokio::test]
async fn a_provider_that_is_broken_is_not_one_that_refuses() {
    let world = World::start().await;
    let much = format!("200 OK\r\nconnection: close\r\n\r\n{}", " ".repeat(600 * 1024));
    for (answer, expected) in [
        ("400 Bad Request\r\ncontent-length: 25\r\n\r\n{\"error\":\"invalid_grant\"}", "unproven"),
        ("429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", "away"),
        ("500 Internal Server Error\r\ncontent-length: 0\r\n\r\n", "away"),
        ("302 Found\r\nlocation: /me\r\ncontent-length: 0\r\n\r\n", "away"),
        ("200 OK\r\ncontent-length: 2\r\n\r\n{}", "away"),
        ("200 OK\r\ncontent-length: 5\r\n\r\n{\"id_", "away"),
        ("200 OK\r\ncontent-length: 50\r\n\r\n{\"id_", "away"),
        ("", "away"),
        (&much, "away"),
    ] {
        let bent = world.round(|says| says.answers = Some(answer.to_owned())).await;
        assert_eq!(outcome(&bent), expected, "{}", answer.chars().take(60).collect::<String>());
    }
    world.double.says().answers = None;
    for (provider, what) in [("other", "nobody listens there"), ("lost", "there is no such page")] {
        assert_eq!(outcome(&world.providers.depart(provider, None).await), "away", "{what}");
    }
}

#[tokio::test]
async fn a_provider_must_be_the_one_that_was_named_and_keep_secrets() {
    for (field, value) in [
        ("issuer", "http://127.0.0.1:9"),
        ("token_endpoint", "http://login.example.com/token"),
        ("jwks_uri", "http://10.0.0.1/keys"),
        ("userinfo_endpoint", "ftp://127.0.0.1/me"),
        ("authorization_endpoint", "javascript:alert(1)"),
    ] {
        let world = World::start().await;
        world.double.says().metadata[field] = json!(value);
        assert_eq!(outcome(&world.providers.depart("double", None).await), "away", "{field}");
    }
    let world = World::start().await;
    world.double.says().metadata["authorization_response_iss_parameter_supported"] = json!(true);
    for (issuer, expected) in [
        (Some(world.double.issuer.clone()), "vouched"),
        (Some("https://accounts.example.com".to_owned()), "unproven"),
        (None, "unproven"),
    ] {
        let (departure, query) = world.depart(None).await;
        let arrival = Arrival { issuer: issuer.clone(), ..back(&departure, &query) };
        let arrived = world.providers.arrive("double", None, &arrival).await;
        assert_eq!(outcome(&arrived), expected, "{issuer:?}");
    }
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let world = World::start().await;
    for (key, asked) in [(1, 1), (1, 0), (2, 1), (2, 0)] {
        let bent = world.round(|says| says.key = key).await;
        assert_eq!(outcome(&bent), "vouched", "key {key}");
        assert_eq!(world.double.asked("/keys"), asked, "asked for keys when one is unknown, and only then");
    }
    assert_eq!(
        outcome(&world.round(|says| says.names_key = false).await),
        "vouched",
        "there is one key only"
    );
    // kinds that we do not know, and keys that do not sign, are none
    let strange =
        [json!({"kty": "PQ", "kid": "3"}), json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "use": "enc"})];
    let bent = world.round(|says| {
        (says.key, says.names_key, says.other_keys) = (3, true, strange.to_vec());
    });
    assert_eq!(outcome(&bent.await), "vouched");
    assert_eq!(world.double.asked("/.well-known/openid-configuration"), 1, "once for all");
}

#[tokio::test]
async fn an_address_may_be_told_elsewhere_but_not_of_somebody_else() {
    let world = World::start().await;
    let without = |says: &mut Says| merge(&mut says.claims, &json!({"email": null, "email_verified": null}));
    for (sub, expected) in [("248289761001", "vouched"), ("another", "unproven")] {
        world.double.says().userinfo = json!({"sub": sub, "email": "b@example.com", "email_verified": true});
        let bent = world.round(without).await;
        assert_eq!(outcome(&bent), expected, "{sub}");
        if let Ok(vouched) = bent {
            assert_eq!(vouched.verified_address.unwrap().as_str(), "b@example.com");
        }
    }
    world.double.says().userinfo = Value::Null;
    assert_eq!(outcome(&world.round(without).await), "away");
    let unverified = world.round(|says| merge(&mut says.claims, &json!({"email_verified": false}))).await;
    assert_eq!(unverified.unwrap().verified_address, None);
}

#[tokio::test]
async fn a_provider_that_wants_the_secret_in_the_form_gets_it_there() {
    let world = World::start().await;
    let methods = json!(["client_secret_post", "private_key_jwt"]);
    world.double.says().metadata["token_endpoint_auth_methods_supported"] = methods;
    assert_eq!(outcome(&world.round(|_| {}).await), "vouched");
    let heard = world.double.says().heard.iter().find(|heard| heard.starts_with("POST")).unwrap().clone();
    assert!(heard.starts_with("POST /token  ") && heard.ends_with("&client_secret=p%25ss+word"), "{heard}");
}
