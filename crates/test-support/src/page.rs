//! [`Page`]: an editor's text as characters with an owner, and where the regions under rewrite lie.
//!
//! This is the oracle's ground: it never asks the engine whose a character is, it has seen it happen. What an
//! edit of ours takes away stays on the page as a hidden character of the base, so that the document with only
//! the user's own edits can be read off at any time. Versions, reports and decisions live elsewhere.

use std::ops::Range;

use crate::alphabet;

/// Whose a character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It stood there when the rewrite began, or is no matter of any rewrite.
    Base,
    /// The person typed it since. It was typed right of the first cell and left of the second, as far as any
    /// character of the base tells (0: none).
    User(u32, u32),
    /// An edit of ours put it there.
    Ours,
    /// No character: a region begins here.
    Start(u32),
    /// No character: a region ends here.
    End(u32),
}

/// A character, or the border of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its name.
    pub id: u32,
    /// The character.
    pub ch: char,
    /// Whose it is.
    pub owner: Owner,
    /// Stands in the text.
    pub shown: bool,
    /// Base, or text of ours, that the person deleted.
    pub gone: bool,
    /// The person deleted it when an edit of ours had put the same character in its region too: which of the two
    /// counts as the base's, the minimal diff says.
    pub copied: bool,
}

impl Cell {
    /// Whether it is no character.
    pub fn is_border(&self) -> bool {
        matches!(self.owner, Owner::Start(_) | Owner::End(_))
    }
}

/// One replacement, in characters of the text before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Where.
    pub at: usize,
    /// What is taken away.
    pub removed: Vec<(u32, char)>,
    /// What comes in its place.
    pub text: String,
    /// Which of what is taken away an earlier edit of ours had put, and this one takes back.
    pub taken_back: Vec<u32>,
    /// For an edit of ours: the rewrites that it serves.
    pub whose: Vec<u32>,
}

/// The text of an editor.
#[derive(Clone, Debug)]
pub struct Page {
    cells: Vec<Cell>,
    next: u32,
    /// Edits of ours that took away what the person had typed, or touched text outside of any region. An editor
    /// that applies edits to another text than the one they are made for can bring that about.
    pub harm: Vec<(char, String)>,
    /// Rewrites in or beside whose regions the person typed or deleted blanks or line breaks: whose those are that
    /// are left, no report tells.
    pub blurred: Vec<u32>,
    /// Characters of ours that the person deleted, by rewrite.
    pub deleted_ours: Vec<(u32, char)>,
    /// What the person had deleted and an undo brought back, or typed at an edge of a region together with other
    /// changes there: where reports come late, it may never have been away, or stand on the other side.
    pub restored: Vec<char>,
    /// What a redo or an undo put in again of what edits of ours had put: it may be what the base has too.
    pub redone: Vec<char>,
    /// Rewrites in whose regions the person has typed or deleted, also if they have taken it back since.
    pub ever_touched: Vec<u32>,
    /// Which rewrite took over the region of which, in order.
    taken_over: Vec<(u32, u32)>,
}

impl Page {
    /// A text that is all base.
    pub fn new(text: &str) -> Page {
        let mut page = Page {
            cells: Vec::new(),
            next: 1,
            harm: Vec::new(),
            blurred: Vec::new(),
            deleted_ours: Vec::new(),
            restored: Vec::new(),
            redone: Vec::new(),
            ever_touched: Vec::new(),
            taken_over: Vec::new(),
        };
        page.cells = text
            .chars()
            .map(|ch| page.cell(ch, Owner::Base, true))
            .collect();
        page
    }

    fn cell(&mut self, ch: char, owner: Owner, shown: bool) -> Cell {
        self.next += 1;
        Cell {
            id: self.next,
            ch,
            owner,
            shown,
            gone: false,
            copied: false,
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.shown().map(|cell| cell.ch).collect()
    }

    /// The text's characters.
    pub fn chars(&self) -> Vec<char> {
        self.shown().map(|cell| cell.ch).collect()
    }

    fn shown(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.shown)
    }

    /// Everything on the page, also what is hidden, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The characters of the text that a region covers.
    pub fn region(&self, rewrite: u32) -> Option<Range<usize>> {
        let mut regions = self.regions().into_iter();
        regions.find_map(|(it, region)| (it == rewrite).then_some(region))
    }

