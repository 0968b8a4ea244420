//! Simulated editors: a [`Model`] says how one real client treats edits, versions and reports; an [`Editor`] is
//! one open file in it. What is on the page is `page`'s, how a change is worded is `report`'s.
//!
//! What is promised under each model, and so what `oracle` demands:
//!
//! | model | promise |
//! |---|---|
//! | `vscode`, `vscode-extension`, `helix`, `neovim`, `neovim-now` | all of I1–I8 |
//! | `eglot` | all, as long as no edit meets typing that was not sent: eglot applies it at the old places then, and what it takes there is not ours to save. From then on: the mirror is exact (I1), nothing panics or hangs, what is asked is well-formed, and every keystroke stands that no such late edit took |
//! | `hostile` | the mirror is exact (I1), nothing panics, what is asked is well-formed and lies in the regions as the mirror has them, every keystroke stands that no late edit took; where an edit is never answered, a rewrite ends when the file is closed |

mod position;
mod report;

use std::ops::Range;

use rewrite::Profile;
use text::{ContentChange, Encoding, VersionRule};

use crate::alphabet;
use crate::page::{Page, Splice, common_ends};
pub use position::{index_of, position_of};

/// What the editor does with an edit that is made for another version than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Refuses it.
    Refuse,
    /// Drops it, if its version is older, and says that it applied it.
    DropSilently,
    /// Applies it at the places that it names.
    Apply,
}

/// When the editor reports a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// At once; an edit's answer comes before it.
    AfterAnswer,
    /// At once; an edit's answer comes after it.
    BeforeAnswer,
    /// At once; which of the two comes first differs.
    Either,
    /// When it sees fit.
    Late,
}

/// What the person's undo takes back as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    /// Each edit, and each thing that the person did.
    Nothing,
    /// Edits of ours with nothing of the person's between them.
    OwnEdits,
    /// What the person typed since the last pause, and edits of ours meanwhile.
    Typing,
    /// What the person typed since the last pause, up to and with the next edit of ours.
    TypingBefore,
    /// What the person did last, and all edits of ours since.
    LastStep,
}

impl Joins {
    fn joins_typing(self) -> bool {
        matches!(self, Joins::Typing | Joins::TypingBefore)
    }
}

/// How a real client behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Edits for another version.
    pub stale: Stale,
    /// When changes are reported.
    pub report: Report,
    /// The parts of an edit are reported from the top down, each counted in the text that the ones before left.
    pub top_down: bool,
    /// A large replacement is reported as many small ones.
    pub rediffs: bool,
    /// A change of lines is reported as the replacement of the tail of the last one; whole lines that the person puts
    /// in, as the replacement of the line break before them.
    pub widens: bool,
    /// Each part of an edit is reported on its own, with a version of its own.
    pub splits: bool,
    /// Changes that wait are reported as one that covers them all.
    pub covers: bool,
    /// By how much the version may move with a change.
    pub version_step: i32,
    /// The version moves only when a change is reported.
    pub version_by_report: bool,
    /// The version can move without any report.
    pub previews: bool,
    /// The version at open.
    pub first_version: i32,
    /// An edit for version 0 is applied unchecked.
    pub zero_unchecked: bool,
    /// What an undo takes back.
    pub joins: Joins,
    /// Does as it likes.
    pub hostile: bool,
    /// Positions.
    pub encoding: Encoding,
}

const PLAIN: Model = Model {
    name: "plain",
    stale: Stale::Refuse,
    report: Report::AfterAnswer,
    top_down: false,
    rediffs: false,
    widens: false,
    splits: false,
    covers: false,
    version_step: 1,
    version_by_report: false,
    previews: false,
    first_version: 1,
    zero_unchecked: false,
    joins: Joins::Nothing,
    hostile: false,
    encoding: Encoding::Utf16,
};

