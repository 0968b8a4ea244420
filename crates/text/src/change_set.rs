//! [`ChangeSet`]: one change of a whole text as a value. Knows no document and no version.

use std::ops::Range;

use crate::{Bias, Text};

/// One step of a change set, in bytes, from the start of the text to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Keep so many bytes.
    Retain(usize),
    /// Drop so many bytes.
    Delete(usize),
    /// Put this text here.
    Insert(String),
}

/// One replacement of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Bytes replaced, in the text before.
    pub old: Range<usize>,
    /// Where the inserted text stands in the text after.
    pub new: Range<usize>,
    /// The inserted text.
    pub text: String,
}

/// A change of a text of a known length into another: what to keep, drop and put, in order.
///
/// Normal form: no empty op, no two neighbours of a kind, an insertion before a deletion at the same
/// place. Two change sets that do the same step by step are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    ops: Vec<Op>,
    len_before: usize,
    len_after: usize,
}

impl ChangeSet {
    /// The change that keeps a text of `len` bytes as it is.
    pub fn identity(len: usize) -> Self {
        let mut set = ChangeSet::default();
        set.retain(len);
        set
    }

    /// The replacement of one byte range in a text of `len` bytes.
    pub fn replace(len: usize, range: Range<usize>, text: impl Into<String>) -> Self {
        let mut set = ChangeSet::default();
        set.retain(range.start);
        set.insert(text.into());
        set.delete(range.len());
        set.retain(len - range.end);
        set
    }

    /// Several replacements in a text of `len` bytes, sorted and without overlap, all in offsets of the text before.
    pub fn from_changes<S: Into<String>>(
        len: usize,
        changes: impl IntoIterator<Item = (Range<usize>, S)>,
    ) -> Self {
        let mut set = ChangeSet::default();
        let mut at = 0;
        for (range, text) in changes {
            set.retain(range.start - at);
            set.insert(text.into());
            set.delete(range.len());
            at = range.end;
        }
        set.retain(len - at);
        set
    }

    /// Length in bytes of the text that this applies to.
    pub fn len_before(&self) -> usize {
        self.len_before
    }

    /// Length in bytes of the text that this gives.
    pub fn len_after(&self) -> usize {
        self.len_after
    }

    /// Whether nothing changes.
    pub fn is_identity(&self) -> bool {
        self.ops.iter().all(|op| matches!(op, Op::Retain(_)))
    }

