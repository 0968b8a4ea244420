//! `workspace/executeCommand`: what the user can ask for and decide. Every command answers at once.

use std::ops::Range;

use prompt::{Ask, CommentAsk, CutSecret, Shape, Size, comment_instruction};
use rewrite::{Apply, Effect, RewriteId, Start, Time};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use text::Text;
use tower_lsp::ls_types::Uri;

use super::checks::Levels;
use super::window::{Fit, Place};
use super::{Engine, OpenDocument, presets};
use crate::convert::{selection, to_range};
use crate::failure::{Failure, Reason};
use crate::protocol::{
    AskArguments, DecideArguments, Decided, ListArguments, PresetsArguments, RedirectArguments,
    RewriteArguments, RewriteChangedParams, RewriteName, Started,
};

/// The commands offered.
pub(crate) const COMMANDS: &[&str] = &[
    "redline.rewrite",
    "redline.ask",
    "redline.accept",
    "redline.reject",
    "redline.interrupt",
    "redline.redirect",
    "redline.retry",
    "redline.list",
    "redline.presets",
    "redline.status",
];

/// What is to be rewritten, and how.
struct Job {
    region: Range<usize>,
    /// A comment inside the region that holds the instruction and goes away with the edit.
    comment: Option<Range<usize>>,
    instruction: String,
    apply: Apply,
    /// The model that it is asked of, unless it is `fast`.
    model: Option<String>,
    guards: Levels,
}

impl Engine {
    pub(super) fn on_command(
        &mut self,
        name: &str,
        argument: Value,
    ) -> Result<Option<Value>, Failure> {
        let answer = match name {
            "redline.rewrite" => to_value(self.rewrite(arguments(argument)?)?),
            "redline.ask" => to_value(self.ask(&arguments(argument)?)?),
            "redline.accept" => to_value(self.decide(&arguments(argument)?, true)?),
            "redline.reject" => to_value(self.decide(&arguments(argument)?, false)?),
            "redline.interrupt" => to_value(self.interrupt(&arguments(argument)?)?),
            "redline.redirect" => {
                let RedirectArguments { name, instruction } = arguments(argument)?;
                to_value(self.redirect(&name, Some(instruction))?)
            }
            "redline.retry" => to_value(self.redirect(&arguments(argument)?, None)?),
            "redline.list" if argument.is_null() => self.list(&ListArguments::default()),
            "redline.list" => self.list(&arguments(argument)?),
            "redline.presets" if argument.is_null() => self.presets(&PresetsArguments::default())?,
            "redline.presets" => self.presets(&arguments(argument)?)?,
            "redline.status" => self.status(),
            _ => return Err(Failure::BadArguments(format!("there is no command {name}"))),
        };
        Ok(Some(answer))
    }

    fn document(&mut self, uri: &Uri) -> Result<&mut OpenDocument, Failure> {
        self.documents
            .get_mut(uri.as_str())
            .ok_or_else(|| not_open(uri.as_str()))
    }

    /// The mode asked for, or the one that the settings give.
    fn apply(&self, wanted: Option<&str>) -> Result<Apply, Failure> {
        let mode = match wanted {
            None => self.settings.apply,
            Some("auto") => config::Apply::Auto,
            Some("live") => config::Apply::Live,
            Some("once") => config::Apply::Once,
            Some("preview") => config::Apply::Preview,
            Some(word) => {
                let why = format!("`apply` is {word:?}; it can be auto, live, once or preview");
                return Err(Failure::BadArguments(why));
            }
        };
        // Each streamed edit is an undo step of its own, unless the editor joins them.
        let joins = self.facts.as_ref().is_some_and(|facts| facts.joins_undo);
        Ok(match mode {
            config::Apply::Live => Apply::Live,
            config::Apply::Auto if joins => Apply::Live,
            config::Apply::Auto | config::Apply::Once => Apply::Once,
            config::Apply::Preview => Apply::Preview,
        })
    }