/// The editors, as recorded from real ones; `tests/traces.rs` holds them to the records. What is otherwise here:
/// Neovim counts from 0, but checks no edit for version 0, so that typing beside the very first edit is lost to
/// every server; the models begin behind that. VS Code counts on when a file is opened again.
pub const MODELS: [Model; 7] = [
    Model {
        name: "vscode",
        report: Report::Either,
        rediffs: true,
        ..PLAIN
    },
    Model {
        name: "vscode-extension",
        report: Report::Either,
        joins: Joins::OwnEdits,
        ..PLAIN
    },
    Model {
        name: "helix",
        report: Report::BeforeAnswer,
        top_down: true,
        previews: true,
        first_version: 0,
        joins: Joins::TypingBefore,
        encoding: Encoding::Utf8,
        ..PLAIN
    },
    Model {
        name: "neovim",
        stale: Stale::DropSilently,
        report: Report::Late,
        widens: true,
        version_step: 4,
        first_version: 2,
        zero_unchecked: true,
        joins: Joins::Typing,
        encoding: Encoding::Utf8,
        ..PLAIN
    },
    Model {
        name: "neovim-now",
        stale: Stale::DropSilently,
        report: Report::BeforeAnswer,
        widens: true,
        splits: true,
        version_step: 4,
        first_version: 2,
        zero_unchecked: true,
        joins: Joins::Typing,
        encoding: Encoding::Utf8,
        ..PLAIN
    },
    Model {
        name: "eglot",
        report: Report::Late,
        covers: true,
        version_by_report: true,
        first_version: 0,
        joins: Joins::LastStep,
        encoding: Encoding::Utf32,
        ..PLAIN
    },
    Model {
        name: "hostile",
        stale: Stale::Apply,
        report: Report::Late,
        version_by_report: true,
        hostile: true,
        encoding: Encoding::Utf16,
        ..PLAIN
    },
];

impl Model {
    /// The model of that name.
    pub fn named(name: &str) -> Option<&'static Model> {
        MODELS.iter().find(|model| model.name == name)
    }

    /// How the server sets the engine up for it.
    pub fn profile(&self) -> Profile {
        Profile {
            checks_versions: !matches!(self.name, "eglot" | "hostile"),
            skips_version_zero: self.zero_unchecked,
            reports_apart: matches!(self.name, "vscode" | "vscode-extension" | "helix"),
            undoes_apart: matches!(self.name, "vscode" | "vscode-extension"),
            compares_texts: matches!(self.name, "neovim" | "neovim-now" | "hostile"),
            ..Profile::default()
        }
    }

    /// How the server counts its versions.
    pub fn version_rule(&self) -> VersionRule {
        if self.profile().checks_versions {
            VersionRule::Increasing
        } else {
            VersionRule::Consecutive
        }
    }
}

/// What the editor sends.
#[derive(Clone, Debug)]
pub enum Message {
    /// `didChange`, and the text that it leads to.
    Changed {
        /// The version it leads to.
        version: i32,
        /// The changes, in order.
        changes: Vec<ContentChange>,
        /// The editor's text then.
        after: String,
        /// An undo or redo of an edit of ours is in it.
        undo: bool,
    },
    /// An answer to `applyEdit`.
    Answer {
        /// The edit's number.
        edit: u32,
        /// What the editor says.
        applied: bool,
    },
    /// `didClose` and `didOpen`.
    Reopened {
        /// The version at open.
        version: i32,
        /// The text.
        text: String,
    },
}

/// An `applyEdit` request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The edit's number.
    pub edit: u32,
    /// How often the file had been opened again.
    pub opening: u32,
    /// The version it is made for.
    pub version: i32,
    /// The text it is made for; no editor looks at it, the oracle does.
    pub text: String,
    /// Replacements by positions of that text, sorted and apart.
    pub parts: Vec<ContentChange>,
    /// The rewrites that each part serves; no editor is told.
    pub rewrites: Vec<Vec<u32>>,
}

/// One step of the editor's undo.
#[derive(Clone, Debug)]
struct UndoStep {
    splices: Vec<Splice>,
    ours: bool,
}

/// A change that waits to be reported.
#[derive(Clone, Debug)]
struct Event {
    splices: Vec<Splice>,
    version: i32,
    cause: Cause,
    whole: bool,
}

/// Who made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Person,
    Ours,
    /// The person, by undoing or redoing an edit of ours.
    Undo,
}