    /// The regions, in characters.
    pub fn regions(&self) -> Vec<(u32, Range<usize>)> {
        let (mut at, mut starts, mut regions) = (0, Vec::new(), Vec::new());
        for cell in &self.cells {
            match cell.owner {
                Owner::Start(rewrite) => starts.push((rewrite, at)),
                Owner::End(rewrite) => {
                    let started = starts.iter().position(|it: &(u32, usize)| it.0 == rewrite);
                    regions.extend(started.map(|it| (rewrite, starts.remove(it).1..at)));
                }
                _ => {}
            }
            at += usize::from(cell.shown);
        }
        regions
    }

    /// The cells between the borders of a region.
    pub fn inside(&self, rewrite: u32) -> Range<usize> {
        let find = |owner| self.cells.iter().position(|cell| cell.owner == owner);
        match (find(Owner::Start(rewrite)), find(Owner::End(rewrite))) {
            (Some(start), Some(end)) => start + 1..end,
            _ => 0..0,
        }
    }

    /// The cells between the characters `at - 1` and `at` of the text.
    fn gap(&self, at: usize) -> Range<usize> {
        let mut shown = 0;
        let mut start = 0;
        for (index, cell) in self.cells.iter().enumerate() {
            if !cell.shown {
                continue;
            }
            if shown == at {
                return start..index;
            }
            shown += 1;
            start = index + 1;
        }
        assert_eq!(shown, at, "a place past the end of the page");
        start..self.cells.len()
    }

    /// Where what the person types goes: outside of a region whose edge it is at.
    fn outside(&self, at: usize) -> usize {
        let gap = self.gap(at);
        let border = self.cells[gap.clone()].iter().position(Cell::is_border);
        match border.map(|index| gap.start + index) {
            None => gap.end,
            Some(index) if matches!(self.cells[index].owner, Owner::Start(_)) => index,
            Some(index) => index + 1,
        }
    }

    /// The cells that hold the characters of a range of the text.
    fn indices(&self, range: Range<usize>) -> Vec<usize> {
        let shown = (0..self.cells.len()).filter(|index| self.cells[*index].shown);
        shown.skip(range.start).take(range.len()).collect()
    }

    fn left_of(&self, index: usize) -> u32 {
        let left = self.cells[..index]
            .iter()
            .rev()
            .find(|cell| cell.shown && matches!(cell.owner, Owner::Base | Owner::User(..)));
        left.map_or(0, |cell| match cell.owner {
            Owner::User(left, _) => left,
            _ => cell.id,
        })
    }

    fn right_of(&self, index: usize) -> u32 {
        let right = self.cells[index..]
            .iter()
            .find(|cell| cell.shown && matches!(cell.owner, Owner::Base | Owner::User(..)));
        right.map_or(0, |cell| match cell.owner {
            Owner::User(_, right) => right,
            _ => cell.id,
        })
    }

    fn put_users(&mut self, index: usize, text: &str) {
        let owner = Owner::User(self.left_of(index), self.right_of(index));
        let cells: Vec<Cell> = text.chars().map(|ch| self.cell(ch, owner, true)).collect();
        self.cells.splice(index..index, cells);
    }

    /// The person replaces characters.
    pub fn user(&mut self, at: usize, count: usize, text: &str) -> Splice {
        let removed = self.indices(at..at + count);
        let splice = Splice {
            at,
            removed: self.named(&removed),
            text: text.to_owned(),
            taken_back: Vec::new(),
            whose: Vec::new(),
        };
        let removed_neutral = splice
            .removed
            .iter()
            .any(|(_, ch)| alphabet::is_neutral(*ch));
        if removed_neutral || text.chars().any(alphabet::is_neutral) {
            self.blurred.extend(self.touched(at..at + count));
        }
        let put = self
            .place_of_replacement(&removed)
            .unwrap_or_else(|| self.outside(at));
        self.put_users(put, text);
        let moved = text.chars().count();
        for index in removed.into_iter().rev() {
            self.delete_by_user(if index >= put { index + moved } else { index });
        }
        self.note_touched(at..at + moved);
        splice
    }

    fn note_touched(&mut self, range: Range<usize>) {
        let touched = self.touched(range).into_iter();
        let touched: Vec<u32> = touched.filter(|it| self.is_touched(*it)).collect();
        self.ever_touched.extend(touched);
    }

