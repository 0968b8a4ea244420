//! The text of one open document as its editor holds it: characters that remember who put them there, and where
//! the regions under rewrite lie. A server's replacement outside of them is a broken promise and is refused here.
//! Versions, positions of the protocol and reports are not known here.

use std::ops::Range;

use super::words::{CLOSE, OPEN};

/// Who put a character there, as far as the rewrite around it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// It stood there when the rewrite began, and no edit has touched it since.
    Text,
    /// It stood there, and an edit has put the same in its place.
    Kept,
    Person,
    Server,
    /// It stands at a region's edge, inside or outside: what was told leaves that open.
    Edge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) ch: char,
    pub(super) by: By,
}

/// A region under rewrite: characters from `start` to `end`.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) key: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A change of the person took away all that it showed.
    pub(super) swallowed: bool,
}

impl Region {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// One replacement that was made, with what it takes to undo it.
#[derive(Clone, Debug)]
pub(super) struct Splice {
    pub(super) at: usize,
    pub(super) removed: Vec<Cell>,
    pub(super) put: Vec<Cell>,
    /// The regions that a server's replacement was made in.
    pub(super) homes: Vec<usize>,
    pub(super) by_server: bool,
    /// The regions that it lies in or beside.
    pub(super) near: Vec<usize>,
}

/// Characters with their owners.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) cells: Vec<Cell>,
    /// In order of the text.
    pub(super) regions: Vec<Region>,
    /// Pairs of regions between which nobody can tell the border any more.
    pub(super) joined: Vec<(usize, usize)>,
    /// Regions of which nobody can tell any more how far they reach.
    pub(super) lost: Vec<usize>,
    /// Regions in which nobody can tell any more which line break is whose.
    pub(super) vague: Vec<usize>,
}

pub(super) fn cells(text: &str, by: By) -> Vec<Cell> {
    text.chars().map(|ch| Cell { ch, by }).collect()
}

pub(super) fn text_of(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.ch).collect()
}

