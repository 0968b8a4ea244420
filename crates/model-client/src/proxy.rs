//! Which proxy leads to a server, as settings or the environment say. Talking to it is in `dial`.

use std::net::IpAddr;

use data_encoding::BASE64;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::config::Secret;
use crate::error::LinkError;
use crate::target::Target;

const CURE: &str = "it must look like http://host:port or http://name:password@host:port";

/// The proxies that may be used, and the hosts that are reached without one.
///
/// By default there are none. A server on this machine itself is never reached through a proxy.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    /// As in `NO_PROXY`.
    except: String,
}

/// A proxy's address, which may hold a password, and where it was found.
#[derive(Debug, Clone)]
struct Named {
    address: Secret,
    place: String,
}

impl Proxies {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say; lower case goes first, as
    /// other programs have it. Each variable is looked up now.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Proxies {
        let find = |name: &str| {
            let names = [name.to_ascii_lowercase(), name.to_owned()];
            names.into_iter().find_map(|name| {
                let text = lookup(&name).filter(|it| !it.trim().is_empty())?;
                Some((name, text))
            })
        };
        let proxy = |name: &str| {
            let (name, text) = find(name).or_else(|| find("ALL_PROXY"))?;
            Some(Named {
                address: Secret::new(text),
                place: format!("the environment variable {name}"),
            })
        };
        Proxies {
            https: proxy("HTTPS_PROXY"),
            http: proxy("HTTP_PROXY"),
            except: find("NO_PROXY").map(|(_, text)| text).unwrap_or_default(),
        }
    }

    /// This proxy for every server that is not on this machine.
    pub fn only(address: &str) -> Proxies {
        let named = Named {
            address: Secret::new(address),
            place: "the setting `models.fast.proxy`".to_owned(),
        };
        Proxies {
            https: Some(named.clone()),
            http: Some(named),
            except: String::new(),
        }
    }

    /// The proxy that leads to this server, if one does.
    pub(crate) fn towards(&self, target: &Target) -> Result<Option<Proxy>, LinkError> {
        let named = match target.is_tls {
            true => &self.https,
            false => &self.http,
        };
        let Some(named) = named.as_ref().filter(|_| !self.excepts(target)) else {
            return Ok(None);
        };
        let proxy = Proxy::of(named).map_err(|reason| LinkError::Setting {
            what: "the address of the proxy",
            reason,
            place: named.place.clone(),
        })?;
        Ok(Some(proxy))
    }

    fn excepts(&self, target: &Target) -> bool {
        let host = target.name().trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok().map(|it| it.to_canonical());
        let is_here = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|it| it.is_loopback());
        let mut entries = self
            .except
            .split([',', ' ', '\t'])
            .filter(|it| !it.is_empty());
        is_here || entries.any(|it| matches(it, &host, address, target.port))
    }

    /// Everything in the addresses that must not be shown.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let named = self.https.iter().chain(&self.http);
        let proxies = named.filter_map(|it| Proxy::of(it).ok());
        proxies.flat_map(|it| it.secrets).collect()
    }
}

/// Whether an entry of `NO_PROXY` means this host: a name with all below it, an address, a range
/// of addresses, or `*`; each but the range with a port, if it is meant for that only.
fn matches(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        let network = network.parse::<IpAddr>().ok();
        return match (network, bits.parse(), address) {
            (Some(network), Ok(bits), Some(address)) => is_within(address, network, bits),
            _ => false,
        };
    }
    let plain = entry.trim_start_matches('[').trim_end_matches(']');
    if let Ok(wanted) = plain.parse::<IpAddr>() {
        return address == Some(wanted.to_canonical());
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, digits)) => match digits.parse::<u16>() {
            Ok(port) => (name, Some(port)),
            Err(_) => return false,
        },
        None => (entry, None),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.trim_start_matches('*').trim_start_matches('.');
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_named = match address {
        Some(address) => name
            .parse::<IpAddr>()
            .is_ok_and(|it| it.to_canonical() == address),
        None => host
            .strip_suffix(&name)
            .is_some_and(|head| !name.is_empty() && (head.is_empty() || head.ends_with('.'))),
    };
    is_named && wanted.is_none_or(|it| it == port)
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
        _ => return false,
    };
    let rest = |it: u128| it.checked_shr(width - bits.min(width)).unwrap_or(0);
    bits <= width && rest(address) == rest(network)
}

/// One proxy.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What stands in `Proxy-Authorization`.
    pub(crate) credentials: Option<Secret>,
    /// Where the address stands, for people.
    pub(crate) place: String,
    secrets: Vec<Secret>,
}

impl Proxy {
    fn of(named: &Named) -> Result<Proxy, String> {
        let address = named.address.expose();
        // As other programs have it, the scheme may be left out.
        let with_scheme = match address.contains("://") {
            true => address.to_owned(),
            false => format!("http://{address}"),
        };
        let uri: Uri = with_scheme.parse().map_err(|_| CURE.to_owned())?;
        if uri.scheme_str() != Some("http") {
            let scheme = uri.scheme_str().unwrap_or_default();
            return Err(format!("{scheme}:// proxies are not supported, {CURE}"));
        }
        let authority = uri.authority().ok_or(CURE)?;
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(CURE.to_owned());
        }
        let mut secrets = Vec::new();
        let credentials = authority.as_str().rsplit_once('@').map(|(user, _)| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let (name, password) = (unescaped(name), unescaped(password));
            let plain = [&name[..], b":", &password[..]].concat();
            let encoded = BASE64.encode(&plain);
            secrets.extend([
                Secret::new(String::from_utf8_lossy(&password)),
                Secret::new(user),
                Secret::new(&encoded),
            ]);
            Secret::new(format!("Basic {encoded}"))
        });
        Ok(Proxy {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(80),
            credentials,
            place: named.place.clone(),
            secrets,
        })
    }

    /// Host and port, for people.
    pub(crate) fn shown(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Why the proxy turned a request away, with what to do about it.
    pub(crate) fn refusal(&self, host: &str, status: u16) -> LinkError {
        let place = &self.place;
        let is_setting = place.contains("setting");
        let reason = match (status, &self.credentials) {
            (407, None) if is_setting => "it wants a user name and password, which cannot stand in settings: put http://name:password@host:port into the environment variable HTTPS_PROXY instead".to_owned(),
            (407, None) => format!("it wants a user name and password: put them into {place} as http://name:password@host:port"),
            (407, Some(_)) => format!("it does not accept the user name and password in {place}"),
            (401 | 403 | 405, _) if is_setting => format!("it does not allow this connection (HTTP status {status}): ask those who run it, or set `models.fast.proxy` to \"none\" if the server can be reached without"),
            (401 | 403 | 405, _) => format!("it does not allow this connection (HTTP status {status}): ask those who run it, or name the host in NO_PROXY if it can be reached without"),
            (502..=504, _) => format!("it cannot reach the server itself (HTTP status {status})"),
            _ => format!("it answered with HTTP status {status}; check {place}"),
        };
        LinkError::Proxy {
            host: host.to_owned(),
            proxy: self.shown(),
            status: Some(status),
            reason,
        }
    }
}

/// `%40` to `@`; what is no such sign stays.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%');
        let code = code.and_then(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests;
