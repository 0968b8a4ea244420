//! What is left of a text in another, letter by letter: the alignment that keeps the most in the fewest runs, and whole
//! words rather than parts of them. Which ranges are compared, and in what other ways, is not decided here.

use std::ops::Range;

/// Bytes of the old text, and of the new one that stand in their place.
type Change = (Range<usize>, Range<usize>);

/// How many pairs of bytes are compared at most; that takes about a millisecond.
const PAIRS: usize = 400_000;

/// What it is worth to keep a letter, and a blank, in place of deleting it and typing it again.
const LETTER: i32 = 16;
const BLANK: i32 = 12;

/// What it costs to begin or end what is kept between words, within a word of one of the texts, and of
/// both.
const BETWEEN: i32 = 5;
const WITHIN_ONE: i32 = 9;
const WITHIN: i32 = 17;

/// What it costs more, in each text, where no blank is beside that place: a bracket that two texts share is no more than
/// chance, and of two places that are as good, the one beside a blank is meant.
const AMID: i32 = 3;

const IMPOSSIBLE: i32 = i32::MIN / 2;

/// The changed ranges, ascending and apart; `None` where the texts are too long.
pub(super) fn aligned(old: &str, new: &str) -> Option<Vec<Change>> {
    best(old, new, Deletes::All)
}

/// The same where nothing was deleted; `None` where something was, too.
pub(super) fn typed(old: &str, new: &str) -> Option<Vec<Change>> {
    best(old, new, Deletes::Nothing)
}

/// The same where nothing was deleted but blanks.
pub(super) fn typed_and_formatted(old: &str, new: &str) -> Option<Vec<Change>> {
    best(old, new, Deletes::Blanks)
}

/// What may be missing in the new text.
#[derive(Clone, Copy)]
enum Deletes {
    All,
    Blanks,
    Nothing,
}

impl Deletes {
    fn may(self, c: char) -> bool {
        match self {
            Deletes::All => true,
            Deletes::Blanks => c.is_whitespace(),
            Deletes::Nothing => false,
        }
    }
}

fn best(old: &str, new: &str, deletes: Deletes) -> Option<Vec<Change>> {
    if old.len().saturating_mul(new.len()) > PAIRS {
        return None;
    }
    let (old, new) = (Letters::of(old), Letters::of(new));
    let (n, m) = (old.chars.len(), new.chars.len());
    let cut = |a: usize, b: usize| match (a, b) {
        (0, 0) => 0,
        _ if (a, b) == (n, m) => 0,
        _ => cut(&old, a, &new, b),
    };
    let width = m + 1;
    // The best that leads to a pair of places, by what comes last: something kept, or something else.
    let mut kept = vec![IMPOSSIBLE; (n + 1) * width];
    let mut changed = kept.clone();
    kept[0] = 0;
    for a in 0..=n {
        for b in 0..=m {
            let at = a * width + b;
            if a > 0 && b > 0 && old.chars[a - 1] == new.chars[b - 1] {
                let before = at - width - 1;
                let begun = changed[before] - cut(a - 1, b - 1);
                kept[at] = worth(old.chars[a - 1]) + kept[before].max(begun);
            }
            let mut best = kept[at] - cut(a, b);
            if a > 0 && deletes.may(old.chars[a - 1]) {
                best = best.max(changed[at - width]);
            }
            if b > 0 {
                best = best.max(changed[at - 1]);
            }
            changed[at] = best;
        }
    }
    let end = n * width + m;
    if kept[end].max(changed[end]) < IMPOSSIBLE / 2 {
        return None;
    }
    let mut changes = Vec::new();
    let (mut a, mut b) = (n, m);
    let mut open = (kept[end] < changed[end]).then_some((n, m));
    while a > 0 || b > 0 || open.is_some() {
        let at = a * width + b;
        if let Some((end_a, end_b)) = open {
            if a > 0 && deletes.may(old.chars[a - 1]) && changed[at] == changed[at - width] {
                a -= 1;
            } else if b > 0 && changed[at] == changed[at - 1] {
                b -= 1;
            } else {
                let gone = old.starts[a]..old.starts[end_a];
                changes.push((gone, new.starts[b]..new.starts[end_b]));
                open = None;
            }
            continue;
        }
        (a, b) = (a - 1, b - 1);
        if kept[at - width - 1] + worth(old.chars[a]) != kept[at] {
            open = Some((a, b));
        }
    }
    changes.reverse();
    Some(changes)
}

/// The characters of a text, and where each and the end of the last one begin.
struct Letters {
    chars: Vec<char>,
    starts: Vec<usize>,
}

impl Letters {
    fn of(text: &str) -> Letters {
        let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        starts.push(text.len());
        Letters {
            chars: text.chars().collect(),
            starts,
        }
    }

    fn around(&self, at: usize) -> Option<(char, char)> {
        let before = self.chars.get(at.checked_sub(1)?)?;
        Some((*before, *self.chars.get(at)?))
    }

    /// Whether a word or a line end goes on there.
    fn is_within(&self, at: usize) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        self.around(at).is_some_and(|(before, after)| {
            is_word(before) && is_word(after) || (before, after) == ('\r', '\n')
        })
    }

    /// Whether no blank and no end of the text is beside that place.
    fn is_amid(&self, at: usize) -> bool {
        self.around(at)
            .is_some_and(|(before, after)| !before.is_whitespace() && !after.is_whitespace())
    }
}

fn cut(old: &Letters, a: usize, new: &Letters, b: usize) -> i32 {
    let cost = match (old.is_within(a), new.is_within(b)) {
        (false, false) => BETWEEN,
        (true, true) => WITHIN,
        _ => WITHIN_ONE,
    };
    cost + AMID * (i32::from(old.is_amid(a)) + i32::from(new.is_amid(b)))
}

fn worth(c: char) -> i32 {
    if c.is_whitespace() { BLANK } else { LETTER }
}