impl Cause {
    fn of_step(ours: bool) -> Cause {
        if ours { Cause::Undo } else { Cause::Person }
    }
}

/// One open file in an editor.
pub struct Editor {
    /// How it behaves.
    pub model: Model,
    /// Its text.
    pub page: Page,
    /// Its version.
    pub version: i32,
    /// What it has sent and nobody has taken yet.
    pub outbox: Vec<Message>,
    /// The text as reported so far.
    reported: Vec<char>,
    pending: Vec<Event>,
    undo: Vec<UndoStep>,
    redo: Vec<UndoStep>,
    /// The last change was the person's typing.
    typing: bool,
    /// The last change was an edit of ours.
    edited: bool,
    jumps: i32,
    openings: u32,
    /// Rewrites that an undo or redo of an edit of ours has reached into, or a change that reads like one.
    pub undone: Vec<u32>,
    /// What the regions of rewrites held before edits of ours.
    held: Vec<(u32, Vec<char>)>,
    /// What they held before changes of the person since the last of those edits.
    stood: Vec<(u32, Vec<char>)>,
    /// What the person replaced by what, for each version that it led to.
    typed: Vec<(i32, String, String)>,
    /// Rewrites of which the person happened to do what an edit under way was to do: no report tells whose it was.
    pub confused: Vec<u32>,
    /// Something that is not reported yet was typed at an edge of a region.
    edge_pending: bool,
    /// Rewrites at the edge of whose regions something was typed that is reported together with other changes: where
    /// that edge lies now, no report tells.
    pub unsure_edges: Vec<u32>,
    /// The person happened to do what an edit under way was to do, and it counted as arrived for a while.
    pub coincided: bool,
    /// The person has redone something: it may be reported as less than was put in again.
    pub redone: bool,
    /// Requests applied to another text than they were made for.
    pub late_edits: usize,
    /// Requests that will never be answered.
    pub unanswered: usize,
}

impl Editor {
    /// Opens a file.
    pub fn open(model: Model, text: &str) -> Editor {
        let page = Page::new(text);
        Editor {
            model,
            version: model.first_version,
            outbox: Vec::new(),
            reported: page.chars(),
            page,
            pending: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            typing: false,
            edited: false,
            jumps: 0,
            openings: 0,
            undone: Vec::new(),
            held: Vec::new(),
            stood: Vec::new(),
            typed: Vec::new(),
            confused: Vec::new(),
            edge_pending: false,
            unsure_edges: Vec::new(),
            coincided: false,
            redone: false,
            late_edits: 0,
            unanswered: 0,
        }
    }

    /// Whether something waits to be reported.
    pub fn has_unreported(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether an undo or redo of an edit of ours has not been reported, or not been taken.
    pub fn has_unseen_undo(&self) -> bool {
        let sent = |message: &Message| matches!(message, Message::Changed { undo: true, .. });
        self.pending.iter().any(|event| event.cause == Cause::Undo) || self.outbox.iter().any(sent)
    }

    /// Whether the person has something to undo.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether the person has something to redo.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    fn next_version(&mut self) {
        if self.model.version_by_report {
            return;
        }
        // Jumps without rhyme or reason, and yet the same in every run.
        self.jumps += 1;
        self.version += 1 + (self.jumps * 7 % 5) % self.model.version_step;
    }

    /// The person changes the text; several replacements are one step of the undo.
    pub fn user(&mut self, changes: &[(usize, usize, String)]) {
        self.changed_by_person(changes, false);
    }

