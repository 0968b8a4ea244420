//! What the person's undo and redo mean for the rewrites that they reach. The steps themselves are the editor's.

use std::collections::BTreeSet;

use super::page::{Page, Splice, text_of};
use super::rewrite::{Deleted, Level, Rewrite, Whose};
use super::session::Session;
use super::words::{CLOSE, OPEN, is_word, stripped, token, tokens_of, without, words_of};

impl Session {
    // Undo.

    pub(super) fn step(&mut self, back: bool) {
        let before = tokens_of(&self.desk.page.text());
        let (rewrites, lined) = (&mut self.rewrites, &self.lined);
        let note = |page: &mut Page, it: &Splice| note_step(page, rewrites, it, back, lined);
        let made = self.desk.step(back, &mut self.log, note);
        if made.is_empty() {
            return;
        }
        for region in &self.desk.page.regions {
            let rewrite = &mut self.rewrites[region.key];
            rewrite.may_be_stale |= region.swallowed;
            let is_near = made.iter().any(|it| it.near.contains(&region.key));
            rewrite.may_be_stale |= is_near && self.desk.page.holds_nothing(region.key, &(0..0));
            let text = self.desk.page.slice(region.span());
            let text = stripped(&text, &BTreeSet::new()).unwrap_or(text);
            let back = rewrite.deleted.iter_mut();
            for deleted in back.filter(|it| text.contains(&it.what)) {
                deleted.whose = Whose::Unclear;
            }
        }
        let text = self.desk.page.text();
        let after = tokens_of(&text);
        for number in before.iter().filter(|it| !after.contains(it)) {
            let in_base = self.note_token(*number);
            if !in_base {
                self.desk.gone.insert(*number);
            }
            self.desk.live.remove(number);
        }
        // What was typed before a rewrite began may be all that it began with.
        for rewrite in self.rewrites.iter_mut().filter(|it| !it.is_over) {
            let bare = stripped(rewrite.base(), &BTreeSet::new());
            let is_typed = bare.is_ok_and(|it| !it.contains(char::is_alphanumeric));
            let mut tokens = rewrite.tokens.iter();
            rewrite.may_be_stale |= is_typed && tokens.all(|it| !after.contains(it));
        }
        for (span, number) in self.token_spans() {
            if before.contains(&number) {
                continue;
            }
            self.desk.gone.remove(&number);
            if !self.note_token(number) && self.is_inside(span.start + 1) {
                self.desk.live.insert(number);
            }
        }
    }

    /// Whether a token belongs to a base; what becomes of it there is unclear then.
    pub(super) fn note_token(&mut self, number: u32) -> bool {
        let what = token(number);
        let mut found = false;
        for rewrite in self.rewrites.iter_mut().filter(|it| !it.is_over) {
            if rewrite.tokens.contains(&number) {
                found = true;
                // It goes with a line end of the base, and two lines are one.
                if rewrite.is_parted_by(number) || self.lined.contains(&number) {
                    rewrite.loosen(Level::Open);
                }
                let what = what.clone();
                rewrite.deleted.push(Deleted {
                    what,
                    whose: Whose::Unclear,
                });
            }
        }
        found
    }
}

/// What one part of an undo or redo means for the rewrites beside it.
fn note_step(
    page: &mut Page,
    rewrites: &mut [Rewrite],
    splice: &Splice,
    back: bool,
    lined: &BTreeSet<u32>,
) {
    let end = splice.at + splice.put.len();
    let regions = page.regions.clone();
    let put = text_of(&splice.put);
    let returns = |key: usize| {
        let mut deleted = rewrites[key].deleted.iter();
        deleted.any(|it| !it.what.trim().is_empty() && put.contains(&it.what))
    };
    let at_edge: Vec<usize> = regions
        .iter()
        .filter(|it| !put.is_empty() && (end == it.start || splice.at == it.end))
        .map(|it| it.key)
        .collect();
    // Of two regions that touch there, it goes back to the one that it was deleted in.
    let homes: Vec<usize> = at_edge
        .iter()
        .copied()
        .filter(|key| returns(*key))
        .collect();
    for pair in at_edge.windows(2) {
        page.joined.push((pair[0], pair[1]));
    }
    for region in regions {
        let rewrite = &mut rewrites[region.key];
        if splice.by_server && splice.homes.contains(&region.key) {
            rewrite.is_undone = true;
            rewrite.plan = None;
            rewrite.accepted = None;
            // Once it is decided, what an undo brings back is plain text.
            if rewrite.decision.is_some() || !rewrite.verdicts.is_empty() {
                rewrite.loosen(Level::Open);
            }
            rewrite.decision = rewrite.decision.filter(|accept| !accept);
            // What comes back may be text of the model's that had been taken back, of this rewrite or of the one before it.
            let says = put.trim();
            let in_base = !says.is_empty() && rewrite.base().contains(says);
            let is_base = rewrite.follows.is_none() && in_base;
            // What goes may be what was put back for this one when the one before it ended.
            if !put.is_empty() && !is_base
                || !splice.removed.is_empty() && rewrite.follows.is_some()
            {
                rewrite.loosen(Level::Open);
            }
            if !back {
                // It is the person's own now, and may replace all that is there.
                rewrite.loosen(Level::Open);
                rewrite.may_be_stale = true;
            }
            continue;
        }
        if !splice.near.contains(&region.key) {
            continue;
        }
        if splice.by_server {
            // Of an earlier rewrite, under this one; it may be all that this one began with.
            rewrite.loosen(Level::Open);
            rewrite.may_be_stale = true;
            continue;
        }
        rewrite.accepted = None;
        rewrite.plan = None;
        // What is put back at an edge may have been taken from inside or outside.
        if !splice.put.is_empty() && (end == region.start || splice.at == region.end) {
            rewrite.loosen(Level::Open);
            if homes.is_empty() || homes.contains(&region.key) {
                let (start, end) = (splice.at.min(region.start), end.max(region.end));
                page.widen(region.key, start, end);
            }
        }
        // A part of a word beside a letter or a token may make another word of it.
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let joins =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == OPEN || c == CLOSE);
        // A token that was typed with its line end is as if it had never been, and parts no word.
        let around = [page.slice(0..splice.at), page.slice(end..page.len())];
        let bare = around.clone().map(|it| stripped(&it, lined).unwrap_or(it));
        let before = [&around[0], &bare[0]].map(|it| it.chars().next_back());
        let behind = [&around[1], &bare[1]].map(|it| it.chars().next());
        let starts = letter(put.chars().next()) && before.into_iter().any(joins);
        let ends = letter(put.chars().next_back()) && behind.into_iter().any(joins);
        if (starts || ends) && !is_word(&put) {
            rewrite.loosen(Level::Open);
        }
        for text in [text_of(&splice.put), text_of(&splice.removed)] {
            // A token may have been typed into the middle of a word. It is as if it had never been, with its line end,
            // unless the region began with it.
            let since = |it: &&u32| !rewrite.tokens.contains(it);
            let lined: BTreeSet<u32> = lined.iter().filter(since).copied().collect();
            let bare = stripped(&text, &lined).or_else(|_| stripped(&text, &BTreeSet::new()));
            let bare = bare.unwrap_or(text);
            let mut rest = bare.clone();
            for what in words_of(&bare) {
                rest = without(rest, what);
                rewrite.deleted.push(Deleted {
                    what: what.to_owned(),
                    whose: Whose::Unclear,
                });
            }
            // Only words can be told apart from what was there.
            if !rest.is_empty() {
                rewrite.loosen(Level::Words);
            }
        }
    }
}
