//! Edits that an editor made without looking, in the wrong place: their text is taken back, whatever they displaced.

use model_protocol::Request;
use prompt::{LineEnding, Shape};
use text::ChangeSet;

use super::super::*;
use crate::document::tests::{completed, delta};
use crate::effect::{Apply, State};

const ID: RewriteId = RewriteId(1);

/// An editor that makes every edit for version 0 at its lines and columns, whatever stands there by now, and tells
/// late of what was typed.
struct Blind {
    text: Text,
    version: i32,
    untold: Vec<ChangeSet>,
    engine: DocumentRewrites,
    now: Time,
}

impl Blind {
    fn open(text: &str) -> Blind {
        let profile = Profile {
            checks_versions: true,
            skips_version_zero: true,
            compares_texts: true,
            reports_apart: false,
            undoes_apart: false,
            frame: 1_000,
        };
        let text = Text::from(text);
        Blind {
            engine: DocumentRewrites::open(text.clone(), 0, profile),
            text,
            version: 0,
            untold: Vec::new(),
            now: 0,
        }
    }

    fn rewrite(&mut self, region: Range<usize>, answer: &str) {
        let start = Start {
            id: ID,
            shape: Shape::of(&self.text.slice(region.clone()), LineEnding::Lf),
            region,
            instruction: "make it so".to_owned(),
            apply: Apply::Once,
            request: Request::default(),
            removed: None,
        };
        let mut out = Vec::new();
        self.engine
            .start(start, 0, &mut out)
            .expect("a free region");
        for event in [delta(answer), completed()] {
            self.engine.model(ID, event, self.now, &mut out);
        }
    }

    fn edit(&mut self, range: Range<usize>, put: &str) {
        let change = ChangeSet::replace(self.text.len(), range, put);
        change.apply(&mut self.text);
        self.version += 1;
        self.untold.push(change);
    }

    fn tell(&mut self) {
        let changes = std::mem::take(&mut self.untold);
        if !changes.is_empty() {
            let mut out = Vec::new();
            self.engine
                .changed(&changes, &self.text, self.version, self.now, &mut out);
        }
    }

    /// Makes the edits that the engine asks for now; whether there were any.
    fn obey(&mut self) -> bool {
        self.now += 10_000;
        let mut out = Vec::new();
        self.engine.wake();
        self.engine.settle(self.now, &mut out);
        let mut any = false;
        for effect in out {
            let Effect::Edit {
                edit,
                version,
                text,
                parts,
                ..
            } = effect
            else {
                continue;
            };
            any = true;
            if version == 0 || version == self.version {
                for part in parts.iter().rev() {
                    let at = |offset: usize| {
                        let line = text.line_of(offset);
                        let column = offset - text.line_start(line);
                        (self.text.line_start(line) + column).min(self.text.line_end(line))
                    };
                    let range = at(part.range.start)..at(part.range.end);
                    self.edit(range, &part.text);
                }
            }
            self.engine.answered(edit, true);
        }
        any
    }

    fn come_to_rest(&mut self) {
        for _ in 0..20 {
            self.tell();
            if !self.obey() && self.untold.is_empty() {
                return;
            }
        }
        panic!("it goes on and on: {:?}", self.text.to_string());
    }
}

/// The document, what is selected in it, the answer; what is typed where before the editor tells of it; what the
/// document is then, and after the rejection.
#[track_caller]
fn check(marked: &str, answer: &str, typed: &[(usize, &str)], proposed: &str, rejected: &str) {
    let start = marked.find('[').expect("a region");
    let end = marked.find(']').expect("a region") - 1;
    let mut editor = Blind::open(&marked.replace(['[', ']'], ""));
    editor.rewrite(start..end, answer);
    for (at, put) in typed {
        editor.edit(*at..*at, put);
    }
    assert!(editor.obey(), "an edit for version 0");
    editor.come_to_rest();
    assert_eq!(editor.text.to_string(), proposed);
    assert_eq!(editor.engine.state(ID), Some(State::Proposed));
    let mut out = Vec::new();
    editor
        .engine
        .decide(ID, false, None, &mut out)
        .expect("it waits");
    editor.come_to_rest();
    assert_eq!(editor.text.to_string(), rejected, "after the rejection");
}

#[test]
fn text_of_ours_in_another_line_is_taken_back() {
    let mine = [(0, "# mine\n# mine too\n")];
    check(
        "one1 = 1\ntwo2 = 2\ntre3 = 3\n[four = 4\n]five = 5\n",
        "four = 44\n",
        &mine,
        "# mine\n# mine too\none1 = 1\ntwo2 = 2\ntre3 = 3\nfour = 44\nfive = 5\n",
        "# mine\n# mine too\none1 = 1\ntwo2 = 2\ntre3 = 3\nfour = 4\nfive = 5\n",
    );
}

#[test]
fn text_that_ours_displaced_comes_back() {
    check(
        "alpha\nbeta\ngamma\n[delta\n]omega\n",
        "other\n",
        &[(0, "mine\n")],
        "mine\nalpha\nbeta\ngamma\nother\nomega\n",
        "mine\nalpha\nbeta\ngamma\ndelta\nomega\n",
    );
}

#[test]
fn several_parts_in_wrong_places_are_taken_back() {
    check(
        "zero\n[one\ntwo\nthree\nfour\n]five\n",
        "1\ntwo\nthree\n4\n",
        &[(0, "mine\n")],
        "mine\nzero\n1\ntwo\nthree\n4\nfive\n",
        "mine\nzero\none\ntwo\nthree\nfour\nfive\n",
    );
}

#[test]
fn what_lands_where_it_belongs_is_left_alone() {
    check(
        "zero\n[one\n]two\n",
        "1\n",
        &[(9, "mine\n")],
        "zero\n1\nmine\ntwo\n",
        "zero\none\nmine\ntwo\n",
    );
}

/// The first edit never comes, and what the user deletes looks like a part of it made without looking. Gives the
/// document in the end.
fn after_deletion_like_a_part(skips_version_zero: bool) -> String {
    let mut editor = Blind::open("zero\none\ntwo\n");
    editor.engine.profile.skips_version_zero = skips_version_zero;
    editor.rewrite(5..13, "two\n");
    let mut out = Vec::new();
    editor.engine.settle(editor.now, &mut out);
    let edit = out.iter().find_map(|effect| match effect {
        Effect::Edit { edit, parts, .. } => {
            let parts: Vec<_> = parts
                .iter()
                .map(|it| (it.range.clone(), &*it.text))
                .collect();
            assert_eq!(parts, [(5..9, "")]);
            Some(*edit)
        }
        _ => None,
    });
    editor.edit(0..0, "mine\n");
    editor.edit(5..10, "");
    editor.tell();
    editor.engine.answered(edit.expect("an edit"), true);
    for _ in 0..3 {
        editor.now += 5_000_000;
        editor.come_to_rest();
    }
    editor.text.to_string()
}

#[test]
fn a_deletion_taken_for_one_of_ours_in_a_wrong_place_is_put_back_once_and_only_where_no_editor_looks()
 {
    assert_eq!(after_deletion_like_a_part(true), "mine\nzero\ntwo\n");
    assert_eq!(after_deletion_like_a_part(false), "mine\ntwo\n");
}
