//! The proxy of a session: as it is sent, and as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{Invalid, sessions::Proxy};

use crate::ApiState;

/// A proxy to reach WhatsApp by: its sockets and its media.
#[derive(Deserialize, ToSchema)]
#[schema(as = SessionProxy)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyBody {
    /// `http://` (CONNECT), `socks5://` or `socks5h://` (the proxy resolves names), with user and password where it wants
    /// them; special characters of these as `%XX`.
    #[schema(example = "socks5://user:password@proxy.example.com:1080")]
    url: String,
}

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

/// A session's proxy, without its credentials.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownProxy)]
pub(crate) struct ProxyView {
    /// Its address.
    #[schema(example = "socks5://proxy.example.com:1080")]
    url: String,
    /// Whether it is used with a user and password, which are never shown.
    has_credentials: bool,
}

impl From<Proxy> for ProxyView {
    fn from(proxy: Proxy) -> Self {
        Self { url: proxy.url(), has_credentials: proxy.credentials().is_some() }
    }
}

/// The proxy that a caller names.
pub(super) fn read_proxy(state: &ApiState, body: Option<ProxyBody>) -> Result<Option<Proxy>, Invalid> {
    body.map(|body| Proxy::read(&*state.post, &body.url)).transpose()
}