    fn changed_by_person(&mut self, changes: &[(usize, usize, String)], whole: bool) {
        // Where changes are told together, an undo may lead back to before any of them.
        if !self.model.profile().undoes_apart {
            let chars = self.page.chars();
            let regions = self.page.regions().into_iter();
            let stood = regions.map(|(rewrite, region)| (rewrite, chars[region].to_vec()));
            self.stood.extend(stood);
        }
        let mut splices: Vec<Splice> = Vec::new();
        for (at, count, text) in changes {
            // What is replaced by the same is not touched.
            let chars = self.page.chars();
            let new: Vec<char> = text.chars().collect();
            let (prefix, suffix) = common_ends(&chars[*at..at + count], &new);
            let new = new[prefix..new.len() - suffix].to_vec();
            let mut small = vec![(at + prefix, count - prefix - suffix, new)];
            if self.model.rediffs {
                small = small
                    .into_iter()
                    .flat_map(|it| report::rediffed(&chars, it))
                    .collect();
            }
            for (at, count, new) in small {
                let text: String = new.iter().collect();
                splices.push(self.page.user(at, count, &text));
            }
        }
        // A wider report does not say which of several equal letters, or letters of a word, were replaced.
        let vague = self.model.widens || self.model.covers || self.model.hostile;
        for splice in splices.iter().filter(|_| vague) {
            if !splice.removed.is_empty() {
                let end = splice.at + splice.text.chars().count();
                self.confused.extend(self.page.touched(splice.at..end));
            }
        }
        self.note_unplaced(&splices);
        self.note_covered();
        self.note_like_undo(&splices, vague || whole);
        self.redo.clear();
        match self.undo.last_mut() {
            Some(step) if self.model.joins.joins_typing() && self.typing => {
                step.splices.extend(splices.iter().cloned());
            }
            _ => self.undo.push(UndoStep {
                splices: splices.clone(),
                ours: false,
            }),
        }
        self.typing = true;
        self.happened(splices, Cause::Person);
    }

    /// Reported together, changes are one replacement of all that lies between.
    fn note_covered(&mut self) {
        if (self.model.covers || self.model.hostile) && self.has_unreported() {
            let everything = 0..self.page.chars().len();
            self.confused.extend(self.page.touched(everything));
        }
    }

    /// What was typed at an edge of a region and reported together with other changes there, who can say on which side
    /// of it? Nor of what is typed at that edge later.
    fn note_unplaced(&mut self, splices: &[Splice]) {
        if self.model.report != Report::Late && !self.model.hostile {
            return;
        }
        let mut touched = Vec::new();
        for splice in splices {
            let put = splice.at..splice.at + splice.text.chars().count();
            if self.page.touches_edge(put.clone()) {
                touched.extend(self.page.touched(put));
            }
        }
        let unsure = self.page.now(&self.unsure_edges);
        let pending = self.has_unreported();
        self.edge_pending = !touched.is_empty() || self.edge_pending && pending;
        let mut unplaced = String::new();
        // Beside what stands on either side, it does too.
        let chars = self.page.chars();
        let is_unplaced = |at: usize| {
            let there = chars.get(at);
            there.is_some_and(|ch| alphabet::is_person(*ch) && self.page.restored.contains(ch))
        };
        let beside = splices.iter().any(|it| {
            let end = it.at + it.text.chars().count();
            it.at.checked_sub(1).is_some_and(is_unplaced) || is_unplaced(end)
        });
        if beside || touched.iter().any(|rewrite| unsure.contains(rewrite)) {
            unplaced.extend(splices.iter().map(|it| it.text.as_str()));
        }
        if pending && self.edge_pending {
            let waiting = self.pending.iter().flat_map(|event| &event.splices);
            unplaced.extend(waiting.chain(splices).map(|it| it.text.as_str()));
            let everything = 0..self.page.chars().len();
            self.unsure_edges.extend(self.page.touched(everything));
        }
        self.page.restored.extend(unplaced.chars());
    }