    fn named(&self, indices: &[usize]) -> Vec<(u32, char)> {
        let cells = indices.iter().map(|index| &self.cells[*index]);
        cells.map(|cell| (cell.id, cell.ch)).collect()
    }

    fn ours_of(&self, indices: &[usize]) -> Vec<u32> {
        let cells = indices.iter().map(|index| &self.cells[*index]);
        let ours = cells.filter(|cell| cell.owner == Owner::Ours);
        ours.map(|cell| cell.id).collect()
    }

    fn delete_by_user(&mut self, index: usize) {
        match self.cells[index].owner {
            Owner::Base if !self.rewrites_at(index).is_empty() => {
                let ch = self.cells[index].ch;
                let copied = self.rewrites_at(index).into_iter().any(|rewrite| {
                    let mut inside = self.cells[self.inside(rewrite)].iter();
                    inside.any(|it| it.owner == Owner::Ours && it.shown && it.ch == ch)
                });
                self.cells[index].copied = copied;
                let cell = &mut self.cells[index];
                cell.gone = true;
                cell.shown = false;
            }
            Owner::Ours => {
                let rewrites = self.rewrites_at(index);
                let ch = self.cells[index].ch;
                if rewrites.is_empty() {
                    self.cells.remove(index);
                    return;
                }
                let lost = rewrites.into_iter().map(|rewrite| (rewrite, ch));
                self.deleted_ours.extend(lost);
                let cell = &mut self.cells[index];
                (cell.gone, cell.shown) = (true, false);
            }
            _ => {
                self.cells.remove(index);
            }
        }
    }

    /// The rewrites whose regions hold a cell.
    fn rewrites_at(&self, index: usize) -> Vec<u32> {
        let mut open = Vec::new();
        for cell in &self.cells[..index] {
            match cell.owner {
                Owner::Start(rewrite) => open.push(rewrite),
                Owner::End(rewrite) => open.retain(|it| *it != rewrite),
                _ => {}
            }
        }
        open
    }

    /// An edit of ours for some rewrites replaces characters. `exact` says that it was made for this very text; then
    /// it must lie in a region and take nothing of the person's, and what speaks against that is noted as harm.
    /// Gives the replacement as asked, and without what it leaves the same.
    pub fn ours(
        &mut self,
        at: usize,
        count: usize,
        text: &str,
        exact: bool,
        whose: &[u32],
    ) -> (Splice, Splice) {
        let removed = self.indices(at..at + count);
        let splice = Splice {
            at,
            removed: self.named(&removed),
            text: text.to_owned(),
            taken_back: Vec::new(),
            whose: whose.to_vec(),
        };
        // What is taken away and put back the same is not touched.
        let new: Vec<char> = text.chars().collect();
        let old: Vec<char> = splice.removed.iter().map(|(_, ch)| *ch).collect();
        let (prefix, suffix) = common_ends(&old, &new);
        let new = &new[prefix..new.len() - suffix];
        let (at, removed) = (at + prefix, &removed[prefix..removed.len() - suffix]);
        let narrow = Splice {
            at,
            removed: self.named(removed),
            text: new.iter().collect(),
            taken_back: self.ours_of(removed),
            whose: whose.to_vec(),
        };
        for &index in removed.iter().rev() {
            self.take_by_us(index, exact);
        }
        if !new.is_empty() {
            self.put_ours(at, new, exact, whose);
        }
        (splice, narrow)
    }

    fn take_by_us(&mut self, index: usize, exact: bool) {
        let cell = self.cells[index];
        let rewrites = self.rewrites_at(index);
        if exact && rewrites.is_empty() {
            let harm = format!("I4: our edit takes {:?} outside of its region", cell.ch);
            self.harm.push((cell.ch, harm));
        }
        match cell.owner {
            Owner::User(..) => {
                let how = if exact { "an edit" } else { "a late edit" };
                // What an undo put back counts as typed here; reported with more, it may never have been away.
                if alphabet::is_person(cell.ch) {
                    let harm = format!("{how} of ours takes {:?}, which the person typed", cell.ch);
                    self.harm.push((cell.ch, harm));
                }
                self.cells.remove(index);
            }
            Owner::Base if !rewrites.is_empty() => self.cells[index].shown = false,
            _ => {
                self.cells.remove(index);
            }
        }
    }