impl Page {
    pub(super) fn new(text: &str) -> Page {
        Page {
            cells: cells(text, By::Text),
            regions: Vec::new(),
            joined: Vec::new(),
            lost: Vec::new(),
            vague: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn text(&self) -> String {
        text_of(&self.cells)
    }

    pub(super) fn slice(&self, range: Range<usize>) -> String {
        text_of(&self.cells[range])
    }

    pub(super) fn region(&self, key: usize) -> Option<&Region> {
        self.regions.iter().find(|region| region.key == key)
    }

    /// Puts a region under rewrite; what stands there is its base.
    pub(super) fn begin(&mut self, key: usize, span: Range<usize>) {
        self.regions.push(Region {
            key,
            start: span.start,
            end: span.end,
            swallowed: false,
        });
        self.regions
            .sort_by_key(|region| (region.start, region.end));
        self.rebase(key, false);
    }

    /// Makes what stands in a region its base. Where `keep` says so, what a server put there stays the server's, and what the
    /// person typed at an edge may stand outside as well.
    pub(super) fn rebase(&mut self, key: usize, keep: bool) {
        let Some(span) = self.region(key).map(Region::span) else {
            return;
        };
        let cells = &mut self.cells[span];
        if keep {
            let typed = |cell: &&mut Cell| cell.by == By::Person;
            for cell in cells.iter_mut().take_while(typed) {
                cell.by = By::Edge;
            }
            for cell in cells.iter_mut().rev().take_while(typed) {
                cell.by = By::Edge;
            }
        }
        for cell in cells {
            if !(keep && matches!(cell.by, By::Server | By::Edge)) {
                cell.by = By::Text;
            }
        }
    }

    pub(super) fn end(&mut self, key: usize) {
        self.regions.retain(|region| region.key != key);
    }

    /// Whether a place is between two characters that belong together: in a line end or in a token.
    pub(super) fn is_inside_unit(&self, at: usize) -> bool {
        let ch = |at: usize| self.cells.get(at).map(|cell| cell.ch);
        let before = at.checked_sub(1).and_then(ch);
        if before == Some('\r') && ch(at) == Some('\n') {
            return true;
        }
        let open = (0..at).rev().take(12).map_while(ch);
        let mut open = open.take_while(|ch| *ch != CLOSE);
        open.any(|ch| ch == OPEN)
    }

    /// Whether a region's text that is surely its own is gone but for a part that `spared` leaves out.
    pub(super) fn holds_nothing(&self, key: usize, spared: &Range<usize>) -> bool {
        let own = |at: usize| matches!(self.cells[at].by, By::Text | By::Kept | By::Server);
        let region = self.region(key);
        region.is_none_or(|it| !it.span().any(|at| !spared.contains(&at) && own(at)))
    }

    /// Whether a region's text that is surely its own has letters: blanks and brackets may as well be others.
    pub(super) fn holds_letters(&self, key: usize) -> bool {
        let own = |at: usize| matches!(self.cells[at].by, By::Text | By::Kept | By::Server);
        let letter = |at: usize| own(at) && self.cells[at].ch.is_alphanumeric();
        self.region(key).is_some_and(|it| it.span().any(letter))
    }

    /// Lets a region reach further, as far as no other one is there.
    pub(super) fn widen(&mut self, key: usize, start: usize, end: usize) {
        let Some(at) = self.regions.iter().position(|it| it.key == key) else {
            return;
        };
        // One that shows nothing may stand on either side of what comes in.
        let is_empty = |it: &Region| it.start == it.end;
        let (before, rest) = self.regions.split_at_mut(at);
        let Some((region, behind)) = rest.split_first_mut() else {
            return;
        };
        let floor = before.iter().rfind(|it| !is_empty(it));
        let ceiling = behind.iter().find(|it| !is_empty(it));
        let old = region.span();
        region.start = start.max(floor.map_or(0, |it| it.end)).min(old.start);
        let most = ceiling.map_or(self.cells.len(), |it| it.start);
        region.end = end.min(most).max(old.end);
        for other in before.iter_mut().rev().take_while(|it| is_empty(it)) {
            other.start = other.start.min(region.start);
            other.end = other.start;
        }
        for other in behind.iter_mut().take_while(|it| is_empty(it)) {
            other.start = other.start.max(region.end);
            other.end = other.start;
        }
        let new = region.span();
        for at in (new.start..old.start).chain(old.end..new.end) {
            self.cells[at].by = By::Edge;
        }
    }

    /// What was typed at the edges of regions counts as inside: it was told in such a way that nobody can tell.
    pub(super) fn blur(&mut self) {
        for at in 0..self.regions.len() {
            let floor = at
                .checked_sub(1)
                .map_or(0, |before| self.regions[before].end);
            let ceiling = self
                .regions
                .get(at + 1)
                .map_or(self.cells.len(), |next| next.start);
            let typed = |at: usize| self.cells[at].by == By::Person && self.cells[at].ch != '\t';
            let (first, last) = (self.regions[at].start, self.regions[at].end);
            let (mut start, mut end) = (first, last);
            // A token goes whole, with its line end, whatever is known of its parts.
            let ch = |at: usize| self.cells[at].ch;
            let is_its_break = |at: usize| ch(at - 1) == CLOSE && matches!(ch(at), '\r' | '\n');
            let parts = |at: usize| self.is_inside_unit(at);
            let parts_before = |at: usize| at < first && (parts(at) || is_its_break(at));
            while start > floor && (typed(start - 1) || parts_before(start)) {
                start -= 1;
            }
            while end < ceiling && (typed(end) || end > last && parts(end)) {
                end += 1;
            }
            let grown = (start, end) != (self.regions[at].start, self.regions[at].end);
            (self.regions[at].start, self.regions[at].end) = (start, end);
            if grown && at > 0 && start == floor {
                self.joined
                    .push((self.regions[at - 1].key, self.regions[at].key));
            }
            if grown && end == ceiling && at + 1 < self.regions.len() {
                self.joined
                    .push((self.regions[at].key, self.regions[at + 1].key));
            }
        }
    }

    fn near(&self, start: usize, end: usize) -> Vec<usize> {
        let near = self
            .regions
            .iter()
            .filter(|it| it.start <= end && start <= it.end);
        near.map(|it| it.key).collect()
    }

    fn exchange(&mut self, range: Range<usize>, put: &[Cell]) -> Vec<Cell> {
        self.cells.splice(range, put.iter().copied()).collect()
    }

    /// A person's replacement. What is typed at an edge of a region stands outside of it.
    pub(super) fn by_person(&mut self, range: Range<usize>, put: Vec<Cell>) -> Splice {
        let length = put.len();
        for region in &mut self.regions {
            let shift = |at: usize| at + length - range.len();
            let is_empty = region.start == region.end;
            let covers = range.start <= region.start && region.end <= range.end;
            if covers
                && !range.is_empty()
                && (!is_empty || range.start < region.start && region.end < range.end)
            {
                region.swallowed = true;
                (region.start, region.end) = (range.start + length, range.start + length);
            } else if range.end <= region.start {
                (region.start, region.end) = (shift(region.start), shift(region.end));
            } else if range.start < region.end {
                let end = match range.end > region.end {
                    true => range.start,
                    false => shift(region.end),
                };
                let start = match range.start < region.start {
                    true => range.start + length,
                    false => region.start,
                };
                (region.start, region.end) = (start, end);
            }
        }
        let removed = self.exchange(range.clone(), &put);
        Splice {
            at: range.start,
            removed,
            put,
            homes: Vec::new(),
            by_server: false,
            near: self.near(range.start, range.start + length),
        }
    }

    /// The regions that a server's replacement is made in: one, or several that touch. Where it may be one or
    /// another, `owner` may tell from the texts which one is meant.
    ///
    /// # Errors
    /// Where it stands outside of all regions: what it would have done.
    pub(super) fn homes(
        &self,
        range: &Range<usize>,
        put: &str,
        owner: impl Fn(&[usize], &str) -> Option<usize>,
    ) -> Result<Vec<usize>, String> {
        let touches = |it: &&Region| it.start <= range.start && range.end <= it.end;
        let found = self.regions.iter().filter(touches);
        let mut homes: Vec<usize> = found.map(|it| it.key).collect();
        if homes.is_empty() {
            homes = self.joined(range);
        } else {
            let said = put.to_owned() + &self.slice(range.clone());
            let at_border: Vec<usize> = self.at_border(range);
            homes = match owner(&at_border, &said) {
                Some(owner) if homes.contains(&owner) => vec![owner],
                // One replacement may serve two regions that touch.
                _ if at_border.len() > 1 => at_border,
                _ => homes,
            };
        }
        if homes.is_empty() {
            let regions: Vec<_> = self.regions.iter().map(Region::span).collect();
            return Err(format!(
                "an edit outside of the regions {regions:?}: {range:?} {:?} becomes {put:?}",
                self.slice(range.clone()),
            ));
        }
        Ok(homes)
    }

    /// The regions at a border of two that a range reaches; none where it reaches no such border.
    fn at_border(&self, range: &Range<usize>) -> Vec<usize> {
        let pairs = self.regions.windows(2).filter(|pair| {
            let border = pair[0].end;
            border == pair[1].start && range.start <= border && border <= range.end
        });
        let mut keys: Vec<usize> = pairs.flat_map(|pair| [pair[0].key, pair[1].key]).collect();
        keys.dedup();
        keys
    }

    /// Regions that touch and that a range spans together.
    fn joined(&self, range: &Range<usize>) -> Vec<usize> {
        for (first, region) in self.regions.iter().enumerate() {
            if region.start > range.start || range.start > region.end {
                continue;
            }
            let mut keys = vec![region.key];
            let mut end = region.end;
            for next in &self.regions[first + 1..] {
                if next.start != end {
                    break;
                }
                keys.push(next.key);
                end = next.end;
                if range.end <= end {
                    return keys;
                }
            }
        }
        Vec::new()
    }

    /// A replacement inside of the regions `homes`, which grow or shrink by it.
    pub(super) fn put_into(
        &mut self,
        range: Range<usize>,
        put: Vec<Cell>,
        homes: Vec<usize>,
    ) -> Splice {
        let length = put.len();
        let shift = |at: usize| at + length - range.len();
        // The border between two regions that an edit joins is anyone's guess.
        let border = |at: usize| match at {
            at if at <= range.start => at,
            at if at >= range.end => shift(at),
            _ => range.start + length,
        };
        let mut left = homes.len();
        for region in &mut self.regions {
            if homes.contains(&region.key) {
                // What an undo takes back may lie where the region was lost sight of.
                if homes.len() == 1 {
                    region.start = region.start.min(range.start);
                    region.end = region.end.max(range.end);
                }
                if left < homes.len() {
                    region.start = border(region.start);
                }
                left -= 1;
                region.end = match left {
                    0 => shift(region.end),
                    _ => border(region.end),
                };
            } else if region.start >= range.end && left < homes.len() {
                (region.start, region.end) = (shift(region.start), shift(region.end));
            }
        }
        let removed = self.exchange(range.clone(), &put);
        Splice {
            at: range.start,
            removed,
            put,
            homes,
            by_server: true,
            near: self.near(range.start, range.start + length),
        }
    }
}