    fn rewrite(&mut self, arguments: RewriteArguments) -> Result<Started, Failure> {
        let apply = self.apply(arguments.apply.as_deref())?;
        let encoding = self.encoding();
        let own = &self.settings.presets;
        let document = self
            .documents
            .get_mut(arguments.uri.as_str())
            .ok_or_else(|| not_open(arguments.uri.as_str()))?;
        let followed = arguments
            .selection
            .and_then(|number| document.selection(number));
        if followed.is_none()
            && arguments
                .version
                .is_some_and(|version| version != document.rewrites.version())
        {
            return Err(Failure::Moved);
        }
        let selected =
            followed.unwrap_or_else(|| selection(document.text(), &arguments.range, encoding));
        let mut comment = None;
        let mut model = None;
        // Who names a preset need not say more.
        let is_named = arguments.preset.is_some();
        let said = |it: &String| !(is_named && it.trim().is_empty());
        let instruction = arguments.instruction.filter(said);
        let preset = match (&instruction, &arguments.preset) {
            (Some(instruction), _) => presets::named_in(own, instruction),
            (None, name) => name.as_deref(),
        };
        let levels = Levels {
            least: arguments.guards.into(),
            ..preset
                .map(|name| presets::levels(own, name))
                .unwrap_or_default()
        };
        let instruction = match (instruction, arguments.preset, arguments.comment) {
            (Some(instruction), _, _) => {
                let (instruction, its_model) = presets::spelled_out(own, &instruction);
                model = its_model;
                instruction.to_owned()
            }
            (None, Some(name), _) => {
                model = presets::model(own, &name);
                presets::instruction(own, &name)
                    .ok_or_else(|| Failure::BadArguments(format!("there is no preset {name:?}")))?
                    .to_owned()
            }
            (None, None, true) => {
                let found =
                    comment_instruction(document.text(), selected.clone(), document.language)
                        .ok_or_else(|| {
                            Failure::new(
                                Reason::Unknown,
                                "there is no `redline:` comment at the selection",
                            )
                        })?;
                let instruction = found.instruction.clone();
                comment = Some(found);
                instruction
            }
            (None, None, false) => {
                return Err(Failure::BadArguments(
                    "either `instruction` or `preset` is needed".to_owned(),
                ));
            }
        };
        let mut job = job(document, selected, comment, instruction, apply);
        job.model = model;
        job.guards = levels;
        self.begin_rewrite(&arguments.uri, job)
    }

    fn ask(&mut self, arguments: &AskArguments) -> Result<Started, Failure> {
        let apply = self.apply(None)?;
        let own = &self.settings.presets;
        let (instruction, model) = presets::spelled_out(own, &arguments.ask);
        let preset = presets::named_in(own, &arguments.ask);
        let levels = preset.map(|name| presets::levels(own, name));
        let instruction = instruction.to_owned();
        let document = self.by_path(&arguments.file)?;
        let text = document.text();
        // A selection that was made backwards is the same selection.
        let from = arguments.from.min(arguments.to).max(1);
        let to = arguments.to.max(arguments.from).max(1);
        let lines = text.line_count();
        if from as usize > lines {
            return Err(Failure::BadArguments(format!(
                "line {from} is past the end of the file"
            )));
        }
        let selected = text.line_start(from as usize - 1)..text.line_start(to as usize);
        let uri = document.uri.clone();
        let mut job = job(document, selected, None, instruction, apply);
        job.model = model;
        job.guards = levels.unwrap_or_default();
        self.begin_rewrite(&uri, job)
    }

