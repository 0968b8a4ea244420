//! How a change is worded in a report: widened, taken apart, merged, in one order or another.

use text::{ContentChange, Encoding, Position};

use super::{Model, position_of};
use crate::page::{Splice, common_ends};

/// A way of wording.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    widens: bool,
    rediffs: bool,
    covers: bool,
    whole: bool,
}

impl Manner {
    /// The whole text as one replacement.
    pub(super) const WHOLE: Manner = Manner {
        widens: false,
        rediffs: false,
        covers: false,
        whole: true,
    };

    pub(super) fn of(model: &Model) -> Manner {
        Manner {
            widens: model.widens,
            rediffs: model.rediffs,
            covers: model.covers,
            whole: false,
        }
    }

    /// One that a hostile editor may come upon.
    pub(super) fn any(choice: u32) -> Manner {
        Manner {
            widens: choice.is_multiple_of(2),
            rediffs: choice.is_multiple_of(3),
            covers: choice.is_multiple_of(5),
            whole: choice.is_multiple_of(7),
        }
    }
}

/// Replacement in characters: where, how many, what.
pub(super) type Change = (usize, usize, Vec<char>);

/// The changes of one notification, each with whether the person made it; `reported` goes along.
pub(super) fn worded(
    reported: &mut Vec<char>,
    splices: &[(Splice, bool)],
    manner: Manner,
    encoding: Encoding,
) -> Vec<ContentChange> {
    let by_person: Vec<bool> = splices.iter().map(|(_, by_person)| *by_person).collect();
    let mut changes: Vec<Change> = splices
        .iter()
        .map(|(splice, _)| {
            (
                splice.at,
                splice.removed.len(),
                splice.text.chars().collect(),
            )
        })
        .collect();
    if manner.whole {
        let mut text = reported.clone();
        for (at, count, put) in &changes {
            text.splice(*at..at + count, put.iter().copied());
        }
        let end = position_of(reported, reported.len(), encoding);
        *reported = text;
        return vec![ContentChange {
            range: Some(Position::default()..end),
            text: reported.iter().collect(),
        }];
    }
    if manner.covers {
        changes = covering(reported, &changes).into_iter().collect();
    }
    let mut out = Vec::new();
    for (nth, change) in changes.into_iter().enumerate() {
        let by_person = by_person.get(nth).copied().unwrap_or_default();
        let small = if manner.rediffs {
            rediffed(reported, change)
        } else if manner.widens {
            vec![widened(reported, change, by_person)]
        } else {
            vec![change]
        };
        for change in small {
            let (at, count, put) = whole_breaks(reported, change);
            let start = position_of(reported, at, encoding);
            let end = position_of(reported, at + count, encoding);
            out.push(ContentChange {
                range: Some(start..end),
                text: put.iter().collect(),
            });
            reported.splice(at..at + count, put);
        }
    }
    out
}

/// No position names a place between `\r` and `\n`.
fn whole_breaks(text: &[char], (mut at, mut count, mut put): Change) -> Change {
    let splits = |at: usize| at > 0 && text[at - 1] == '\r' && text.get(at) == Some(&'\n');
    if splits(at + count) {
        count += 1;
        put.push('\n');
    }
    if splits(at) {
        at -= 1;
        count += 1;
        put.insert(0, '\r');
    }
    (at, count, put)
}

/// As Neovim words it: what stays the same at the start is left out; where lines come or go, the tail of the last
/// one is in it. Whole lines of the person are put in behind the line before them, and deleted as they are.
fn widened(text: &[char], (mut at, mut count, mut put): Change, by_person: bool) -> Change {
    let is_break = |ch: &char| matches!(ch, '\n' | '\r');
    let (prefix, _) = common_ends(&text[at..at + count], &put);
    let starts_line = at == 0 || is_break(&text[at - 1]);
    let whole = |chars: &[char]| chars.last().is_none_or(is_break);
    if by_person && starts_line && whole(&put) && whole(&text[at..at + count]) {
        if !put.is_empty() && at > 0 {
            let end = usize::from(at > 1 && text[at - 2] == '\r' && text[at - 1] == '\n') + 1;
            put.splice(0..0, text[at - end..at].iter().copied());
            at -= end;
            count += end;
        }
        return (at, count, put);
    }
    put.drain(..prefix);
    at += prefix;
    count -= prefix;
    if put.iter().chain(&text[at..at + count]).any(is_break) {
        while let Some(ch) = text.get(at + count).filter(|ch| !is_break(ch)) {
            put.push(*ch);
            count += 1;
        }
    }
    (at, count, put)
}

/// One change over all that several touch.
fn covering(text: &[char], changes: &[Change]) -> Option<Change> {
    let mut after = text.to_vec();
    let mut touched: Option<(usize, usize)> = None;
    for (at, count, put) in changes {
        after.splice(*at..at + count, put.iter().copied());
        let grown = put.len() as isize - *count as isize;
        touched = Some(match touched {
            None => (*at, at + put.len()),
            Some((start, end)) => {
                let end = end.max(at + count).wrapping_add_signed(grown);
                (start.min(*at), end)
            }
        });
    }
    let (start, end) = touched?;
    let grown = after.len() as isize - text.len() as isize;
    let count = end.wrapping_add_signed(-grown) - start;
    Some((start, count, after[start..end].to_vec()))
}

/// A replacement as many small ones, from the bottom up.
pub(super) fn rediffed(text: &[char], (at, count, put): Change) -> Vec<Change> {
    if count == 0 || put.is_empty() || count * put.len() > 40_000 {
        return vec![(at, count, put)];
    }
    let old = units(&text[at..at + count]);
    let new = units(&put);
    let width = new.len() + 1;
    let mut table = vec![0u16; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i * width + j] = if old[i] == new[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let mut changes: Vec<Change> = Vec::new();
    let (mut i, mut j, mut place) = (0, 0, at);
    let mut open = false;
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            place += old[i].len();
            (i, j, open) = (i + 1, j + 1, false);
            continue;
        }
        if !open {
            changes.push((place, 0, Vec::new()));
            open = true;
        }
        let Some(change) = changes.last_mut() else {
            break;
        };
        let delete = i < old.len()
            && (j == new.len() || table[(i + 1) * width + j] >= table[i * width + j + 1]);
        if delete {
            change.1 += old[i].len();
            place += old[i].len();
            i += 1;
        } else {
            change.2.extend(new[j]);
            j += 1;
        }
    }
    changes.reverse();
    changes
}

/// Characters, but `\r\n` as one.
fn units(chars: &[char]) -> Vec<&[char]> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let len = if chars[at] == '\r' && chars.get(at + 1) == Some(&'\n') {
            2
        } else {
            1
        };
        out.push(&chars[at..at + len]);
        at += len;
    }
    out
}
