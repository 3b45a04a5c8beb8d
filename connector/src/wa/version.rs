//! Which version of the web client we say we are.

/// The last version known to be accepted; used when the current one cannot be looked up.
const PINNED: (u32, u32, u32) = (2, 3000, 1_042_742_319);

#[cfg(feature = "sandbox")]
mod lookup {
    use super::PINNED;
    use crate::wa::http::WaHttp;

    /// The simulated network accepts any version.
    #[derive(Debug)]
    pub(crate) struct Version;

    impl Version {
        pub(crate) const fn new() -> Self {
            Self
        }

        pub(crate) async fn current(&self, _http: &WaHttp) -> (u32, u32, u32) {
            PINNED
        }
    }
}

#[cfg(feature = "live")]
mod lookup {
    use std::time::Duration;

    use tokio::{sync::Mutex, time::Instant};
    use wacore::net::{HttpClient, HttpRequest};

    use super::PINNED;
    use crate::wa::http::WaHttp;

    /// The script of the web client that names its version.
    const SCRIPT: &str = "https://web.whatsapp.com/sw.js";
    /// The script is served to browsers only.
    const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    /// A connection must not wait long for a version.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// How long a version that was looked up is used.
    const FRESH: Duration = Duration::from_hours(12);
    /// How long the pinned version is used before the next look-up.
    const FALLBACK: Duration = Duration::from_mins(10);

    type Numbers = (u32, u32, u32);

    /// Looks the current version up, at most twice a day.
    #[derive(Debug)]
    pub(crate) struct Version(Mutex<Option<(Numbers, Instant)>>);

    impl Version {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(None))
        }

        pub(crate) async fn current(&self, http: &WaHttp) -> Numbers {
            let mut known = self.0.lock().await;
            if let Some((version, until)) = *known
                && Instant::now() < until
            {
                return version;
            }
            let (version, fresh) = match tokio::time::timeout(PATIENCE, fetch(http)).await {
                Ok(Some(version)) => (version, FRESH),
                _ => (PINNED, FALLBACK),
            };
            *known = Some((version, Instant::now() + fresh));
            version
        }
    }

    async fn fetch(http: &WaHttp) -> Option<Numbers> {
        let request =
            HttpRequest::get(SCRIPT).with_header("sec-fetch-site", "none").with_header("user-agent", BROWSER);
        let response = http.execute(request).await.ok()?;
        (response.status_code == 200)
            .then(|| response.body_string().ok())
            .flatten()
            .and_then(|body| wacore::version::parse_sw_js(&body))
    }
}

pub(super) use lookup::Version;
