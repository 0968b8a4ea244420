//! [`OpenDocument`]: one document as the engine holds it: text, tree, rewrites, and selections it follows.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prompt::LineEnding;
use rewrite::{DocumentRewrites, EditId, Effect, Profile, RewriteId, Time};
use syntax::{Language, Syntax};
use text::{Anchor, Bias, ChangeSet, Text};
use tower_lsp::ls_types::Uri;

/// How many selections of code-action requests are followed: an editor shows one menu at a time, but some
/// ask at every move of the cursor.
const SELECTIONS: usize = 16;

/// How many finished rewrites can be tried again.
const RETRIABLE: usize = 20;

/// How long a command may wait for a current tree.
const PARSE_BUDGET: Duration = Duration::from_millis(4);

/// With more changes than this waiting, the tree is built anew.
const NOTED_AT_MOST: usize = 256;

/// An open document.
pub(crate) struct OpenDocument {
    pub(crate) uri: Uri,
    /// As the model may see it: relative to the folder, with forward slashes.
    pub(crate) path: String,
    pub(crate) language: Option<Language>,
    /// As the editor calls it.
    pub(crate) language_id: String,
    pub(crate) rewrites: DocumentRewrites,
    /// Something of ours is shown among its diagnostics.
    pub(crate) has_diagnostics: bool,
    /// The mirror cannot be trusted.
    pub(crate) is_lost: bool,
    syntax: Option<Syntax>,
    /// Changes that the tree has not been told of: telling costs more than the mirror's own edit, and a
    /// burst of changes needs it once.
    unnoted: Vec<(ChangeSet, Text, Text)>,
    parsing: bool,
    /// This text has had its [`PARSE_BUDGET`] and needs more: it is left to the worker.
    is_slow: bool,
    /// The name of this tree among all that were ever begun: what a worker parsed for another, also of this
    /// document before it was opened again, is of no use.
    tree: u64,
    /// Where secrets stand in this very text, once that is known.
    secrets: Option<prompt::Secrets>,
    /// The name of this text among all that any document ever had.
    state: u64,
    selections: VecDeque<(u64, Anchor, Anchor)>,
    next_selection: u64,
    /// Where rewrites began, also those that are over.
    retriable: VecDeque<Retriable>,
    /// How its lines ended when it was opened.
    opened_with: LineEnding,
}

/// A rewrite that can be asked again. What is typed at an edge of it stands outside.
pub(crate) struct Retriable {
    pub(crate) id: RewriteId,
    start: Anchor,
    end: Anchor,
}

impl Retriable {
    pub(crate) fn region(&self) -> Range<usize> {
        self.start.offset..self.end.offset.max(self.start.offset)
    }
}

impl OpenDocument {
    pub(crate) fn new(
        uri: Uri,
        language_id: &str,
        folders: &[String],
        text: Text,
        version: i32,
        profile: Profile,
        last_edit: EditId,
    ) -> Self {
        let full = uri.to_file_path().map_or_else(
            || uri.as_str().to_owned(),
            |path| path.to_string_lossy().into_owned(),
        );
        let language = Language::detect(language_id, &full);
        OpenDocument {
            opened_with: LineEnding::first_in(&text.line(0)).unwrap_or_default(),
            path: shown_path(&full, folders),
            language,
            language_id: language_id.to_owned(),
            syntax: language.map(Syntax::new),
            rewrites: open(text, version, profile, last_edit),
            has_diagnostics: false,
            is_lost: false,
            unnoted: Vec::new(),
            parsing: false,
            is_slow: false,
            tree: next_number(),
            secrets: None,
            state: next_number(),
            selections: VecDeque::new(),
            next_selection: 0,
            retriable: VecDeque::new(),
            uri,
        }
    }

    pub(crate) fn text(&self) -> &Text {
        self.rewrites.text()
    }

