//! Which proxy is taken for which server, from which variables.

use super::*;

/// The proxy for the URL under these variables: `host:port`, with the decoded credentials before
/// an `@`; `direct` without one; else the error.
#[track_caller]
fn check(variables: &[(&str, &str)], url: &str, expected: &str) {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(it, _)| *it == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    let proxies = Proxies::from_environment(lookup);
    assert!(!format!("{proxies:?}").contains("hunter"), "{proxies:?}");
    let found = match proxies.towards(&Target::of(url).unwrap()) {
        Ok(None) => "direct".to_owned(),
        Ok(Some(proxy)) => {
            assert!(!format!("{proxy:?}").contains("hunter"), "{proxy:?}");
            let credentials = proxy.credentials.as_ref().map(|it| {
                let encoded = it.expose().strip_prefix("Basic ").unwrap();
                String::from_utf8(BASE64.decode(encoded.as_bytes()).unwrap()).unwrap() + "@"
            });
            credentials.unwrap_or_default() + &proxy.shown()
        }
        Err(error) => {
            assert!(!error.to_string().contains("hunter"), "{error}");
            error.to_string()
        }
    };
    assert_eq!(found, expected, "{variables:?} {url}");
}

const WSS: &str = "wss://api.example.com/v1/responses";
const HTTPS: &str = "https://api.example.com/v1/responses";
const WS: &str = "ws://api.example.com/v1/responses";

#[test]
fn each_scheme_has_its_variable_and_lower_case_goes_first() {
    check(&[], WSS, "direct");
    check(&[("HTTPS_PROXY", "http://p:1")], WSS, "p:1");
    check(&[("HTTPS_PROXY", "http://p:1")], HTTPS, "p:1");
    check(&[("HTTPS_PROXY", "http://p:1")], WS, "direct");
    check(&[("HTTP_PROXY", "p:2")], WS, "p:2");
    check(&[("HTTP_PROXY", "p:2")], WSS, "direct");
    check(&[("ALL_PROXY", "http://p")], WSS, "p:80");
    check(&[("ALL_PROXY", "http://[::1]:3/")], WS, "[::1]:3");
    let both = [
        ("HTTPS_PROXY", "http://upper:1"),
        ("https_proxy", "http://lower:1"),
    ];
    check(&both, WSS, "lower:1");
    check(
        &[("https_proxy", ""), ("HTTPS_PROXY", "http://upper:1")],
        WSS,
        "upper:1",
    );
    check(
        &[("https_proxy", "http://p:1"), ("all_proxy", "http://q:1")],
        WSS,
        "p:1",
    );
}

#[test]
fn credentials_are_taken_from_the_address_and_never_shown() {
    check(
        &[("https_proxy", "http://me:hunter%40word@p:1")],
        WSS,
        "me:hunter@word@p:1",
    );
    check(&[("https_proxy", "http://me@p:1")], WSS, "me:@p:1");
    check(
        &[("https_proxy", "http://me:hunter%zz%@p:1")],
        WSS,
        "me:hunter%zz%@p:1",
    );
}

#[test]
fn other_proxies_are_refused_with_the_name_of_the_variable() {
    let tail = "it must look like http://host:port or http://name:password@host:port; check the environment variable";
    for (address, reason) in [
        (
            "socks5://me:hunter@p:1",
            "socks5:// proxies are not supported, ",
        ),
        (
            "https://me:hunter@p:1",
            "https:// proxies are not supported, ",
        ),
        ("http://me:hunter two@p:1", ""),
        ("http://", ""),
    ] {
        let expected = format!("the address of the proxy cannot be used: {reason}{tail} all_proxy");
        check(&[("all_proxy", address)], WSS, &expected);
    }
    // Nobody is bothered with it where it is not needed.
    check(
        &[("all_proxy", "socks5://p:1")],
        "ws://127.0.0.1:1/x",
        "direct",
    );
}

#[test]
fn this_machine_and_the_excepted_hosts_are_reached_directly() {
    let under = |except: &'static str, url: &str, expected| {
        check(
            &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", except)],
            url,
            expected,
        );
    };
    for here in [
        "localhost",
        "LocalHost:9",
        "a.localhost",
        "127.0.0.1:80",
        "127.9.9.9",
        "[::1]",
        "[::ffff:127.0.0.1]:8",
    ] {
        under("", &format!("ws://{here}/x"), "direct");
    }
    for (except, expected) in [
        ("*", "direct"),
        ("example.com", "direct"),
        (".example.com", "direct"),
        ("*.example.com", "direct"),
        ("other.com, EXAMPLE.com", "direct"),
        ("api.example.com:443", "direct"),
        ("api.example.com:80", "p:1"),
        ("ample.com", "p:1"),
        ("api.example.com.evil.com", "p:1"),
        (".", "p:1"),
        (":443", "p:1"),
        ("1.2.3.4", "p:1"),
        ("", "p:1"),
    ] {
        under(except, WSS, expected);
    }
    for (except, expected) in [
        ("10.1.2.3", "direct"),
        ("10.1.2.3:443", "direct"),
        ("10.1.2.3:80", "p:1"),
        ("10.0.0.0/8", "direct"),
        ("10.1.2.2/31", "direct"),
        ("0.0.0.0/0", "direct"),
        ("10.1.2.4/32", "p:1"),
        ("10.0.0.0/33", "p:1"),
        ("10.0.0.0/x", "p:1"),
        ("fe80::/10", "p:1"),
        (".3", "p:1"),
    ] {
        under(except, "wss://10.1.2.3/x", expected);
    }
    for (except, expected) in [
        ("fd00::/8", "direct"),
        ("[fd00::1]", "direct"),
        ("fd00::1", "direct"),
        ("[fd00::1]:443", "direct"),
        ("[fd00::1]:1", "p:1"),
    ] {
        under(except, "wss://[fd00::1]/x", expected);
    }
}