    /// A change after which a region, with or without what was put right at its edges, holds just what it held before an
    /// edit of ours cannot be told from an undo of it. `vague` says that the report does not tell which of several equal
    /// blanks or line breaks came or went.
    fn note_like_undo(&mut self, splices: &[Splice], vague: bool) {
        let chars = self.page.chars();
        let put: Vec<Range<usize>> = splices
            .iter()
            .map(|splice| {
                let put = splice.at..splice.at + splice.text.chars().count();
                if vague {
                    slid(&chars, splice, put)
                } else {
                    put
                }
            })
            .collect();
        let is_put = |extra: Range<usize>| {
            let mut put = put.iter();
            extra.is_empty() || put.any(|it| it.start <= extra.start && extra.end <= it.end)
        };
        let touched: Vec<u32> = put
            .iter()
            .flat_map(|it| self.page.touched(it.clone()))
            .collect();
        let mut like = Vec::new();
        for (rewrite, held) in &self.held {
            let now = self.page.now(&[*rewrite]).into_iter();
            for rewrite in now.filter(|it| touched.contains(it)) {
                let Some(region) = self.page.region(rewrite) else {
                    continue;
                };
                let more = held.len().saturating_sub(region.len());
                let mut starts = region.start.saturating_sub(more)..=region.start;
                let same = starts.any(|start| {
                    let end = start + held.len();
                    region.end <= end
                        && is_put(start..region.start)
                        && is_put(region.end..end)
                        && chars.get(start..end) == Some(held)
                });
                let less = region.len().saturating_sub(held.len());
                let mut starts = region.start..=region.start + less;
                let within = starts.any(|start| {
                    let end = start + held.len();
                    is_put(region.start..start)
                        && is_put(end.min(region.end)..region.end)
                        && chars.get(start..end) == Some(held)
                });
                like.extend((same || within).then_some(rewrite));
            }
        }
        self.undone.extend(like);
    }

    /// A formatter changes the text, as one replacement of all of it or not.
    pub fn format(&mut self, changes: &[(usize, usize, String)], whole: bool) {
        let report = std::mem::replace(&mut self.model.report, Report::Late);
        self.typing = false;
        self.changed_by_person(changes, whole);
        self.typing = false;
        self.model.report = report;
        if let Some(event) = self.pending.last_mut() {
            event.whole = whole;
        }
        if report != Report::Late {
            self.report(1);
        }
    }

    /// The person pauses: what comes is another step of the undo.
    pub fn pause(&mut self) {
        self.typing = false;
    }

    fn happened(&mut self, splices: Vec<Splice>, cause: Cause) {
        if self.model.splits && splices.len() > 1 {
            for splice in splices {
                self.happened(vec![splice], cause);
            }
            return;
        }
        self.edited = cause == Cause::Ours;
        self.next_version();
        let version = self.version;
        self.typed.extend(splices.iter().map(|splice| {
            let removed = splice.removed.iter().map(|(_, ch)| ch).collect();
            (version, removed, splice.text.clone())
        }));
        self.pending.push(Event {
            splices,
            version,
            cause,
            whole: false,
        });
        if self.model.report != Report::Late {
            self.report(1);
        }
    }

    /// Undo; nothing where there is nothing.
    pub fn undo(&mut self) {
        let Some(step) = self.undo.pop() else { return };
        self.typing = false;
        self.note_covered();
        let undone = self.take_back(&step);
        // Where all of a region goes by one of several changes that are reported as one, where it was nobody can say.
        if undone.len() > 1 && (self.model.covers || self.model.hostile) {
            let everything = 0..self.page.chars().len();
            let mut regions = self.page.touched(everything);
            regions.retain(|it| self.page.region(*it).is_some_and(|it| it.is_empty()));
            self.confused.extend(regions);
        }
        self.redo.push(UndoStep {
            splices: undone.clone(),
            ours: step.ours,
        });
        self.happened(undone, Cause::of_step(step.ours));
    }

    fn take_back(&mut self, step: &UndoStep) -> Vec<Splice> {
        let mut undone = Vec::new();
        for splice in step.splices.iter().rev() {
            // Reported together with the deletion, the undo of one is no change at all: who can say what came back?
            if step.ours || !splice.removed.is_empty() {
                let end = splice.at + splice.text.chars().count();
                self.undone.extend(self.page.touched(splice.at..end));
            }
            let over = |rewrite: &u32| self.page.region(*rewrite).is_none();
            let plain = self.page.now(&splice.whose).iter().all(over);
            if plain && self.model.rediffs {
                for small in self.parted(splice) {
                    undone.push(self.page.undo(&small));
                }
            } else {
                undone.push(self.page.undo(splice));
            }
        }
        undone
    }