    /// What a selection (bytes) means, short of the rewrites beside it that are not over: nobody selected those.
    /// Lines of their own stay whole, and the last one is meant without its line break.
    pub(crate) fn clear_of_rewrites(
        &self,
        meant: Range<usize>,
        selected: &Range<usize>,
    ) -> Range<usize> {
        let Range { mut start, mut end } = meant;
        // One that is rejected is there until its text is back.
        let active = self.rewrites.active();
        let there = active.filter(|view| view.state != rewrite::State::Stale);
        for other in there.map(|view| view.region) {
            if start < other.end && other.end <= selected.start {
                start = other.end;
            }
            if selected.end <= other.start && other.start < end {
                end = other.start;
                let line = self.text().line_of(end);
                if end == self.text().line_start(line) && line > 0 {
                    end = self.text().line_end(line - 1).max(selected.end);
                }
            }
        }
        start..end.max(start)
    }

    /// The mirror moved.
    pub(crate) fn changed(
        &mut self,
        changes: &[ChangeSet],
        after: Text,
        version: i32,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if !self.selections.is_empty() || !self.retriable.is_empty() {
            // An editor may report more than what changed, up to the whole text.
            let change = rewrite::narrowed_to_words(self.text(), changes);
            for (_, start, end) in &mut self.selections {
                start.follow(&change);
                end.follow(&change);
            }
            for retriable in &mut self.retriable {
                retriable.start.follow(&change);
                retriable.end.follow(&change);
            }
        }
        let mut active: Vec<RewriteId> = Vec::new();
        active.extend(self.retriable.iter().map(|it| it.id));
        active.retain(|id| self.rewrites.is_active(*id));
        self.keep_for_tree(changes);
        self.rewrites.changed(changes, &after, version, now, out);
        // As long as a rewrite lives it says itself where its region is.
        for retriable in &mut self.retriable {
            if active.contains(&retriable.id)
                && let Some(region) = self.rewrites.region(retriable.id)
            {
                retriable.start = Anchor::new(region.start, Bias::Right);
                retriable.end = Anchor::new(region.end, Bias::Left);
            }
        }
    }

    fn keep_for_tree(&mut self, changes: &[ChangeSet]) {
        self.is_slow = false;
        self.forget_secrets();
        if self.syntax.is_none() {
            return;
        }
        if self.unnoted.len() + changes.len() > NOTED_AT_MOST {
            return self.begin_tree_anew();
        }
        let mut text = self.rewrites.text().clone();
        for change in changes {
            let before = text.clone();
            change.apply(&mut text);
            self.unnoted.push((change.clone(), before, text.clone()));
        }
    }

    /// Tells the tree of all changes that it has not been told of.
    pub(crate) fn note(&mut self) {
        if let Some(syntax) = &mut self.syntax {
            for (change, before, after) in self.unnoted.drain(..) {
                syntax.note(&change, &before, &after);
            }
        }
    }

    /// The mirror has the whole text anew.
    pub(crate) fn reset(
        &mut self,
        text: Text,
        version: i32,
        profile: Profile,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        self.rewrites.lose_step(now, out);
        self.is_lost = false;
        let last = self.rewrites.last_edit();
        self.rewrites = open(text, version, profile, last);
        self.forget_secrets();
        self.selections.clear();
        self.retriable.clear();
        self.begin_tree_anew();
    }

    fn begin_tree_anew(&mut self) {
        self.unnoted.clear();
        self.is_slow = false;
        self.tree = next_number();
        self.syntax = self.language.map(Syntax::new);
    }

    /// Whether a worker is at it.
    pub(crate) fn is_parsing(&self) -> bool {
        self.parsing
    }

    /// What to parse on a worker, if anything; its result comes back by [`OpenDocument::adopt`].
    pub(crate) fn begin_parse(&mut self) -> Option<(Syntax, Text, u64)> {
        self.note();
        let syntax = self
            .syntax
            .as_ref()
            .filter(|syntax| !self.parsing && !syntax.is_current())?;
        self.parsing = true;
        Some((syntax.clone(), self.rewrites.text().clone(), self.tree))
    }