    /// The steps in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The replacements in order; an insertion and a deletion at one place are one replacement.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let (mut old, mut new) = (0, 0);
        let mut open = false;
        for op in &self.ops {
            if let Op::Retain(n) = op {
                old += n;
                new += n;
                open = false;
                continue;
            }
            if !open {
                changes.push(Change {
                    old: old..old,
                    new: new..new,
                    text: String::new(),
                });
                open = true;
            }
            let Some(change) = changes.last_mut() else {
                continue;
            };
            match op {
                Op::Delete(n) => {
                    old += n;
                    change.old.end = old;
                }
                Op::Insert(text) => {
                    new += text.len();
                    change.new.end = new;
                    change.text.push_str(text);
                }
                Op::Retain(_) => {}
            }
        }
        changes
    }

    /// Applies this to the text it was made for.
    ///
    /// # Panics
    /// When the text has another length than [`ChangeSet::len_before`].
    pub fn apply(&self, text: &mut Text) {
        assert_eq!(text.len(), self.len_before, "change set of another text");
        let mut at = 0;
        for op in &self.ops {
            match op {
                Op::Retain(n) => at += n,
                Op::Delete(n) => text.replace(at..at + n, ""),
                Op::Insert(inserted) => {
                    text.replace(at..at, inserted);
                    at += inserted.len();
                }
            }
        }
    }

    /// The change that takes this one back; `before` is the text that this one applies to.
    pub fn invert(&self, before: &Text) -> ChangeSet {
        let mut inverse = ChangeSet::default();
        let mut at = 0;
        for op in &self.ops {
            match op {
                Op::Retain(n) => {
                    inverse.retain(*n);
                    at += n;
                }
                Op::Delete(n) => {
                    inverse.insert(before.slice(at..at + n).into_owned());
                    at += n;
                }
                Op::Insert(text) => inverse.delete(text.len()),
            }
        }
        inverse
    }

    /// This change and then `next`, as one. O(steps of both + text moved).
    ///
    /// # Panics
    /// When `next` does not apply to what this one gives.
    pub fn compose(&self, next: &ChangeSet) -> ChangeSet {
        assert_eq!(self.len_after, next.len_before, "change sets do not meet");
        let mut out = ChangeSet::default();
        let mut first = Steps::new(&self.ops);
        let mut second = Steps::new(&next.ops);
        loop {
            match (first.peek(), second.peek()) {
                (None, None) => return out,
                (Some(Step::Delete(n)), _) => {
                    out.delete(n);
                    first.skip(n);
                }
                (_, Some(Step::Insert(text))) => {
                    out.insert(text.to_owned());
                    second.skip(text.len());
                }
                (Some(a), Some(b)) => {
                    let n = a.len().min(b.len());
                    match (a, b) {
                        (Step::Retain(_), Step::Retain(_)) => out.retain(n),
                        (Step::Retain(_), Step::Delete(_)) => out.delete(n),
                        (Step::Insert(text), Step::Retain(_)) => out.insert(text[..n].to_owned()),
                        // Inserted by the first and dropped by the second: never happened.
                        _ => {}
                    }
                    first.skip(n);
                    second.skip(n);
                }
                // The lengths met at the start, so neither side can run out alone.
                (Some(_), None) | (None, Some(_)) => return out,
            }
        }
    }

    /// Several changes, each made for what the one before gives, as one; `None` for none. Composes in pairs,
    /// so that many small changes cost n log n and not n².
    pub fn compose_all(sets: &[ChangeSet]) -> Option<ChangeSet> {
        match sets {
            [] => None,
            [one] => Some(one.clone()),
            _ => {
                let (head, tail) = sets.split_at(sets.len() / 2);
                Some(Self::compose_all(head)?.compose(&Self::compose_all(tail)?))
            }
        }
    }

    /// This change carried over `other`, both made for the same text: what this one does once `other`
    /// has been applied. Where both insert at one place, `side` says on which side of the other's text
    /// this one's goes. What both delete is deleted once.
    ///
    /// `a.compose(&b.transform(&a, Right))` equals `b.compose(&a.transform(&b, Left))` in the text it gives.
    ///
    /// # Panics
    /// When the two were made for texts of different lengths.
    pub fn transform(&self, other: &ChangeSet, side: Bias) -> ChangeSet {
        assert_eq!(
            self.len_before, other.len_before,
            "change sets of two texts"
        );
        let mut out = ChangeSet::default();
        let mut mine = Steps::new(&self.ops);
        let mut theirs = Steps::new(&other.ops);
        loop {
            let (a, b) = (mine.peek(), theirs.peek());
            match (a, b) {
                (None, None) => return out,
                (Some(Step::Insert(text)), _)
                    if side == Bias::Left || !matches!(b, Some(Step::Insert(_))) =>
                {
                    out.insert(text.to_owned());
                    mine.skip(text.len());
                }
                (_, Some(Step::Insert(text))) => {
                    out.retain(text.len());
                    theirs.skip(text.len());
                }
                (Some(a), Some(b)) => {
                    let n = a.len().min(b.len());
                    match (a, b) {
                        (Step::Retain(_), Step::Retain(_)) => out.retain(n),
                        (Step::Delete(_), Step::Retain(_)) => out.delete(n),
                        _ => {}
                    }
                    mine.skip(n);
                    theirs.skip(n);
                }
                (Some(_), None) | (None, Some(_)) => return out,
            }
        }
    }

    /// Where a byte offset of the text before stands in the text after. An offset inside deleted text
    /// goes to where the deletion was; at an insertion `bias` decides. O(number of steps).
    pub fn map(&self, offset: usize, bias: Bias) -> usize {
        let (mut old, mut new) = (0, 0);
        for op in &self.ops {
            match op {
                Op::Retain(n) => {
                    // At the very end of what is kept, an insertion may still follow.
                    if offset < old + n {
                        return new + (offset - old);
                    }
                    old += n;
                    new += n;
                }
                Op::Delete(n) => {
                    if offset < old + n {
                        return new;
                    }
                    old += n;
                }
                Op::Insert(text) => {
                    if old == offset && bias == Bias::Left {
                        return new;
                    }
                    new += text.len();
                }
            }
        }
        new
    }

    /// Appends a step that keeps `n` bytes.
    pub fn retain(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        self.len_before += n;
        self.len_after += n;
        match self.ops.last_mut() {
            Some(Op::Retain(last)) => *last += n,
            _ => self.ops.push(Op::Retain(n)),
        }
    }

    /// Appends a step that drops `n` bytes.
    pub fn delete(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        self.len_before += n;
        match self.ops.last_mut() {
            Some(Op::Delete(last)) => *last += n,
            _ => self.ops.push(Op::Delete(n)),
        }
    }

    /// Appends a step that puts `text`.
    pub fn insert(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        self.len_after += text.len();
        let count = self.ops.len();
        match self.ops.as_mut_slice() {
            [.., Op::Insert(last)] => last.push_str(&text),
            // Normal form: the insertion stands before the deletion at the same place.
            [.., Op::Insert(last), Op::Delete(_)] => last.push_str(&text),
            [.., Op::Delete(_)] => self.ops.insert(count - 1, Op::Insert(text)),
            _ => self.ops.push(Op::Insert(text)),
        }
    }
}

/// One step, possibly the rest of one.
#[derive(Clone, Copy)]
enum Step<'a> {
    Retain(usize),
    Delete(usize),
    Insert(&'a str),
}

impl Step<'_> {
    fn len(&self) -> usize {
        match self {
            Step::Retain(n) | Step::Delete(n) => *n,
            Step::Insert(text) => text.len(),
        }
    }
}

/// Walks ops in pieces of any length.
struct Steps<'a> {
    ops: &'a [Op],
    /// Bytes of the first op already taken.
    taken: usize,
}

impl<'a> Steps<'a> {
    fn new(ops: &'a [Op]) -> Self {
        Steps { ops, taken: 0 }
    }

    fn peek(&self) -> Option<Step<'a>> {
        self.ops.first().map(|op| match op {
            Op::Retain(n) => Step::Retain(n - self.taken),
            Op::Delete(n) => Step::Delete(n - self.taken),
            Op::Insert(text) => Step::Insert(&text[self.taken..]),
        })
    }

    fn skip(&mut self, n: usize) {
        self.taken += n;
        let len = self.ops.first().map_or(0, |op| match op {
            Op::Retain(n) | Op::Delete(n) => *n,
            Op::Insert(text) => text.len(),
        });
        if self.taken >= len {
            self.ops = &self.ops[1..];
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests;