    /// Puts a character of ours back that was taken back, if its region is still there.
    fn put_again(&mut self, at: usize, ch: char, whose: &[u32]) -> bool {
        let index = self.inner(at, whose);
        let whose = self.now(whose);
        if !self.rewrites_at(index).iter().any(|it| whose.contains(it)) {
            return false;
        }
        let cell = self.cell(ch, Owner::Ours, true);
        self.cells.insert(index, cell);
        self.redone.push(ch);
        true
    }

    /// Who has the regions of some rewrites by now.
    pub fn now(&self, rewrites: &[u32]) -> Vec<u32> {
        let mut now = rewrites.to_vec();
        for (old, new) in &self.taken_over {
            let of_old = now.iter_mut().filter(|it| **it == *old);
            of_old.for_each(|it| *it = *new);
        }
        now
    }

    /// Where what we put for some rewrites goes: into the region of one of them whose edge it is at.
    fn inner(&self, at: usize, whose: &[u32]) -> usize {
        let near = self.gap(at);
        let whose = self.now(whose);
        let is_inside =
            |index: &usize| self.rewrites_at(*index).iter().any(|it| whose.contains(it));
        let has_borders = self.cells[near.clone()].iter().any(Cell::is_border);
        let mut places = near.start..=near.end;
        match places.rfind(is_inside) {
            Some(place) if !has_borders => place,
            Some(_) => {
                let starts = |index: &usize| {
                    let cell = &self.cells[*index];
                    matches!(cell.owner, Owner::Start(rewrite) if whose.contains(&rewrite))
                };
                // Right behind where it starts, else right before where it ends.
                let start = near.clone().find(starts).map(|index| index + 1);
                let ends = |index: &usize| {
                    let cell = &self.cells[*index];
                    matches!(cell.owner, Owner::End(rewrite) if whose.contains(&rewrite))
                };
                let end = near.clone().find(ends);
                [start, end].into_iter().flatten().min().unwrap_or(near.end)
            }
            None => self.outside(at),
        }
    }

    fn put_ours(&mut self, at: usize, new: &[char], exact: bool, whose: &[u32]) {
        let index = self.inner(at, whose);
        if exact && self.rewrites_at(index).is_empty() {
            let text: String = new.iter().collect();
            let ch = new.iter().copied().find(|ch| !alphabet::is_neutral(*ch));
            let harm = format!("I4: our edit puts {text:?} outside of its region");
            self.harm.push((ch.unwrap_or('\n'), harm));
        }
        let cells: Vec<Cell> = new
            .iter()
            .map(|ch| self.cell(*ch, Owner::Ours, true))
            .collect();
        self.cells.splice(index..index, cells);
    }

    /// Whether a rewrite has taken over the region of another.
    pub fn has_successors(&self) -> bool {
        !self.taken_over.is_empty()
    }

    /// The editor's undo of one replacement, the last that is not undone. What it had taken comes back as what it
    /// was, whoever took it, and what it had put goes; only what the page does not know any more is typed again.
    pub fn undo(&mut self, splice: &Splice) -> Splice {
        let mut want = self.chars();
        let put = splice.text.chars().count();
        let back = splice.removed.iter().map(|(_, ch)| *ch);
        want.splice(splice.at..splice.at + put, back);
        let there = self.indices(splice.at..splice.at + put);
        let undone = Splice {
            at: splice.at,
            removed: self.named(&there),
            text: splice.removed.iter().map(|(_, ch)| ch).collect(),
            taken_back: Vec::new(),
            whose: splice.whose.clone(),
        };
        let neutral = |splice: &Splice| {
            let mut removed = splice.removed.iter();
            removed.any(|(_, ch)| alphabet::is_neutral(*ch))
        };
        if splice.whose.is_empty() && (neutral(splice) || neutral(&undone)) {
            self.blurred
                .extend(self.touched(splice.at..splice.at + put));
        }
        let trials = [false, true].map(|close| self.undo_in_trial(splice, &there, close));
        let fits = trials.into_iter().find(|trial| trial.chars() == want);
        if let Some(trial) = fits {
            *self = trial;
        } else {
            // A decision has come in between: for the page it is typing like any other.
            self.user(splice.at, put, &undone.text);
            self.restored.extend(undone.text.chars());
        }
        self.note_touched(splice.at..splice.at + splice.removed.len());
        undone
    }