    /// Takes over a tree parsed on a worker; edits noted since are replayed on it.
    pub(crate) fn adopt(&mut self, parsed: Syntax, tree: u64) {
        self.parsing = false;
        if tree != self.tree {
            return;
        }
        self.note();
        if let Some(syntax) = &mut self.syntax {
            syntax.adopt(parsed);
        }
    }

    /// The tree: current if it can be within [`PARSE_BUDGET`], else as near the truth as it is.
    pub(crate) fn syntax(&mut self) -> Option<&Syntax> {
        self.note();
        let text = self.rewrites.text();
        let is_slow = self.is_slow;
        let stale = |it: &&mut Syntax| !is_slow && !it.is_current();
        if let Some(syntax) = self.syntax.as_mut().filter(stale) {
            let started = Instant::now();
            self.is_slow = !syntax.parse(text, &mut || started.elapsed() < PARSE_BUDGET);
        }
        self.syntax.as_ref()
    }

    /// The text with stand-ins for its secrets. They are looked for once for each text, unless it is large.
    pub(crate) fn masked(
        &mut self,
        masks: &mut prompt::Masks,
        region: &Range<usize>,
        context: usize,
    ) -> (Text, Result<(), prompt::CutSecret>) {
        let text = self.rewrites.text();
        let known = self.secrets.take();
        let secrets = known.unwrap_or_else(|| masks.look(text, region, context));
        let masked = masks.document(text, &secrets, region);
        self.secrets = Some(secrets).filter(prompt::Secrets::is_of_all);
        masked
    }

    /// The name of the text as it is now.
    pub(crate) fn state(&self) -> u64 {
        self.state
    }

    fn forget_secrets(&mut self) {
        self.secrets = None;
        self.state = next_number();
    }

    /// The text whose secrets are not known yet, and its name; they come back by [`OpenDocument::found`].
    pub(crate) fn begin_look(&self) -> Option<(Text, u64)> {
        let is_known = self.secrets.is_some();
        (!is_known).then(|| (self.text().clone(), self.state))
    }

    /// The secrets of the text of this name were found. Of an earlier text they are of no use.
    pub(crate) fn found(&mut self, secrets: prompt::Secrets, state: u64) {
        if state == self.state && secrets.is_of_all() {
            self.secrets = Some(secrets);
        }
    }

    /// How the document's lines end, by its first; where it has no more than one, by what it was opened with.
    pub(crate) fn line_ending(&self) -> LineEnding {
        LineEnding::first_in(&self.text().line(0)).unwrap_or(self.opened_with)
    }

    /// Follows a selection through later changes; gives its number.
    pub(crate) fn follow_selection(&mut self, selection: Range<usize>) -> u64 {
        self.next_selection += 1;
        if self.selections.len() == SELECTIONS {
            self.selections.pop_front();
        }
        self.selections.push_back((
            self.next_selection,
            Anchor::new(selection.start, Bias::Right),
            Anchor::new(selection.end, Bias::Left),
        ));
        self.next_selection
    }

    /// Where a followed selection is now.
    pub(crate) fn selection(&self, number: u64) -> Option<Range<usize>> {
        let (_, start, end) = self.selections.iter().find(|(name, ..)| *name == number)?;
        Some(start.offset..end.offset.max(start.offset))
    }

    /// Remembers where a rewrite began, for trying again.
    pub(crate) fn remember(&mut self, id: RewriteId, region: Range<usize>) {
        if self.retriable.len() == RETRIABLE {
            self.retriable.pop_front();
        }
        self.retriable.push_back(Retriable {
            id,
            start: Anchor::new(region.start, Bias::Right),
            end: Anchor::new(region.end, Bias::Left),
        });
    }

    /// The newest rewrite that began at such a place and may be over.
    pub(crate) fn retriable_at(
        &self,
        is_there: impl Fn(&Range<usize>) -> bool,
    ) -> Option<RewriteId> {
        let mut newest_first = self.retriable.iter().rev();
        newest_first
            .find(|it| is_there(&it.region()))
            .map(|it| it.id)
    }