    fn begin_rewrite(&mut self, uri: &Uri, job: Job) -> Result<Started, Failure> {
        not_blank(&job.instruction)?;
        let encoding = self.encoding();
        let most = self.settings.limits.region_lines;
        let context_bytes = self.settings.context.bytes;
        let Some(models) = self.models_named(job.model.as_deref()) else {
            let why = "the model server is not set up yet; try again in a moment";
            return Err(Failure::new(Reason::Unsupported, why));
        };
        if let Some(why) = models.no_key() {
            return Err(Failure::new(Reason::NoKey, why.to_owned()));
        }
        let (model, capacity) = (models.model().clone(), models.capacity());
        let mut masks = self.masks_for(job.model.as_deref());
        if self.documents.contains_key(uri.as_str()) && self.is_ignored(uri.as_str()) {
            let why = "this file is never sent: it is among the patterns of `privacy.ignore`";
            return Err(Failure::new(Reason::Ignored, why));
        }
        let document = self.document(uri)?;
        let text = document.text().clone();
        let lines = text.line_of(job.region.end) - text.line_of(job.region.start) + 1;
        if lines > most {
            let why = format!(
                "the region has {lines} lines, and the limit is {most}; select less, or raise `limits.region_lines`"
            );
            return Err(Failure::new(Reason::TooLarge, why));
        }
        let may_fit = capacity.may_take(job.region.len());
        may_fit.map_err(|error| Failure::new(Reason::ContextTooLong, error.to_string()))?;
        let what = Place {
            uri: uri.as_str().to_owned(),
            version: document.rewrites.version(),
            region: job.region.clone(),
            instruction: job.instruction.clone(),
        };
        let request = request(document, &job, &model, context_bytes, &mut masks)?;
        let bound = Size::bound(&request, &text.slice(job.region.clone()));
        match self.fit(&what, bound, capacity) {
            Fit::Fits => {}
            Fit::TooLong(failure) => return Err(failure),
            Fit::Unclear => {
                self.count_first(what, request, &text);
                return Err(Failure::Moved);
            }
        }
        self.next_rewrite += 1;
        let id = RewriteId(self.next_rewrite);
        self.asked.note(id, job.model.clone());
        let levels = job.guards.clone();
        let region = job.region.clone();
        let started = self
            .with_document(uri.as_str(), |document, now, out| {
                let start = prepare(document, id, &text, job, request);
                document.rewrites.start(start, now, out)
            })
            .ok_or_else(|| not_open(uri.as_str()))?;
        started?;
        self.masked.begin(id, masks);
        self.checks.begin(id, levels);
        self.homes.insert(id, uri.as_str().to_owned());
        if let Some(document) = self.documents.get_mut(uri.as_str()) {
            document.remember(id, region.clone());
        }
        Ok(Started {
            rewrite: id.0,
            region: to_range(&text, region, encoding),
        })
    }

    pub(super) fn encoding(&self) -> text::Encoding {
        self.facts
            .as_ref()
            .map_or_else(Default::default, |facts| facts.encoding)
    }

    fn decide(&mut self, arguments: &DecideArguments, accept: bool) -> Result<Decided, Failure> {
        if arguments.lines.is_some() && arguments.hunk.is_none() {
            let why = "`lines` counts the lines of one hunk; say which by `hunk`";
            return Err(Failure::new(Reason::Unknown, why));
        }
        let (id, uri) = self.named(&arguments.name)?;
        let hunk = self.named_hunk(id, &uri, &arguments.name, arguments.hunk.as_ref())?;
        match accept {
            true if arguments.force => self.checks.force(id),
            true => self.let_through(&uri, id)?,
            false => self.begin_rest(&uri),
        }
        let decision = self
            .with_document(&uri, |document, _, out| {
                let rewrites = &mut document.rewrites;
                match (&arguments.lines, hunk) {
                    (Some((from, to)), Some(hunk)) => {
                        rewrites.decide_lines(id, accept, hunk, *from..*to, out)
                    }
                    (_, hunk) => rewrites.decide(id, accept, hunk, out),
                }
            })
            .ok_or_else(|| not_open(&uri))??;
        Ok(Decided::new(id.0, decision))
    }

    fn interrupt(&mut self, name: &RewriteName) -> Result<Value, Failure> {
        let (id, uri) = self.named(name)?;
        self.with_document(&uri, |document, _, out| {
            document.rewrites.interrupt(id, out)
        })
        .ok_or_else(|| not_open(&uri))??;
        Ok(json!({ "rewrite": id.0, "state": "interrupted" }))
    }