    /// The page as it is when what a replacement had put, in the cells `there`, goes, and what it had taken comes back; a
    /// character that the page does not know any more stands right behind the one before it, if `close`.
    fn undo_in_trial(&self, splice: &Splice, there: &[usize], close: bool) -> Page {
        let mut trial = self.clone();
        let mut place = trial.place_of_replacement(there);
        for &index in there.iter().rev() {
            let before = trial.cells.len();
            match trial.cells[index].owner {
                Owner::Ours => {
                    trial.cells.remove(index);
                }
                _ => trial.delete_by_user(index),
            }
            let gone = before - trial.cells.len();
            place = place.map(|place| if index < place { place - gone } else { place });
        }
        for (fresh, (id, ch)) in (splice.at..).zip(&splice.removed) {
            let was_ours = splice.taken_back.contains(id);
            if trial.show_again(*id) || was_ours && trial.put_again(fresh, *ch, &splice.whose) {
                place = None;
                continue;
            }
            if place.is_none() && trial.show_equal(fresh, *ch) {
                continue;
            }
            let before = fresh.checked_sub(1).filter(|_| close);
            let behind = before.and_then(|it| trial.indices(it..fresh).first().map(|it| it + 1));
            let at = place.or(behind).unwrap_or_else(|| trial.outside(fresh));
            trial.restored.push(*ch);
            trial.put_users(at, &ch.to_string());
            place = Some(at + 1);
        }
        trial
    }

    /// Shows a hidden character again, whoever took it away; gives whether it is there.
    fn show_again(&mut self, id: u32) -> bool {
        let hidden = |cell: &Cell| cell.id == id && !cell.shown;
        let Some(index) = self.cells.iter().position(hidden) else {
            return false;
        };
        let cell = &mut self.cells[index];
        (cell.shown, cell.gone) = (true, false);
        if cell.owner == Owner::Ours {
            let ch = cell.ch;
            for rewrite in self.rewrites_at(index) {
                let lost = self.deleted_ours.iter().position(|it| *it == (rewrite, ch));
                lost.map(|lost| self.deleted_ours.remove(lost));
            }
        }
        true
    }

    /// Shows a character of the base again that the person deleted at this place, if it is that one by its looks.
    fn show_equal(&mut self, at: usize, ch: char) -> bool {
        let gone = |cell: &&Cell| cell.gone && cell.owner == Owner::Base && cell.ch == ch;
        let id = self.cells[self.gap(at)].iter().find(gone).map(|it| it.id);
        !alphabet::is_neutral(ch) && id.is_some_and(|id| self.show_again(id))
    }

    /// Where what replaces characters goes: across a region's end it stands behind it; across its start, before it.
    fn place_of_replacement(&self, removed: &[usize]) -> Option<usize> {
        let (&first, &last) = (removed.first()?, removed.last()?);
        let crosses = |index: &usize| matches!(self.cells[*index].owner, Owner::End(_));
        let end = (first..last).rev().find(crosses);
        Some(end.map_or(first, |end| end + 1))
    }

    /// How far from `at` towards `end` the text goes without a region beginning or ending.
    pub fn same_side(&self, at: usize, end: usize) -> usize {
        let mut shown = 0;
        let mut began = false;
        for cell in &self.cells {
            if cell.is_border() && at < shown && shown < end {
                return shown;
            }
            began |= shown == at && matches!(cell.owner, Owner::Start(_));
            if began && at < end && shown == end && matches!(cell.owner, Owner::End(_)) {
                // All of a region.
                return at.max(end - 1);
            }
            shown += usize::from(cell.shown);
        }
        end
    }

    /// The rewrites whose regions touch this one's.
    pub fn neighbours(&self, rewrite: u32) -> Vec<u32> {
        let inside = self.inside(rewrite);
        let before = self.cells[..inside.start.saturating_sub(1)].iter().rev();
        let behind = self.cells.iter().skip(inside.end + 1);
        let hidden = |cell: &&Cell| !cell.shown;
        let ends = before
            .take_while(hidden)
            .filter_map(|cell| match cell.owner {
                Owner::End(other) => Some(other),
                _ => None,
            });
        let starts = behind
            .take_while(hidden)
            .filter_map(|cell| match cell.owner {
                Owner::Start(other) => Some(other),
                _ => None,
            });
        ends.chain(starts).collect()
    }