    /// A rewrite that began here and may be over.
    pub(crate) fn retriable(&self, id: RewriteId) -> Option<&Retriable> {
        self.retriable.iter().find(|retriable| retriable.id == id)
    }
}

fn open(text: Text, version: i32, profile: Profile, last_edit: EditId) -> DocumentRewrites {
    DocumentRewrites::open(text, version, profile)
        .number_edits_behind(last_edit)
        .hold_accepts()
}

fn next_number() -> u64 {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

fn shown_path(full: &str, folders: &[String]) -> String {
    let inside = folders.iter().find_map(|folder| {
        full.strip_prefix(folder.as_str())?
            .strip_prefix(['/', '\\'])
    });
    let name = || full.rsplit(['/', '\\']).next().unwrap_or(full);
    inside.unwrap_or_else(name).replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> OpenDocument {
        let uri: Uri = "file:///a.env".parse().unwrap();
        let text = Text::from(text);
        OpenDocument::new(uri, "plain", &[], text, 1, Profile::default(), EditId(0))
    }

    #[test]
    fn secrets_found_in_an_earlier_text_are_of_no_use() {
        const SECRET: &str = "password = \"correct1horse\"\n";
        let mut document = document(SECRET);
        let (text, state) = document.begin_look().unwrap();
        let secrets = prompt::Masks::default().look(&text, &(0..0), 0);
        document.found(secrets.clone(), state);
        assert_eq!(document.secrets, Some(secrets.clone()));
        assert!(document.begin_look().is_none(), "they are known");

        document.reset(
            Text::from("pass"),
            2,
            Profile::default(),
            0,
            &mut Vec::new(),
        );
        document.found(secrets.clone(), state);
        assert_eq!(document.secrets, None);
        // The same text again is another state all the same.
        document.reset(
            Text::from(SECRET),
            3,
            Profile::default(),
            0,
            &mut Vec::new(),
        );
        document.found(secrets, state);
        assert_eq!(document.secrets, None);
        assert!(document.begin_look().is_some());
    }

    #[test]
    fn a_selection_and_what_can_be_asked_again_stay_where_they_are_when_the_whole_text_is_reported()
    {
        let old = "head\nif a {\n    b\n}\ntail\n";
        let new = "head\nif axx {\n    byy\n}\nzz tail\n";
        let mut document = document(old);
        let region = 5..20;
        let number = document.follow_selection(region.clone());
        document.remember(RewriteId(1), region);
        let change = ChangeSet::replace(old.len(), 0..old.len(), new);
        document.changed(&[change], Text::from(new), 2, 0, &mut Vec::new());
        let region = 5..24;
        assert_eq!(&new[region.clone()], "if axx {\n    byy\n}\n");
        assert_eq!(document.selection(number), Some(region.clone()));
        let retriable = document.retriable(RewriteId(1)).unwrap();
        assert_eq!(retriable.region(), region);
    }

    #[test]
    fn a_selection_beside_a_rewrite_whose_text_is_being_taken_back_is_short_of_it() {
        let mut document = document("one\n  two\n");
        let start = rewrite::Start {
            id: RewriteId(1),
            region: 0..6,
            instruction: String::new(),
            apply: rewrite::Apply::Live,
            request: model_protocol::Request::default(),
            shape: prompt::Shape::of("one\n  ", prompt::LineEnding::Lf),
            removed: None,
        };
        let mut out = Vec::new();
        document.rewrites.start(start, 0, &mut out).unwrap();
        let answer = model_protocol::StreamEvent::Delta {
            text: "ONE\n".to_owned(),
        };
        let answer = rewrite::ModelEvent::Stream(answer);
        document.rewrites.model(RewriteId(1), answer, 0, &mut out);
        document.rewrites.settle(1_000_000, &mut out);
        let rejected = document
            .rewrites
            .decide(RewriteId(1), false, None, &mut out);
        rejected.unwrap();
        assert_eq!(document.clear_of_rewrites(4..9, &(6..9)), 6..9);
    }
}