    /// Stops a rewrite, takes it back and starts anew on its region; without an instruction with the same
    /// one, which also works for a rewrite that is over.
    fn redirect(
        &mut self,
        name: &RewriteName,
        instruction: Option<String>,
    ) -> Result<Started, Failure> {
        let (old, uri) = match &instruction {
            Some(_) => self.named(name)?,
            None => self.named_also_over(name)?,
        };
        let context_bytes = self.settings.context.bytes;
        let Some(document) = self.documents.get(&uri) else {
            return Err(not_open(&uri));
        };
        let view = document
            .rewrites
            .view(old)
            .ok_or_else(|| Failure::new(Reason::Unknown, "there is no such rewrite"))?;
        let instruction = instruction.unwrap_or_else(|| view.instruction.clone());
        not_blank(&instruction)?;
        if view.state.is_over() {
            let retriable = document
                .retriable(old)
                .ok_or_else(|| Failure::new(Reason::Over, "this rewrite is over"))?;
            let job = Job {
                region: retriable.region(),
                comment: None,
                instruction,
                apply: view.apply,
                model: self.asked.model(old),
                guards: self.checks.levels(old),
            };
            let uri = document.uri.clone();
            return self.begin_rewrite(&uri, job);
        }
        let encoding = self.encoding();
        let same = instruction == view.instruction;
        self.next_rewrite += 1;
        let id = RewriteId(self.next_rewrite);
        let asked_of = self.asked.model(old);
        self.asked.note(id, asked_of.clone());
        let job_of = |region: Range<usize>| Job {
            region,
            comment: None,
            instruction: instruction.clone(),
            apply: view.apply,
            model: asked_of.clone(),
            guards: Levels::default(),
        };
        let mut region = 0..0;
        let mut masks = self.masks_after(old);
        let models = self.models_of(id);
        let capacity = models.map(|models| models.capacity());
        let model = models
            .map(|models| models.model().clone())
            .unwrap_or_default();
        self.with_document(&uri, |document, now: Time, out: &mut Vec<Effect>| {
            let (language, path, line_ending) = (
                document.language,
                document.path.clone(),
                document.line_ending(),
            );
            document.rewrites.redirect(
                old,
                |text, place, request, answer| {
                    region = place.clone();
                    let job = job_of(place);
                    let secrets = masks.look(text, &job.region, context_bytes);
                    let (seen, _) = masks.document(text, &secrets, &job.region);
                    let instruction = masks.text(&job.instruction);
                    let answer = masks.text(answer);
                    let ask = Ask {
                        text: &seen,
                        region: job.region.clone(),
                        language,
                        syntax: None,
                        path: &path,
                        instruction: &instruction,
                        context_bytes,
                    };
                    // A conversation that has grown too long for the model begins anew.
                    let follow_up = (!same)
                        .then(|| prompt::follow_up(&ask, request, &answer))
                        .filter(|it| {
                            let region = text.slice(job.region.clone());
                            capacity.is_none_or(|it_takes| {
                                Size::bound(it, &region).fits(it_takes).is_ok()
                            })
                        });
                    let request = follow_up.unwrap_or_else(|| prompt::request(&ask, &model));
                    let request = masks.request(request);
                    let shape = Shape::of(&text.slice(job.region.clone()), line_ending)
                        .in_language(language);
                    Start {
                        id,
                        region: job.region,
                        instruction: job.instruction,
                        apply: job.apply,
                        request,
                        shape,
                        removed: None,
                    }
                },
                now,
                out,
            )
        })
        .ok_or_else(|| not_open(&uri))??;
        self.masked.begin(id, masks);
        let levels = self.checks.levels(old);
        self.checks.begin(id, levels);
        self.homes.insert(id, uri.clone());
        let Some(document) = self.documents.get_mut(&uri) else {
            return Err(not_open(&uri));
        };
        let shown = document
            .rewrites
            .view(id)
            .map_or(region.clone(), |view| view.region);
        document.remember(id, shown.clone());
        let region = to_range(document.text(), shown, encoding);
        Ok(Started {
            rewrite: id.0,
            region,
        })
    }

