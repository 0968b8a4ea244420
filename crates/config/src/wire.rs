//! What a model's URL means, and a proxy's. Nothing here connects.

use std::net::IpAddr;

use http::Uri;

pub(crate) const EMBEDDED: &str = "embedded";

/// What is spoken with a model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// The built-in rule engine.
    Embedded,
    /// Responses over WebSocket.
    ResponsesWebSocket,
    /// Responses over HTTP, as server-sent events.
    ResponsesSse,
    /// Chat completions over HTTP, as server-sent events.
    ChatSse,
}

/// Why a URL cannot be used. The messages never hold the URL, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL with a host.
    #[error("it is not a URL")]
    Malformed,
    /// A user name or password in the URL.
    #[error("it holds a user name or password; use `key` instead")]
    Credentials,
    /// Neither ws, wss, http nor https.
    #[error("it begins neither with ws:// or wss:// nor with http:// or https://")]
    Scheme,
    /// An http or https URL whose path does not tell what is spoken there.
    #[error("it ends neither in /responses nor in /chat/completions")]
    Path,
}

impl Wire {
    /// What is spoken at that URL.
    pub fn of(url: &str) -> Result<Wire, UrlError> {
        if url == EMBEDDED {
            return Ok(Wire::Embedded);
        }
        let uri: Uri = url.parse().map_err(|_| UrlError::Malformed)?;
        let authority = uri.authority().ok_or(UrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Credentials);
        }
        if authority.host().is_empty() {
            return Err(UrlError::Malformed);
        }
        let path = uri.path().trim_end_matches('/');
        match uri.scheme_str() {
            Some("ws" | "wss") => Ok(Wire::ResponsesWebSocket),
            Some("http" | "https") if path.ends_with("/chat/completions") => Ok(Wire::ChatSse),
            Some("http" | "https") if path.ends_with("/responses") => Ok(Wire::ResponsesSse),
            Some("http" | "https") => Err(UrlError::Path),
            _ => Err(UrlError::Scheme),
        }
    }
}

/// Whether the URL leads to OpenAI, encrypted: the only place that its key goes to unasked.
pub(crate) fn is_openai(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("wss" | "https"))
            && uri.host() == Some("api.openai.com")
            && matches!(uri.port_u16(), None | Some(443))
    })
}

/// Whether what is sent there can be read on the way: not encrypted, and to another machine.
pub(crate) fn is_readable_on_the_way(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    matches!(uri.scheme_str(), Some("ws" | "http")) && !here
}

/// Whether a text may name a proxy. Credentials have no place in settings, and other kinds of
/// proxies are not spoken with.
pub(crate) fn is_proxy(text: &str) -> bool {
    text == "none"
        || text.parse::<Uri>().is_ok_and(|uri| {
            let authority = uri.authority();
            uri.scheme_str() == Some("http")
                && authority.is_some_and(|it| !it.host().is_empty() && !it.as_str().contains('@'))
                && uri.path_and_query().is_none_or(|it| it == "/")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<Wire, UrlError>, openai: bool, readable: bool) {
        assert_eq!(Wire::of(url), expected, "{url}");
        assert_eq!(is_openai(url), openai, "{url} at OpenAI");
        assert_eq!(is_readable_on_the_way(url), readable, "{url} readable");
    }

    #[test]
    fn the_url_tells_what_is_spoken() {
        use UrlError::*;
        use Wire::*;
        check("embedded", Ok(Embedded), false, false);
        let socket = Ok(ResponsesWebSocket);
        check("wss://api.openai.com/v1/responses", socket, true, false);
        check("wss://api.openai.com:443/v1/responses", socket, true, false);
        check("ws://api.openai.com/v1/responses", socket, false, true);
        check("wss://api.openai.com.example.com/v1", socket, false, false);
        check("wss://example.com/api.openai.com", socket, false, false);
        check("ws://127.0.0.1:4000", socket, false, false);
        check("ws://[::1]:4000/v1/responses", socket, false, false);
        check("ws://192.168.1.7/v1/responses", socket, false, true);
        let sse = Ok(ResponsesSse);
        check("http://localhost:8080/v1/responses", sse, false, false);
        check("https://x.example/responses/?v=1", sse, false, false);
        let chat = Ok(ChatSse);
        check("http://box:8080/v1/chat/completions", chat, false, true);
        check("https://x.example/v1", Err(Path), false, false);
        check("ftp://x.example/responses", Err(Scheme), false, false);
        check("wss://me:secret@x.example/", Err(Credentials), false, false);
        check("api.openai.com", Err(Scheme), false, false);
        check("/v1/responses", Err(Malformed), false, false);
        check("", Err(Malformed), false, false);
    }

    #[test]
    fn a_proxy_is_named_without_credentials() {
        for (text, expected) in [
            ("none", true),
            ("http://proxy:3128", true),
            ("http://10.0.0.1/", true),
            ("http://me:secret@proxy:3128", false),
            ("socks5://proxy:1080", false),
            ("https://proxy:443", false),
            ("http://proxy/path", false),
            ("proxy:3128", false),
            ("", false),
        ] {
            assert_eq!(is_proxy(text), expected, "{text}");
        }
    }
}