    /// A replacement to take back as the small ones as which that is reported, in the order in which they are made.
    fn parted(&self, splice: &Splice) -> Vec<Splice> {
        let chars = self.page.chars();
        let back = splice.removed.iter().map(|(_, ch)| *ch).collect();
        let put = splice.text.chars().count();
        let small = report::rediffed(&chars, (splice.at, put, back));
        let mut from = 0;
        let mut kept_from = splice.at;
        let mut parted: Vec<Splice> = Vec::new();
        for (at, count, back) in small.iter().rev() {
            from += at - kept_from;
            parted.push(Splice {
                at: *at,
                removed: splice.removed[from..from + back.len()].to_vec(),
                text: chars[*at..at + count].iter().collect(),
                ..splice.clone()
            });
            from += back.len();
            kept_from = at + count;
        }
        parted.reverse();
        parted
    }

    /// Redo. Nothing where there is nothing.
    pub fn redo(&mut self) {
        let Some(step) = self.redo.pop() else { return };
        self.redone = true;
        // Undone and redone before it was reported, it has never been away for the server; here it was typed anew.
        if self.has_unreported() {
            let everything = 0..self.page.chars().len();
            self.confused.extend(self.page.touched(everything));
        }
        self.typing = false;
        let mut splices = Vec::new();
        for splice in step.splices.iter().rev() {
            let put = splice.text.chars().count();
            if step.ours {
                self.undone
                    .extend(self.page.touched(splice.at..splice.at + put));
                let again = splice.removed.iter().map(|(_, ch)| *ch);
                self.page.redone.extend(again);
            }
            splices.push(self.page.undo(splice));
        }
        self.undo.push(UndoStep {
            splices: splices.clone(),
            ours: step.ours,
        });
        self.happened(splices, Cause::of_step(step.ours));
    }

    /// The version moves and nobody is told.
    pub fn preview(&mut self, by: u32) {
        if self.model.previews {
            self.version += by as i32;
        }
    }

    /// Takes a request. `choice` decides where the editor has one.
    pub fn take(&mut self, request: &Request, choice: u32) {
        let unsent = self.model.version_by_report && self.has_unreported();
        let stale = match self.model.stale {
            Stale::DropSilently if self.model.zero_unchecked && request.version == 0 => false,
            Stale::DropSilently => self.version > request.version,
            _ => self.version != request.version,
        };
        // Versions begin anew when a file is opened again. An edit for the time before counts as stale here,
        // though an editor that only compares numbers might take it: no server could help that.
        let before = request.opening != self.openings;
        if before || stale && self.model.stale != Stale::Apply {
            let applied = self.model.stale == Stale::DropSilently;
            self.notice_coincidence(request, before || applied);
            return self.answer(request.edit, applied);
        }
        if self.model.hostile && choice % 8 == 1 {
            // Thrown away, whatever is said about it.
            return self.answer_as_it_likes(request.edit, choice);
        }
        // For a hostile editor an edit is late as well where the text has moved on and come back.
        let late = self.model.hostile && self.version != request.version;
        let exact = !unsent && !late && self.page.text() == request.text;
        self.late_edits += usize::from(!exact);
        let chars = self.page.chars();
        for rewrite in self.page.now(&request.rewrites.concat()) {
            let held = self.page.region(rewrite);
            self.held
                .extend(held.map(|region| (rewrite, chars[region].to_vec())));
            let stood = self.stood.extract_if(.., |it| it.0 == rewrite);
            self.held.extend(stood);
        }
        let (splices, narrow) = self.apply(request, exact);
        let joins = |step: &UndoStep| match self.model.joins {
            Joins::Nothing => false,
            Joins::OwnEdits => step.ours && self.edited,
            Joins::Typing | Joins::TypingBefore => self.typing,
            Joins::LastStep => true,
        };
        match self.undo.last_mut() {
            Some(step) if joins(step) => {
                step.splices.extend(narrow);
                step.ours = true;
            }
            _ => self.undo.push(UndoStep {
                splices: narrow,
                ours: true,
            }),
        }
        self.typing &= self.model.joins != Joins::TypingBefore;
        self.redo.clear();
        if self.model.hostile {
            if choice.is_multiple_of(3) {
                self.answer_as_it_likes(request.edit, choice);
            }
            self.happened(splices, Cause::Ours);
            if choice % 5 == 2 {
                self.report(1 + choice % 2);
            }
            if !choice.is_multiple_of(3) {
                self.answer_as_it_likes(request.edit, choice);
            }
        } else {
            let answers_first = match self.model.report {
                Report::BeforeAnswer => false,
                Report::Either => !choice.is_multiple_of(2),
                Report::AfterAnswer | Report::Late => true,
            };
            if answers_first {
                self.answer(request.edit, true);
            }
            self.happened(splices, Cause::Ours);
            if !answers_first {
                self.answer(request.edit, true);
            }
        }
    }