    fn list(&self, arguments: &ListArguments) -> Value {
        let encoding = self.encoding();
        let wanted = |document: &&OpenDocument| {
            arguments
                .uri
                .as_ref()
                .is_none_or(|uri| *uri == document.uri)
        };
        let all: Vec<RewriteChangedParams> = self
            .documents
            .values()
            .filter(wanted)
            .flat_map(|document| {
                let params = |view: &rewrite::RewriteView| {
                    let version = document.rewrites.version();
                    let mut params = RewriteChangedParams::new(
                        view,
                        &document.uri,
                        version,
                        document.text(),
                        encoding,
                    );
                    params.bytes = self.traffic.get(&view.id).map(Into::into);
                    params.queued = self.queued.get(&view.id).copied();
                    params.guards = self.guard_params(document, view, encoding);
                    params
                };
                let over: Vec<_> = document.rewrites.ended().map(params).collect();
                over.into_iter()
                    .chain(document.rewrites.active().map(|view| params(&view)))
                    .collect::<Vec<_>>()
            })
            .collect();
        to_value(all)
    }

    /// The presets in the order of a menu; with a document, those that fit its language.
    fn presets(&self, arguments: &PresetsArguments) -> Result<Value, Failure> {
        let own = &self.settings.presets;
        let offered: Vec<_> = match &arguments.uri {
            None => presets::all(own).collect(),
            Some(uri) => {
                let document = self.documents.get(uri.as_str());
                let document = document.ok_or_else(|| not_open(uri.as_str()))?;
                presets::fitting(own, document).collect()
            }
        };
        Ok(to_value(offered))
    }

    fn status(&self) -> Value {
        let last = self
            .documents
            .values()
            .flat_map(|document| document.rewrites.ended())
            .max_by_key(|view| view.id)
            .map(|view| crate::protocol::TimingsParams::from(view.timings));
        let running = self
            .documents
            .values()
            .flat_map(|document| document.rewrites.active())
            .filter(|view| {
                matches!(
                    view.state,
                    rewrite::State::Requested | rewrite::State::Streaming
                )
            })
            .count();
        let mut status = match &self.models {
            Some(models) => models.status(),
            None => json!({ "connection": "starting" }),
        };
        status["timings"] = to_value(last);
        status["queue"] = json!(running);
        let waiting = self.queued.iter();
        let waiting = waiting.map(|(id, place)| json!({ "rewrite": id.0, "place": place }));
        status["waiting"] = waiting.collect();
        status["documents"] = json!(self.documents.len());
        status["log"] = json!(self.options.log);
        status
    }
}

fn not_blank(instruction: &str) -> Result<(), Failure> {
    match instruction.trim().is_empty() {
        true => Err(Failure::BadArguments(
            "the instruction is empty: say what is to be changed, or name a preset".to_owned(),
        )),
        false => Ok(()),
    }
}

pub(super) fn not_open(what: &str) -> Failure {
    Failure::new(Reason::NotOpen, format!("{what} is not open in the editor"))
}

fn arguments<T: DeserializeOwned>(argument: Value) -> Result<T, Failure> {
    serde_json::from_value(argument).map_err(|error| Failure::BadArguments(error.to_string()))
}

fn to_value(answer: impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or(Value::Null)
}

/// What a selection and an instruction mean. With a comment the region reaches over it, so that it goes
/// away as part of the edit.
fn job(
    document: &mut OpenDocument,
    selected: Range<usize>,
    comment: Option<CommentAsk>,
    instruction: String,
    apply: Apply,
) -> Job {
    let text = &document.text().clone();
    let Some(found) = comment else {
        let meant = prompt::region(text, selected.clone(), document.syntax());
        let region = document.clear_of_rewrites(meant, &selected);
        return Job {
            region,
            comment: None,
            instruction,
            apply,
            model: None,
            guards: Levels::default(),
        };
    };
    let on_comment = found.comment.start <= selected.start && selected.end <= found.comment.end;
    let target = if on_comment {
        // Only the comment is meant: what follows it is what it asks for.
        let next = next_line_with_text(text, found.comment.end);
        prompt::region(text, next..next, document.syntax())
    } else {
        prompt::region(text, selected, document.syntax())
    };
    let mut region = target.start.min(found.comment.start)..target.end.max(found.comment.end);
    region.start = region.start.min(region.end);
    Job {
        region,
        comment: Some(found.comment),
        instruction,
        apply,
        model: None,
        guards: Levels::default(),
    }
}

