//! [`Models`]: the link to the model server in force, and the embedded server behind it where none is set.

use std::time::Duration;

use config::Settings;
use loopback::Loopback;
use model_client::{
    KeyFetch, Limits, Link, LinkConfig, LinkEvent, LinkStatus, Proxies, Secret, Wire,
};
use model_protocol::{Allowance, Quota, Request, Window};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, Receiver};

use crate::{Options, secrets};

/// How many events of the link may wait for the engine before the link merges them.
const EVENTS: usize = 1_024;

/// The setting that stands for the embedded engine.
pub(crate) const EMBEDDED: &str = "embedded";

/// The link in force.
pub(crate) struct Models {
    link: Link,
    url: String,
    model: prompt::Model,
    capacity: prompt::Capacity,
    /// The settings let text be sent before it is asked for.
    prewarms: bool,
    /// Why there is no key where one is set.
    no_key: Option<String>,
    /// Stops when dropped.
    embedded: Option<Loopback>,
}

impl Models {
    /// Starts the link that the settings name. Connecting goes on in the background.
    pub(crate) async fn start(
        settings: &Settings,
        options: &Options,
    ) -> anyhow::Result<(Models, Receiver<LinkEvent>)> {
        Models::start_named(Settings::FAST, settings, options).await
    }

    /// The same with the model of that name.
    pub(crate) async fn start_named(
        name: &str,
        settings: &Settings,
        options: &Options,
    ) -> anyhow::Result<(Models, Receiver<LinkEvent>)> {
        let fast = settings.model(name).cloned().unwrap_or_default();
        let url = options
            .model_url
            .clone()
            .unwrap_or_else(|| fast.url.clone());
        let env = |name: &str| std::env::var(name).ok();
        let mut embedded = None;
        let mut no_key = None;
        let mut config = LinkConfig::new(url.clone());
        if url == EMBEDDED {
            let mut wanted = loopback::Options::default();
            if let Some(rate) = options.rate {
                wanted.rate_tokens_per_s = Some(rate);
            }
            let server = loopback::serve(wanted).await?;
            config.url = server.url();
            embedded = Some(server);
        } else if let Some(source) = fast.key {
            if source.is_instant() {
                match source.resolve(&env) {
                    Ok(key) => config.key = Some(secret(&key)),
                    Err(error) => no_key = Some(error.to_string()),
                }
            } else {
                // The engine does not wait for programs and keychains.
                config.fetch_key = Some(KeyFetch::new(move || {
                    let key = source.resolve(&env).map_err(|error| error.to_string())?;
                    Ok(secret(&key))
                }));
            }
        }
        config.set_limits(limits(&settings.limits));
        config.prediction = fast.prediction;
        config.ca_file = fast.ca_file.map(Into::into);
        config.proxies = match fast.proxy.as_deref() {
            None => Proxies::from_environment(env),
            Some("none") => Proxies::default(),
            Some(address) => Proxies::only(address),
        };
        config
            .secrets()
            .iter()
            .for_each(|it| secrets::learn(it.expose()));
        // The embedded server obeys it, and nobody has to say so.
        config.interrupt = fast.interrupt || embedded.is_some();
        // What leads nowhere is not worth sending ahead.
        let prewarms = fast.prewarm && !fast.metered && embedded.is_none();
        let (sender, events) = mpsc::channel(EVENTS);
        let models = Models {
            link: Link::start(config, sender),
            url,
            model: prompt::Model {
                name: fast.model,
                max_output_tokens: fast.max_output_tokens,
                reasoning_effort: fast.reasoning_effort,
                service_tier: fast.service_tier,
                store: settings.privacy.store,
                extra: fast.extra,
            },
            capacity: prompt::Capacity {
                window: fast.context_window,
                output: fast.max_output_tokens,
            },
            prewarms,
            no_key,
            embedded,
        };
        Ok((models, events))
    }

    /// Takes over what of other settings with the same models can change while the link runs.
    pub(crate) fn adopt(&mut self, settings: &Settings) {
        self.link.limit(limits(&settings.limits));
        self.model.store = settings.privacy.store;
    }

    pub(crate) fn send(&self, id: u64, request: Request) {
        self.link.send(id, request);
    }