    /// Notes whether the person did meanwhile what a request that comes too late was to do. `for_good` says that the
    /// answer does not tell.
    fn notice_coincidence(&mut self, request: &Request, for_good: bool) {
        if self.coincides(request) {
            self.coincided = true;
            if for_good {
                let everything = 0..self.page.chars().len();
                self.confused.extend(self.page.touched(everything));
            }
        }
    }

    /// Whether the person did meanwhile what some of a request was to do.
    pub fn coincides(&self, request: &Request) -> bool {
        let chars: Vec<char> = request.text.chars().collect();
        let sorted = |text: &[char]| {
            let mut text = text.to_vec();
            text.sort_unstable();
            text
        };
        let holds = |a: &str, b: &[char]| {
            let mut rest = sorted(&a.chars().collect::<Vec<char>>()).into_iter();
            b.iter().all(|ch| rest.any(|it| it == *ch))
        };
        request.parts.iter().any(|part| {
            let Some(range) = &part.range else {
                return false;
            };
            let start = index_of(&chars, range.start, self.model.encoding);
            let end = index_of(&chars, range.end, self.model.encoding);
            let new: Vec<char> = part.text.chars().collect();
            let (prefix, suffix) = common_ends(&chars[start..end], &new);
            let gone = sorted(&chars[start + prefix..end - suffix]);
            let put = sorted(&new[prefix..new.len() - suffix]);
            self.typed.iter().any(|(version, removed, text)| {
                *version > request.version && holds(removed, &gone) && holds(text, &put)
            })
        })
    }

    fn apply(&mut self, request: &Request, exact: bool) -> (Vec<Splice>, Vec<Splice>) {
        let chars = self.page.chars();
        let mut parts: Vec<(usize, usize, &str, &[u32])> = request
            .parts
            .iter()
            .zip(&request.rewrites)
            .filter_map(|(part, whose)| {
                let range = part.range.as_ref()?;
                let start = index_of(&chars, range.start, self.model.encoding);
                let end = index_of(&chars, range.end, self.model.encoding).max(start);
                Some((start, end - start, part.text.as_str(), whose.as_slice()))
            })
            .collect();
        if self.model.top_down {
            let mut moved = 0;
            for (at, count, text, _) in &mut parts {
                *at = at.wrapping_add_signed(moved);
                moved += text.chars().count() as isize - *count as isize;
            }
        } else {
            parts.reverse();
        }
        let mut splices = (Vec::new(), Vec::new());
        for (at, count, text, whose) in parts {
            let len = self.page.chars().len();
            let at = at.min(len);
            let count = count.min(len - at);
            let harm = self.page.harm.len();
            let (whole, narrow) = self.page.ours(at, count, text, exact, whose);
            self.note_unsure_side(harm, &narrow, whose);
            splices.0.push(whole);
            splices.1.push(narrow);
        }
        splices
    }