fn next_line_with_text(text: &Text, from: usize) -> usize {
    let mut line = text.line_of(from);
    while line + 1 < text.line_count() && text.line(line).trim().is_empty() {
        line += 1;
    }
    let start = text.line_start(line);
    let indent = text.line(line).len() - text.line(line).trim_start().len();
    (start + indent).min(text.line_end(line)).max(from)
}

/// What a rewrite of the selection will begin with, whatever is asked. Where a comment says what to do, that is
/// what will be asked.
pub(super) fn ahead(
    document: &mut OpenDocument,
    selected: Range<usize>,
    model: &prompt::Model,
    context_bytes: usize,
    mut masks: prompt::Masks,
) -> Option<model_protocol::Request> {
    let comment = comment_instruction(document.text(), selected.clone(), document.language);
    let job = job(document, selected, comment, String::new(), Apply::Once);
    let (seen, region) = masked(document, &job, context_bytes, &mut masks).ok()?;
    let (language, path) = (document.language, document.path.clone());
    let ask = Ask {
        text: &seen,
        region,
        language,
        syntax: document.syntax().filter(|_| job.comment.is_none()),
        path: &path,
        instruction: "",
        context_bytes,
    };
    let request = prompt::ahead(&ask, model)?;
    Some(masks.request(request))
}

/// The request for the job, masked.
fn request(
    document: &mut OpenDocument,
    job: &Job,
    model: &prompt::Model,
    context_bytes: usize,
    masks: &mut prompt::Masks,
) -> Result<model_protocol::Request, Failure> {
    let cut = |error: CutSecret| Failure::new(Reason::Unsupported, error.to_string());
    let (seen, region) = masked(document, job, context_bytes, masks).map_err(cut)?;
    let instruction = masks.text(&job.instruction);
    let (language, path) = (document.language, document.path.clone());
    let ask = Ask {
        text: &seen,
        region: region.clone(),
        language,
        syntax: document.syntax().filter(|_| job.comment.is_none()),
        path: &path,
        instruction: &instruction,
        context_bytes,
    };
    let mut request = prompt::request(&ask, model);
    request.prediction = Some(seen.slice(region).into_owned());
    Ok(masks.request(request))
}

/// Text and region as [`seen`], with stand-ins for secrets.
fn masked(
    document: &mut OpenDocument,
    job: &Job,
    context_bytes: usize,
    masks: &mut prompt::Masks,
) -> Result<(Text, Range<usize>), CutSecret> {
    let (text, region) = seen(&document.text().clone(), job);
    let (masked, whole) = match job.comment {
        None => document.masked(masks, &region, context_bytes),
        Some(_) => {
            let secrets = masks.look(&text, &region, context_bytes);
            masks.document(&text, &secrets, &region)
        }
    };
    whole.map(|()| (masked, region))
}

/// The text and the region as the model is shown them: as they will be without the comment that asked.
fn seen(text: &Text, job: &Job) -> (Text, Range<usize>) {
    let mut seen = text.clone();
    let mut region = job.region.clone();
    if let Some(comment) = &job.comment {
        seen.replace(comment.clone(), "");
        region.end -= comment.len();
    }
    (seen, region)
}

fn prepare(
    document: &mut OpenDocument,
    id: RewriteId,
    text: &Text,
    job: Job,
    request: model_protocol::Request,
) -> Start {
    let (seen, region) = seen(text, &job);
    let shape =
        Shape::of(&seen.slice(region), document.line_ending()).in_language(document.language);
    Start {
        id,
        region: job.region,
        instruction: job.instruction,
        apply: job.apply,
        request,
        shape,
        removed: job.comment,
    }
}