    /// Whether a range of the text reaches to the start or the end of a region.
    pub fn touches_edge(&self, range: Range<usize>) -> bool {
        let mut at = 0;
        self.cells.iter().any(|cell| {
            at += usize::from(cell.shown);
            cell.is_border() && range.start <= at && at <= range.end
        })
    }

    /// The rewrites whose regions a range of the text touches.
    pub fn touched(&self, range: Range<usize>) -> Vec<u32> {
        let mut rewrites: Vec<u32> = self
            .cells
            .iter()
            .filter_map(|cell| match cell.owner {
                Owner::Start(rewrite) => Some(rewrite),
                _ => None,
            })
            .collect();
        rewrites.retain(|rewrite| {
            let region = self.region(*rewrite).unwrap_or(0..0);
            region.start <= range.end && range.start <= region.end
        });
        rewrites
    }

    /// Whether the person has typed or deleted in a region, or may have: the file was opened again since.
    pub fn is_touched(&self, rewrite: u32) -> bool {
        if self.region(rewrite).is_none() {
            return true;
        }
        let typed = |cell: &Cell| cell.gone || matches!(cell.owner, Owner::User(..));
        self.cells[self.inside(rewrite)].iter().any(typed)
            || self.deleted_ours.iter().any(|(it, _)| *it == rewrite)
    }

    /// A rewrite begins over a range of the text: all of it is its base.
    pub fn begin(&mut self, rewrite: u32, range: Range<usize>) {
        let (start, end) = (self.gap(range.start), self.gap(range.end));
        // Borders of one place stand in the order of their regions.
        let start = if range.is_empty() {
            start.start
        } else {
            start.end
        };
        let end = if range.is_empty() { start } else { end.start };
        let border = self.cell(' ', Owner::End(rewrite), false);
        self.cells.insert(end, border);
        let border = self.cell(' ', Owner::Start(rewrite), false);
        self.cells.insert(start, border);
        for cell in &mut self.cells[start + 1..=end] {
            // Also what we put for a rewrite that is over and whose edge was not where the page had it.
            if !cell.is_border() {
                cell.owner = Owner::Base;
            }
        }
    }

    /// The base of a region without what the person deleted.
    pub fn base_of(&self, rewrite: u32) -> String {
        let inside = self.cells[self.inside(rewrite)].iter();
        let base = inside.filter(|cell| cell.owner == Owner::Base && !cell.gone);
        base.map(|cell| cell.ch).collect()
    }

    /// What the person deleted of the base of a region when an edit of ours had put the same there.
    pub fn copies_of(&self, rewrite: u32) -> Vec<char> {
        let inside = self.cells[self.inside(rewrite)].iter();
        inside.filter(|it| it.copied).map(|it| it.ch).collect()
    }

    /// A rewrite takes over the region of another: `base` is the text it counts as its own, made of the old base
    /// and what the person typed. Gives whether it is that.
    pub fn take_over(&mut self, old: u32, new: u32, base: &str) -> bool {
        self.taken_over.push((old, new));
        let inside = self.inside(old);
        let cells: Vec<Cell> = self.cells[inside.clone()].to_vec();
        let base: Vec<char> = base.chars().collect();
        let hidden: Vec<Cell> = cells
            .iter()
            .filter(|cell| cell.owner == Owner::Base && !cell.gone)
            .copied()
            .collect();
        let typed: Vec<Cell> = cells
            .iter()
            .filter(|cell| matches!(cell.owner, Owner::User(..)))
            .copied()
            .collect();
        let order = interleaved(&base, &hidden, &typed, &cells);
        let out = order.map(|order| laid_out(order, &cells));
        let text = |cells: &[Cell]| -> Vec<char> {
            let shown = cells.iter().filter(|cell| cell.shown);
            shown.map(|cell| cell.ch).collect()
        };
        let Some(mut out) = out.filter(|out| text(out) == text(&cells)) else {
            // What the new base is made of cannot be told; from now on all of it is base.
            for cell in &mut self.cells[inside.clone()] {
                if matches!(cell.owner, Owner::User(..)) {
                    cell.owner = Owner::Base;
                }
            }
            self.cells[inside.start - 1].owner = Owner::Start(new);
            self.cells[inside.end].owner = Owner::End(new);
            return false;
        };
        for cell in &mut out {
            if matches!(cell.owner, Owner::User(..)) {
                cell.owner = Owner::Base;
            }
        }
        if self.blurred.contains(&old) {
            self.blurred.push(new);
        }
        self.cells[inside.start - 1].owner = Owner::Start(new);
        self.cells[inside.end].owner = Owner::End(new);
        self.cells.splice(inside, out);
        true
    }

