//! A provider that says what a test tells it to, for what no honest one says. The honest one is in `tests/tests/people.rs`.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// How it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signs {
    /// With its key.
    Properly,
    /// Not at all (`alg: none`).
    Not,
    /// With a shared secret: its public key, which everybody has.
    WithPublicKey,
    /// With another key under the name of its own.
    WithAnotherKey,
}

/// What it says when it is asked.
pub(crate) struct Says {
    /// The seed of its key, which names the key, too.
    pub(crate) key: u8,
    pub(crate) signs: Signs,
    /// Whether tokens name their key.
    pub(crate) names_key: bool,
    /// The claims of the next ID token; `null` leaves one out.
    pub(crate) claims: Value,
    pub(crate) metadata: Value,
    pub(crate) userinfo: Value,
    /// Keys it shows beside its own.
    pub(crate) other_keys: Vec<Value>,
    /// Answers this at the token endpoint instead: status, headers and body.
    pub(crate) answers: Option<String>,
    /// Requests, as `GET /path` or `POST /path <authorization> <body>`.
    pub(crate) heard: Vec<String>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Double {
    says: Arc<Mutex<Says>>,
    pub(crate) issuer: String,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = format!("http://{address}");
        let at = |path: &str| format!("{issuer}{path}");
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": at("/auth?tenant=a"), "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"), "userinfo_endpoint": at("/me"),
        });
        let says = Says {
            key: 1,
            signs: Signs::Properly,
            names_key: true,
            claims: Value::Null,
            metadata,
            userinfo: Value::Null,
            other_keys: Vec::new(),
            answers: None,
            heard: Vec::new(),
        };
        let double = Self { says: Arc::new(Mutex::new(says)), issuer };
        let serving = double.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let double = serving.clone();
                tokio::spawn(async move { double.serve(socket).await });
            }
        });
        double
    }

    pub(crate) fn says(&self) -> MutexGuard<'_, Says> {
        self.says.lock().unwrap()
    }

    /// How often a path was asked for since the last time.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let mut says = self.says();
        let before = says.heard.len();
        says.heard.retain(|heard| heard.split(' ').nth(1) != Some(path));
        before - says.heard.len()
    }

    async fn serve(&self, socket: TcpStream) {
        let mut socket = BufReader::new(socket);
        let (mut head, mut length, mut authorization) = (String::new(), 0, String::new());
        socket.read_line(&mut head).await.unwrap();
        loop {
            let mut line = String::new();
            socket.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => value.clone_into(&mut authorization),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await.unwrap();
        let answer = self.answer(&head, &authorization, &String::from_utf8(body).unwrap());
        drop(socket.write_all(answer.as_bytes()).await);
    }

    fn answer(&self, head: &str, authorization: &str, body: &str) -> String {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let method = head.split(' ').next().unwrap_or_default();
        let mut says = self.says();
        says.heard.push(format!("{method} {path} {authorization} {body}"));
        let json = match path.as_str() {
            "/.well-known/openid-configuration" => says.metadata.clone(),
            "/keys" => says.keys(),
            "/me" => says.userinfo.clone(),
            "/token" => match &says.answers {
                Some(answer) => return format!("HTTP/1.1 {answer}"),
                None => json!({"access_token": "a", "token_type": "Bearer", "id_token": says.id_token()}),
            },
            _ => return "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n".to_owned(),
        };
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{json}")
    }
}

fn key(seed: u8) -> EncodingKey {
    EncodingKey::from_ed_der(&[PKCS8, &[seed; 32]].concat())
}

impl Says {
    fn keys(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&key(self.key), Algorithm::EdDSA).unwrap()).unwrap();
        jwk["kid"] = json!(self.key.to_string());
        let keys: Vec<Value> = self.other_keys.iter().cloned().chain([jwk]).collect();
        json!({ "keys": keys })
    }

    fn id_token(&self) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let kid = self.names_key.then(|| self.key.to_string());
        let header = |alg| Header { kid: kid.clone(), ..Header::new(alg) };
        match self.signs {
            Signs::Properly => encode(&header(Algorithm::EdDSA), &claims, &key(self.key)).unwrap(),
            Signs::WithAnotherKey => encode(&header(Algorithm::EdDSA), &claims, &key(99)).unwrap(),
            Signs::WithPublicKey => {
                let secret = self.keys()["keys"][0]["x"].as_str().unwrap().to_owned();
                encode(&header(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret.as_bytes()))
                    .unwrap()
            }
            Signs::Not => {
                let part = |json: &Value| BASE64.encode(json.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "kid": kid})), part(&claims))
            }
        }
    }
}
