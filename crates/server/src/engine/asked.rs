//! Which model a rewrite is asked of: `fast`, or the one that its preset names. Each model has a link of its own;
//! what goes over it is `models`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::task::Poll;

use config::Settings;
use model_client::LinkEvent;
use rewrite::RewriteId;
use tokio::sync::mpsc::Receiver;

use super::Engine;
use crate::models::Models;

/// The models beside `fast`, and what is asked of them.
#[derive(Default)]
pub(super) struct Asked {
    others: BTreeMap<String, Models>,
    /// The rewrites that are not asked of `fast`.
    of: BTreeMap<RewriteId, String>,
}

impl Asked {
    /// Notes that a rewrite is asked of that model; none is `fast`.
    pub(super) fn note(&mut self, id: RewriteId, model: Option<String>) {
        if let Some(model) = model {
            self.of.insert(id, model);
        }
    }

    /// The model that a rewrite was asked of, unless it was `fast`.
    pub(super) fn model(&self, id: RewriteId) -> Option<String> {
        self.of.get(&id).cloned()
    }

    /// Forgets the rewrites that are not remembered any more.
    pub(super) fn retain(&mut self, is_remembered: impl Fn(&RewriteId) -> bool) {
        self.of.retain(|id, _| is_remembered(id));
    }
}

/// The models that presets name, beside `fast`.
pub(super) fn named_by_presets(settings: &Settings) -> BTreeSet<&str> {
    let named = settings.presets.iter().filter_map(|it| it.model.as_deref());
    named.filter(|name| *name != Settings::FAST).collect()
}

impl Engine {
    /// Starts the links to the models that presets name, in the place of those there were.
    pub(super) async fn start_other_models(&mut self) -> anyhow::Result<Vec<Receiver<LinkEvent>>> {
        self.asked.others.clear();
        let names = named_by_presets(&self.settings);
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut events = Vec::new();
        for name in names {
            let (models, its_events) =
                Models::start_named(&name, &self.settings, &self.options).await?;
            self.asked.others.insert(name, models);
            events.push(its_events);
        }
        Ok(events)
    }

    /// The links to all models.
    pub(super) fn all_models(&mut self) -> impl Iterator<Item = &mut Models> {
        self.models.iter_mut().chain(self.asked.others.values_mut())
    }

    /// The model of that name, or `fast`.
    pub(super) fn models_named(&self, name: Option<&str>) -> Option<&Models> {
        let other = name.and_then(|name| self.asked.others.get(name));
        other.or(self.models.as_ref())
    }

    /// The model that a rewrite is asked of.
    pub(super) fn models_of(&self, id: RewriteId) -> Option<&Models> {
        self.models_named(self.asked.of.get(&id).map(String::as_str))
    }
}

/// The next event of any link; never, while there is none.
pub(super) async fn next_event(links: &mut [Receiver<LinkEvent>]) -> Option<LinkEvent> {
    poll_fn(|context| {
        for events in links.iter_mut() {
            if let Poll::Ready(Some(event)) = events.poll_recv(context) {
                return Poll::Ready(Some(event));
            }
        }
        Poll::Pending
    })
    .await
}