    pub(crate) fn cancel(&self, id: u64) {
        self.link.cancel(id);
    }

    /// Sends ahead what a rewrite will begin with; `None` takes back what has not left.
    pub(crate) fn ahead(&self, request: Option<Request>) {
        self.link.ahead(request);
    }

    /// Bytes that were sent before they were asked for, in all.
    pub(crate) fn bytes_ahead(&self) -> u64 {
        self.link.report().ahead.bytes
    }

    /// Whether anything may be sent before it is asked for, and is worth it.
    pub(crate) fn takes_ahead(&self) -> bool {
        self.prewarms && self.no_key.is_none()
    }

    /// What it can take.
    pub(crate) fn capacity(&self) -> prompt::Capacity {
        self.capacity
    }

    /// What every request to it says about the model.
    pub(crate) fn model(&self) -> &prompt::Model {
        &self.model
    }

    /// Why nothing can be asked of it, if it cannot.
    pub(crate) fn no_key(&self) -> Option<&str> {
        self.no_key.as_deref()
    }

    /// Whether it is the engine in this very process.
    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// The address as set: `embedded`, or a URL without its query.
    pub(crate) fn url(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// A rewrite is likely soon.
    pub(crate) fn warm(&self) {
        self.link.warm();
    }

    /// The link's state and figures, as `redline.status` shows them.
    pub(crate) fn status(&self) -> Value {
        let report = self.link.report();
        let (connection, problem) = match &report.status {
            LinkStatus::Connecting => ("connecting", None),
            LinkStatus::Ready => ("ready", None),
            LinkStatus::Unreachable { error } => ("unreachable", Some(error.to_string())),
        };
        json!({
            "connection": connection,
            "problem": problem,
            "url": self.url(),
            "model": self.model.name,
            "wire": report.wire.map(|wire| match wire {
                Wire::WebSocket => "responsesWebSocket",
                Wire::Sse => "responsesSse",
                Wire::Chat => "chatSse",
            }),
            "fallback": report.fallback,
            "proxy": report.proxy,
            "lanes": report.lanes,
            "connections": { "open": report.connections, "idle": report.idle, "made": report.handshakes },
            "requests": { "running": report.running, "queued": report.queued, "cold": report.cold, "retries": report.retries },
            "bytesSent": report.bytes_sent,
            "bytesReceived": report.bytes_received,
            "bytesSaved": report.bytes_saved,
            "ahead": {
                "sends": self.takes_ahead() && !report.ahead.is_refused,
                "underWay": !report.ahead.is_settled,
                "count": report.ahead.count,
                "bytes": report.ahead.bytes,
                "used": report.continued,
            },
            "latency": { "connect": milliseconds(report.connect), "firstText": milliseconds(report.first_text) },
            "quota": quota(&report.quota),
        })
    }
}

fn limits(limits: &config::Limits) -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(limits.connect_ms),
        idle_timeout: Duration::from_millis(limits.idle_ms),
        max_frame: limits.frame_bytes,
        parallel: limits.parallel,
        retries: limits.retries,
    }
}

/// A key for the link, which from now on is shown nowhere.
fn secret(key: &config::Key) -> Secret {
    secrets::learn(key.expose());
    Secret::new(key.expose())
}

/// What the provider said about its limits; null when it said nothing.
fn quota(quota: &Quota) -> Value {
    if quota.is_empty() {
        return Value::Null;
    }
    let allowance = |it: &Allowance| {
        (*it != Allowance::default()).then(|| {
            json!({ "limit": it.limit, "remaining": it.remaining, "resetsIn": milliseconds(it.resets_in) })
        })
    };
    let window = |it: &Window| {
        (*it != Window::default()).then(|| {
            json!({ "usedPercent": it.used_percent, "minutes": it.minutes, "resetsIn": milliseconds(it.resets_in) })
        })
    };
    json!({
        "requests": allowance(&quota.requests),
        "tokens": allowance(&quota.tokens),
        "primary": window(&quota.primary),
        "secondary": window(&quota.secondary),
    })
}

fn milliseconds(duration: Option<Duration>) -> Option<f64> {
    duration.map(|it| (it.as_secs_f64() * 1e6).round() / 1e3)
}
