//! What an address means: where to connect, and what to speak there.

use model_protocol::TokenLimit;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::error::LinkError;

/// What is spoken with the model server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Responses over WebSocket.
    WebSocket,
    /// Responses as server-sent events.
    Sse,
    /// Chat completions as server-sent events.
    Chat,
}

/// One server, as an address names it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Host and port, for people.
    pub(crate) shown: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) wire: Wire,
}

impl Target {
    pub(crate) fn of(url: &str) -> Result<Target, LinkError> {
        let config_error = |reason: &str| LinkError::Config {
            reason: reason.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| config_error("it is not a URL"))?;
        let path = uri.path().trim_end_matches('/');
        let (is_tls, wire) = match uri.scheme_str() {
            Some("wss") => (true, Wire::WebSocket),
            Some("ws") => (false, Wire::WebSocket),
            Some(scheme @ ("http" | "https")) => {
                let wire = if path.ends_with("/chat/completions") {
                    Wire::Chat
                } else if path.ends_with("/responses") {
                    Wire::Sse
                } else {
                    return Err(config_error(
                        "its path ends neither in /responses nor in /chat/completions",
                    ));
                };
                (scheme == "https", wire)
            }
            _ => {
                return Err(config_error(
                    "it does not begin with ws://, wss://, http:// or https://",
                ));
            }
        };
        let host = uri.host().filter(|it| !it.is_empty());
        let host = host.ok_or_else(|| config_error("it names no host"))?;
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        Ok(Target {
            shown: match uri.port_u16() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            host: host.to_owned(),
            port,
            is_tls,
            path: path.to_owned(),
            wire,
        })
    }

    /// The host as a resolver and a certificate know it.
    pub(crate) fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The address as it is written in a request.
    pub(crate) fn url(&self) -> String {
        let scheme = match (self.wire, self.is_tls) {
            (Wire::WebSocket, true) => "wss",
            (Wire::WebSocket, false) => "ws",
            (_, true) => "https",
            (_, false) => "http",
        };
        format!("{scheme}://{}{}", self.shown, self.path)
    }

    /// OpenAI, and those who follow it closely, refuse the older name for newer models; small
    /// servers know only that.
    pub(crate) fn token_limit(&self) -> TokenLimit {
        let newer = ["openai.com", "openai.azure.com", "cerebras.ai"];
        let is_newer = newer.iter().any(|it| {
            self.host
                .strip_suffix(it)
                .is_some_and(|head| head.is_empty() || head.ends_with('.'))
        });
        match is_newer {
            true => TokenLimit::MaxCompletionTokens,
            false => TokenLimit::MaxTokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, u16, bool, &str, Wire), &str>) {
        let target = Target::of(url);
        let found = match &target {
            Ok(it) => {
                assert_eq!(it.url(), url);
                Ok((it.name(), it.port, it.is_tls, it.path.as_str(), it.wire))
            }
            Err(LinkError::Config { reason }) => Err(reason.as_str()),
            Err(other) => panic!("{other:?}"),
        };
        match (found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{url}: {found}"),
            (found, expected) => assert_eq!(found, expected, "{url}"),
        }
    }

    #[test]
    fn an_address_says_where_and_what() {
        use Wire::{Chat, Sse, WebSocket};
        check(
            "wss://api.openai.com/v1/responses",
            Ok(("api.openai.com", 443, true, "/v1/responses", WebSocket)),
        );
        check(
            "ws://[::1]:80/x?model=m",
            Ok(("::1", 80, false, "/x?model=m", WebSocket)),
        );
        check(
            "https://a.b/v1/responses?v=1",
            Ok(("a.b", 443, true, "/v1/responses?v=1", Sse)),
        );
        check(
            "http://a.b:9/chat/completions",
            Ok(("a.b", 9, false, "/chat/completions", Chat)),
        );
        check("http://a.b/v1", Err("/chat/completions"));
        check("ftp://a.b/responses", Err("begin with"));
        check("", Err("not a URL"));
        check("ws:///x", Err("URL"));
    }

    #[test]
    fn the_bound_of_tokens_is_named_as_the_host_knows_it() {
        for (host, expected) in [
            ("api.openai.com", TokenLimit::MaxCompletionTokens),
            ("x.openai.azure.com", TokenLimit::MaxCompletionTokens),
            ("notopenai.com", TokenLimit::MaxTokens),
            ("127.0.0.1:8080", TokenLimit::MaxTokens),
        ] {
            let target = Target::of(&format!("https://{host}/chat/completions")).unwrap();
            assert_eq!(target.token_limit(), expected, "{host}");
        }
    }
}