    /// A rewrite is over: what stands in its region is nobody's matter any more.
    pub fn commit(&mut self, rewrite: u32) {
        let inside = self.inside(rewrite);
        if inside.start == 0 {
            return;
        }
        let whole = inside.start - 1..inside.end + 1;
        let kept: Vec<Cell> = self.cells[inside]
            .iter()
            .filter(|cell| cell.shown || cell.is_border())
            .map(|cell| Cell {
                owner: if cell.is_border() {
                    cell.owner
                } else {
                    Owner::Base
                },
                ..*cell
            })
            .collect();
        self.cells.splice(whole, kept);
        self.deleted_ours.retain(|(it, _)| *it != rewrite);
    }
}

/// The cells of a new base in their order, and what we had put where it stands between what is shown.
fn laid_out(order: Vec<Cell>, cells: &[Cell]) -> Vec<Cell> {
    let mut out: Vec<Cell> = Vec::new();
    let mut order = order.into_iter();
    for cell in cells.iter().filter(|cell| cell.shown) {
        if cell.owner == Owner::Ours {
            out.push(*cell);
            continue;
        }
        for next in order.by_ref() {
            let reached = next.id == cell.id;
            out.push(next);
            if reached {
                break;
            }
        }
    }
    out.extend(order);
    out
}

/// The order in which base and typed cells spell `text`, each keeping its own order and what is shown its own.
fn interleaved(text: &[char], base: &[Cell], typed: &[Cell], all: &[Cell]) -> Option<Vec<Cell>> {
    if text.len() != base.len() + typed.len() {
        return None;
    }
    let place = |id: u32| all.iter().position(|cell| cell.id == id).unwrap_or(0);
    let ahead = |a: &Cell, b: &Cell| !(a.shown && b.shown) || place(a.id) < place(b.id);
    let width = typed.len() + 1;
    let mut reached = vec![false; (base.len() + 1) * width];
    reached[0] = true;
    for i in 0..=base.len() {
        for j in 0..width {
            if !reached[i * width + j] {
                continue;
            }
            let is = |cell: &Cell| text.get(i + j) == Some(&cell.ch);
            let (b, t) = (base.get(i), typed.get(j));
            if b.is_some_and(|b| is(b) && t.is_none_or(|t| ahead(b, t))) {
                reached[(i + 1) * width + j] = true;
            }
            if t.is_some_and(|t| is(t) && b.is_none_or(|b| ahead(t, b))) {
                reached[i * width + j + 1] = true;
            }
        }
    }
    let (mut i, mut j) = (base.len(), typed.len());
    if !reached[i * width + j] {
        return None;
    }
    let mut order = Vec::with_capacity(text.len());
    while i + j > 0 {
        let from_base = i > 0
            && reached[(i - 1) * width + j]
            && text[i + j - 1] == base[i - 1].ch
            && typed.get(j).is_none_or(|t| ahead(&base[i - 1], t));
        if from_base {
            i -= 1;
            order.push(base[i]);
        } else {
            j -= 1;
            order.push(typed[j]);
        }
    }
    order.reverse();
    Some(order)
}

/// How many characters two texts begin and end with alike, the end first; a `\r\n` counts whole or not at all.
pub fn common_ends(old: &[char], new: &[char]) -> (usize, usize) {
    let same = |pair: &(&char, &char)| pair.0 == pair.1;
    let most = old.len().min(new.len());
    let back = old.iter().rev().zip(new.iter().rev());
    let mut suffix = back.take_while(same).count();
    let splits =
        |text: &[char], at: usize| at > 0 && text[at - 1] == '\r' && text.get(at) == Some(&'\n');
    while suffix > 0 && (splits(old, old.len() - suffix) || splits(new, new.len() - suffix)) {
        suffix -= 1;
    }
    let front = old.iter().zip(new).take(most - suffix);
    let mut prefix = front.take_while(same).count();
    while prefix > 0 && (splits(old, prefix) || splits(new, prefix)) {
        prefix -= 1;
    }
    (prefix, suffix)
}
