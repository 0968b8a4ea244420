//! For each way in which a model cannot be asked: what to do about it.

use config::{KeySource, Model};
use model_client::LinkError;
use model_protocol::ServerError;

use super::Problem;
use super::wire_name;

/// There is no key, for this reason.
pub(super) fn no_key(name: &str, source: Option<&KeySource>, why: &str) -> Problem {
    let setting = format!("`models.{name}.key`");
    let cure = match source {
        Some(KeySource::Env(variable)) => format!(
            "Set {variable} where your editor is started from, or say in {setting} where the key is kept."
        ),
        Some(KeySource::Command(words)) => {
            let program = words.first().map_or("", String::as_str);
            format!(
                "Run {program} by hand as {setting} names it; it has to print the key, and nothing else, without asking."
            )
        }
        Some(KeySource::Keyring(account)) => format!(
            "Store the key in the system's keychain, as the password of the account {account} of the service redline; docs/configuration.md says how."
        ),
        None => format!("Say in {setting} where the key is kept."),
    };
    Problem {
        problem: format!(
            "There is no key for the model {name}: {}.",
            why.trim_end_matches('.')
        ),
        cure,
    }
}

/// It answered, and said nothing.
pub(super) fn silent(name: &str, model: &Model) -> Problem {
    let limit = match model.max_output_tokens {
        Some(_) => format!("Raise or remove `models.{name}.max_output_tokens`, or set"),
        None => "Set".to_owned(),
    };
    Problem {
        problem: format!("The model {name} ended its answer without a word of text."),
        cure: format!(
            "{limit} `models.{name}.reasoning_effort` to a lower one, if it thinks before it writes; else see whether `models.{name}.model` is the one you mean."
        ),
    }
}

/// Asking it failed.
pub(super) fn of(name: &str, model: &Model, error: &LinkError) -> Problem {
    // The link's own words name the setting of the usual model.
    let text = error.to_string();
    let text = text.replace("`models.fast.", &format!("`models.{name}."));
    let text = text.trim_end_matches('.');
    Problem {
        problem: format!("The model {name} cannot be used: {text}."),
        cure: sentence(name, model, error),
    }
}

fn sentence(name: &str, model: &Model, error: &LinkError) -> String {
    let setting = |field: &str| format!("`models.{name}.{field}`");
    let (url, key, named) = (setting("url"), setting("key"), setting("model"));
    match error {
        LinkError::Config { .. } => format!("Correct {url}."),
        LinkError::Key { .. } => format!("See that {key} names a place where the key is."),
        LinkError::Setting { place, .. } => format!("Correct {}.", place.replace("models.fast.", &format!("models.{name}."))),
        LinkError::Certificate { .. } => format!("If your company vouches for the server, name its file of certificates in {}; else see that {url} names the host that the certificate is for, and that this machine's clock is right.", setting("ca_file")),
        LinkError::Proxy { .. } => format!("See that the proxy's address is right and that it may lead there; or go without it, by {} = \"none\" or by NO_PROXY.", setting("proxy")),
        LinkError::Connect { .. } => format!("See that the server runs and that {url} names its host and port; if only a proxy leads out of your network, name it in HTTPS_PROXY or {}.", setting("proxy")),
        LinkError::Refused { status, .. } => refused(*status, name, model),
        LinkError::Closed { code: Some(1008), .. } => format!("It turned the connection away by its own rules: see that {key} is a key that may use this service."),
        LinkError::Closed { .. } => "Look at the server's own log for why it closes connections; if something between here and there does, ask those who run it.".to_owned(),
        LinkError::Timeout { .. } => format!("See that the server is well and that {url} leads to it; for a slow one raise `limits.connect_ms` or `limits.idle_ms`."),
        LinkError::Protocol { .. } => format!("See that {url} leads to a service that speaks {}.", wire_name(&model.url)),
        LinkError::FrameTooLarge { .. } => "Raise `limits.frame_bytes`, if messages of that size are what the server means to send.".to_owned(),
        LinkError::Server(error) => server(error, name),
        LinkError::Overloaded { .. } | LinkError::Cancelled | LinkError::Stopped => {
            format!("Try again; if it stays so, see whether {named} is the one you mean.")
        }
    }
}

fn refused(status: u16, name: &str, model: &Model) -> String {
    let key = format!("`models.{name}.key`");
    let url = format!("`models.{name}.url`");
    match status {
        401 | 403 if model.key.is_none() => {
            format!("The server wants a key: say in {key} where it is kept.")
        }
        401 | 403 => format!(
            "The server does not take the key: see that {key} leads to one of this provider, that is not revoked and may use this model."
        ),
        404 | 405 | 410 => format!(
            "There is no such service at this address: see that the path in {url} is right."
        ),
        426 => format!("It wants plain HTTP: begin {url} with https://."),
        429 => "The limit of requests is reached: wait, or raise it with the provider.".to_owned(),
        500..=599 => {
            "The server has trouble of its own: try again later, or look at its log.".to_owned()
        }
        _ => format!(
            "See that {url} leads to a service that speaks {}.",
            wire_name(&model.url)
        ),
    }
}

fn server(error: &ServerError, name: &str) -> String {
    let code = error.code.as_deref().unwrap_or_default();
    match (code, error.status) {
        ("insufficient_quota" | "usage_limit_reached" | "usage_not_included", _) => {
            "See to the account with the provider, or take another model.".to_owned()
        }
        ("rate_limit_exceeded", _) | (_, Some(429)) => {
            "Wait, or raise the limit with the provider.".to_owned()
        }
        ("model_not_found", _) | (_, Some(404)) => {
            format!("Name a model in `models.{name}.model` that this server has.")
        }
        (_, Some(401 | 403)) | ("invalid_api_key", _) => {
            format!("See that `models.{name}.key` leads to a key that may use this model.")
        }
        (_, Some(500..=599)) | ("server_error" | "overloaded", _) => {
            "The server has trouble of its own: try again later, or look at its log.".to_owned()
        }
        _ => format!(
            "The server does not take the question as it is: see that `models.{name}.model` is one that it has, and that it knows what `reasoning_effort`, `service_tier`, `max_output_tokens` and `extra` of `models.{name}` say."
        ),
    }
}