    /// Where no report tells on which side of a region's edge something was typed, or came back by undo, the page may have
    /// the edge elsewhere, and what we put or took there on the other side: what stands in the region, the page cannot
    /// say then.
    fn note_unsure_side(&mut self, harm: usize, edit: &Splice, whose: &[u32]) {
        let is_outside = |(_, harm): &(char, String)| harm.starts_with("I4");
        if !self.page.harm[harm..].iter().any(is_outside) {
            return;
        }
        let (unsure, whose) = (self.page.now(&self.unsure_edges), self.page.now(whose));
        let chars = self.page.chars();
        let came_back = |at: usize| {
            let there = chars.get(at);
            there.is_some_and(|ch| self.page.restored.contains(ch))
        };
        let end = edit.at + edit.text.chars().count();
        let beside = edit.at.checked_sub(1).is_some_and(came_back) || came_back(end);
        if beside {
            let mut at = 0;
            self.page.harm.retain(|it| {
                at += 1;
                at <= harm || !is_outside(it)
            });
        }
        if beside || whose.iter().any(|it| unsure.contains(it)) {
            self.confused.extend(whose);
        }
    }

    fn answer(&mut self, edit: u32, applied: bool) {
        self.outbox.push(Message::Answer { edit, applied });
    }

    fn answer_as_it_likes(&mut self, edit: u32, choice: u32) {
        match choice % 16 {
            7 => self.unanswered += 1,
            9 => self.answer(edit, false),
            _ => self.answer(edit, true),
        }
    }

    /// Reports what waits, in up to `notifications` of them.
    pub fn report(&mut self, notifications: u32) {
        let mut left = notifications.max(1) as usize;
        while !self.pending.is_empty() {
            let count = self.pending.len().div_ceil(left);
            left = left.saturating_sub(1).max(1);
            let events: Vec<Event> = self.pending.drain(..count).collect();
            if self.model.version_by_report {
                self.version += 1;
            }
            let version = match events.last() {
                Some(event) if !self.model.version_by_report => event.version,
                _ => self.version,
            };
            let whole = events.iter().any(|event| event.whole);
            let undo = events.iter().any(|event| event.cause == Cause::Undo);
            let worded = |whole: bool, events: &[Event], reported: &mut Vec<char>| {
                let splices = events.iter().flat_map(|it| {
                    let by_person = it.cause == Cause::Person;
                    it.splices.iter().map(move |it| (it.clone(), by_person))
                });
                let splices: Vec<(Splice, bool)> = splices.collect();
                let how = if whole {
                    report::Manner::WHOLE
                } else if self.model.hostile {
                    report::Manner::any(version as u32)
                } else {
                    report::Manner::of(&self.model)
                };
                report::worded(reported, &splices, how, self.model.encoding)
            };
            let reported = &mut self.reported;
            let changes = if self.model.covers || self.model.hostile {
                worded(whole, &events, reported)
            } else {
                let each = events.chunks(1);
                each.flat_map(|event| worded(event[0].whole, event, reported))
                    .collect()
            };
            if changes.is_empty() && !self.model.hostile {
                continue;
            }
            let after = self.reported.iter().collect();
            self.outbox.push(Message::Changed {
                version,
                changes,
                after,
                undo,
            });
        }
    }

    /// Closes the file and opens it again, from what stands there.
    pub fn reopen(&mut self) {
        self.report(1);
        let text = self.page.text();
        let outbox = std::mem::take(&mut self.outbox);
        let (undone, confused) = (self.undone.clone(), self.confused.clone());
        *self = Editor {
            outbox,
            undone,
            confused,
            openings: self.openings + 1,
            unanswered: self.unanswered,
            // What it did to the old text is yet to be told.
            late_edits: self.late_edits,
            ..Editor::open(self.model, &text)
        };
        let version = self.version;
        self.outbox.push(Message::Reopened { version, text });
    }
}

/// From where to where equal blanks or line breaks may be that were put, or taken away.
fn slid(chars: &[char], splice: &Splice, mut put: Range<usize>) -> Range<usize> {
    let removed = splice.removed.iter().map(|(_, ch)| *ch);
    let mut all = removed.chain(splice.text.chars());
    let Some(first) = all.next().filter(|ch| alphabet::is_neutral(*ch)) else {
        return put;
    };
    if all.any(|ch| ch != first) {
        return put;
    }
    while put.start > 0 && chars.get(put.start - 1) == Some(&first) {
        put.start -= 1;
    }
    while chars.get(put.end) == Some(&first) {
        put.end += 1;
    }
    put
}
