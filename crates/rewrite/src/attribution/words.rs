//! What is different between two texts, in the ways in which people change them: by characters, words, blanks and
//! lines. Nothing here knows whose a change is.

mod align;

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use self::align::{aligned, typed, typed_and_formatted};
use crate::slide::{FURTHEST, slides};

/// Up to this many bytes on either side a change is compared by characters, beyond it by lines and words.
pub(super) const BY_CHARACTERS: usize = 1_024;

/// A range, and the text that comes in its place.
pub(crate) type Replacement = (Range<usize>, String);

/// The smallest replacements that lead from one text to another, in bytes of the first.
pub(super) fn replacements(old: &str, new: &str) -> Vec<Replacement> {
    let suffix = common_suffix(old, new);
    let (old_rest, new_rest) = (&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let prefix = common_prefix(old_rest, new_rest);
    let (old, new) = (&old_rest[prefix..], &new_rest[prefix..]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let pairs = if old.is_empty() || new.is_empty() {
        vec![(0..old.len(), 0..new.len())]
    } else if old.len().max(new.len()) <= BY_CHARACTERS {
        by_characters(old, new)
    } else {
        diff::hunks(old, new)
            .into_iter()
            .flat_map(|hunk| {
                let pairs = diff::refine(&old[hunk.old.clone()], &new[hunk.new.clone()]);
                let (gone, put) = (hunk.old.start, hunk.new.start);
                pairs
                    .into_iter()
                    .map(move |(a, b)| (shift(a, gone), shift(b, put)))
            })
            .collect()
    };
    pairs
        .into_iter()
        .map(|(gone, put)| (shift(gone, prefix), new[put].to_owned()))
        .collect()
}

/// What a reported change changed, by lines, then by words: a letter that an old and a new word happen to share
/// is not what was left. An insertion or a deletion is exact.
pub(super) fn by_words(old: &str, new: &str) -> Vec<Replacement> {
    let (gone, put) = middles(old, new);
    if gone.is_empty() && put.is_empty() {
        return Vec::new();
    }
    if put.is_empty() {
        return vec![(lines_deleted(old, gone), String::new())];
    }
    if gone.is_empty()
        && let Some((at, lines)) = lines_put(old, gone.start, &new[put])
    {
        return vec![(at..at, lines)];
    }
    if let Some(typed) = only_typing(old, new) {
        return typed;
    }
    if let Some(deleted) = only_deletions(old, new) {
        return deleted;
    }
    // Of many lines that all change and blank ones between them, a diff may keep the wrong ones.
    if let Some(blanks) = only_blanks(old, new) {
        return blanks;
    }
    if let Some(formatted) = typing_and_blanks(old, new) {
        return formatted;
    }
    let mut out = Vec::new();
    for (gone, put) in hunks(old, new) {
        let (was, is) = (&old[gone.clone()], &new[put]);
        if let Some(typed) = only_typing(was, is) {
            let typed = typed.into_iter();
            out.extend(typed.map(|(range, text)| (shift(range, gone.start), text)));
            continue;
        }
        if let Some(blanks) = only_blanks(was, is) {
            let blanks = blanks.into_iter();
            out.extend(blanks.map(|(range, text)| (shift(range, gone.start), text)));
            continue;
        }
        let mut pairs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        let all = aligned(was, is)
            .or_else(|| whole_lines(was, is))
            .unwrap_or_else(|| {
                let words = diff::refine(was, is).into_iter();
                words
                    .map(|(gone, put)| whole_words(was, is, gone, put))
                    .collect()
            });
        for (gone, put) in all {
            match pairs.last_mut() {
                Some(last) if gone.start <= last.0.end => {
                    last.0.end = gone.end.max(last.0.end);
                    last.1.end = put.end.max(last.1.end);
                }
                _ => pairs.push((gone, put)),
            }
        }
        let mut at = 0;
        let blank = pairs.iter().all(|(gone, _)| {
            let kept = &was[at..gone.start];
            at = gone.end;
            kept.trim().is_empty()
        });
        let replaced = !is.trim().is_empty() || !is.is_empty() && was.trim_end().contains('\n');
        // Typing at the end of a line and a deletion at the start of the next leave the line break.
        let beside_break = match pairs.as_slice() {
            [(gone, put), (next, other)] => {
                let apart = gone.is_empty() && other.is_empty() && !put.is_empty();
                apart && was[gone.end..next.start].starts_with(['\r', '\n'])
            }
            _ => false,
        };
        let replaced = replaced && !beside_break;
        if blank && was[at..].trim().is_empty() && !was.is_empty() && replaced {
            pairs = vec![(0..was.len(), 0..is.len())];
        }
        let texts = pairs.into_iter();
        out.extend(texts.map(|(range, put)| (shift(range, gone.start), is[put].to_owned())));
    }
    out
}

/// The hunks between two texts. Where blank lines alone stand between one that takes away lines and one that brings some, or
/// beside other blank lines that come or go, those are one: which of the blank lines stayed is not for a comparison of lines
/// to say.
fn hunks(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let grown = |it: &diff::Hunk| it.new_lines.len() as isize - it.old_lines.len() as isize;
    let holds_blank = |(gone, put): (&Range<usize>, &Range<usize>)| {
        let mut lines = old[gone.clone()].lines().chain(new[put.clone()].lines());
        lines.any(|line| line.trim().is_empty())
    };
    let mut all: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let mut before = 0_isize;
    for hunk in diff::hunks(old, new) {
        let by = grown(&hunk);
        match all.last_mut() {
            Some((gone, put))
                if old[gone.end..hunk.old.start].trim().is_empty()
                    && (before.signum() * by.signum() < 0
                        || holds_blank((gone, put))
                        || holds_blank((&hunk.old, &hunk.new))) =>
            {
                gone.end = hunk.old.end;
                put.end = hunk.new.end;
                before += by;
            }
            _ => {
                all.push((hunk.old, hunk.new));
                before = by;
            }
        }
    }
    all
}

/// The nearest place where a deletion leads to the same text and takes whole lines, if there is one: of lines that begin
/// or end alike a comparison may find the end of one and the beginning of the other.
pub(super) fn lines_deleted(old: &str, gone: Range<usize>) -> Range<usize> {
    let bytes = old.as_bytes();
    let begins_line = |at: usize| at == 0 || bytes[at - 1] == b'\n';
    if !bytes[gone.clone()].contains(&b'\n') || begins_line(gone.start) && begins_line(gone.end) {
        return gone;
    }
    slides(|at| bytes.get(at).copied(), &gone, 0..bytes.len())
        .filter(|(_, it)| begins_line(it.start) && begins_line(it.end))
        .min_by_key(|(n, _)| *n)
        .map_or(gone, |(_, it)| it)
}

/// The nearest start of a line where an insertion within a line leads to the same text and puts whole lines, if there
/// is one, and what it puts there.
pub(crate) fn lines_put(old: &str, at: usize, put: &str) -> Option<(usize, String)> {
    let (bytes, new) = (old.as_bytes(), put.as_bytes());
    let begins_line = |at: usize| at == 0 || bytes[at - 1] == b'\n';
    let ends_line = bytes.get(at).is_none_or(|byte| b"\r\n".contains(byte));
    if !new.contains(&b'\n') || put.trim().is_empty() || begins_line(at) || ends_line {
        return None;
    }
    let len = new.len();
    let back = (1..=at.min(FURTHEST))
        .take_while(|n| bytes[at - n] == new[(len - n % len) % len])
        .map(|n| (n, at - n, (len - n % len) % len));
    let on = (1..=(bytes.len() - at).min(FURTHEST))
        .take_while(|n| bytes[at + n - 1] == new[(n - 1) % len])
        .map(|n| (n, at + n, n % len));
    let (_, at, cut) = back
        .chain(on)
        .filter(|(_, at, cut)| begins_line(*at) && put.is_char_boundary(*cut))
        .min_by_key(|(n, ..)| *n)?;
    let lines = format!("{}{}", &put[cut..], &put[..cut]);
    lines.ends_with('\n').then_some((at, lines))
}

/// Lines of a hunk that are laid beside others, at most.
const LINES: usize = 16;

/// Lines that came or went among lines that stayed much as they were: what stays of a hunk whose sides have different
/// numbers of lines, each line with its like, and the others whole. `None` where a line of the shorter side is like
/// none. In bytes of both.
fn whole_lines(was: &str, is: &str) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let (old, new) = (line_ranges(was), line_ranges(is));
    let (n, m) = (old.len(), new.len());
    if n == m || n.min(m) == 0 || n.max(m) > LINES {
        return None;
    }
    let likeness = |a: usize, b: usize| likeness(&was[old[a].clone()], &is[new[b].clone()]);
    // The best likeness of the rests from each pair of lines on.
    let mut best = vec![vec![0.0_f32; m + 1]; n + 1];
    for a in (0..n).rev() {
        for b in (0..m).rev() {
            let beside = likeness(a, b).map_or(f32::MIN, |it| it + best[a + 1][b + 1]);
            best[a][b] = beside.max(best[a + 1][b]).max(best[a][b + 1]);
        }
    }
    let (mut a, mut b, mut paired) = (0, 0, 0);
    let mut pairs = Vec::new();
    while a < n || b < m {
        let like = (a < n && b < m).then(|| likeness(a, b)).flatten();
        if like.is_some_and(|it| it + best[a + 1][b + 1] >= best[a][b]) {
            paired += 1;
            let (old, new) = (old[a].clone(), new[b].clone());
            for (gone, put) in diff::refine(&was[old.clone()], &is[new.clone()]) {
                let (gone, put) = whole_words(&was[old.clone()], &is[new.clone()], gone, put);
                pairs.push((shift(gone, old.start), shift(put, new.start)));
            }
            (a, b) = (a + 1, b + 1);
        } else if a < n && (b == m || best[a + 1][b] >= best[a][b]) {
            let at = new.get(b).map_or(is.len(), |it| it.start);
            pairs.push((old[a].clone(), at..at));
            a += 1;
        } else {
            let at = old.get(a).map_or(was.len(), |it| it.start);
            pairs.push((at..at, new[b].clone()));
            b += 1;
        }
    }
    (paired == n.min(m)).then_some(pairs)
}

fn line_ranges(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut ranges = Vec::new();
    for line in text.split_inclusive('\n') {
        ranges.push(start..start + line.len());
        start += line.len();
    }
    ranges
}

/// How much of two lines is the same at their ends, of 1, if it is most of them.
fn likeness(old: &str, new: &str) -> Option<f32> {
    let suffix = common_suffix(old, new);
    let prefix = common_prefix(&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let likeness = (prefix + suffix) as f32 / old.len().max(new.len()) as f32;
    (likeness > 0.6).then_some(likeness)
}

/// In how many places at most several texts that were typed are looked for in one replacement.
pub(super) const TYPED_AT_ONCE: usize = 16;

/// The insertions that lead from one text to another, where nothing else does: typing in several places that an
/// editor reports as one replacement of all between them. Not where so few letters stayed, in the middle of words, that it
/// may be chance.
pub(super) fn only_typing(old: &str, new: &str) -> Option<Vec<Replacement>> {
    let (gone, put) = middles(old, new);
    if gone.len() >= put.len() || put.len() > BY_CHARACTERS {
        return None;
    }
    let pairs = put_in(old, new, &gone, &put)?;
    let text = |(gone, put): (Range<usize>, Range<usize>)| (gone, new[put].to_owned());
    Some(pairs.into_iter().map(text).collect())
}

/// The same where blanks changed, too: a formatter's work and typing that an editor reports as one replacement.
fn typing_and_blanks(old: &str, new: &str) -> Option<Vec<Replacement>> {
    let (gone, put) = middles(old, new);
    if gone.len().max(put.len()) > BY_CHARACTERS {
        return None;
    }
    let (was, is) = (&old[gone.clone()], &new[put]);
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let mut letters = is.chars();
    let mut kept = was.chars().filter(|c| !c.is_whitespace());
    if !kept.all(|c| letters.any(|it| it == c)) {
        return None;
    }
    let pairs = typed_and_formatted(was, is)?;
    let puts_text = |put: &Range<usize>| !is[put.clone()].trim().is_empty();
    let typed = pairs.iter().filter(|(_, put)| puts_text(put)).count();
    if typed > TYPED_AT_ONCE || visible(was) < 4 * typed {
        return None;
    }
    let pairs = pairs.into_iter();
    Some(
        pairs
            .map(|(from, to)| (shift(from, gone.start), is[to].to_owned()))
            .collect(),
    )
}

/// The deletions that lead from one text to another, where nothing else does.
fn only_deletions(old: &str, new: &str) -> Option<Vec<Replacement>> {
    let (gone, put) = middles(old, new);
    // Of blanks that are all that is there instead of lines, nobody knows whether they stayed.
    let lines = new[put.clone()].trim().is_empty() && old[gone.clone()].contains('\n');
    if put.len() >= gone.len() || gone.len() > BY_CHARACTERS || lines {
        return None;
    }
    let pairs = put_in(new, old, &put, &gone)?;
    let mut deleted: Vec<Range<usize>> = pairs.into_iter().map(|it| it.1).collect();
    for at in 0..deleted.len() {
        let floor = at.checked_sub(1).map_or(0, |before| deleted[before].end);
        let ceiling = deleted.get(at + 1).map_or(old.len(), |next| next.start);
        let lines = lines_deleted(old, deleted[at].clone());
        if floor <= lines.start && lines.end <= ceiling {
            deleted[at] = lines;
        }
    }
    Some(deleted.into_iter().map(|it| (it, String::new())).collect())
}

/// Where something was put into the shorter of two texts to make the longer one, and what, as places in both.
fn put_in(
    shorter: &str,
    longer: &str,
    gone: &Range<usize>,
    put: &Range<usize>,
) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    // What was typed may begin as the text behind it: some of what is the same before it belongs to the choice.
    let mut before = gone.start.saturating_sub(AROUND);
    while !shorter.is_char_boundary(before) {
        before -= 1;
    }
    let mut behind = (shorter.len() - gone.end).min(AROUND);
    while !shorter.is_char_boundary(gone.end + behind) {
        behind += 1;
    }
    let mut pairs = typed(
        &shorter[before..gone.end + behind],
        &longer[before..put.end + behind],
    )?;
    for (gone, put) in &mut pairs {
        *gone = shift(gone.clone(), before);
        *put = shift(put.clone(), before);
    }
    let much = shorter[gone.clone()].trim().len() >= 2 * pairs.len();
    let kept = pairs.windows(2).map(|it| it[0].1.end..it[1].1.start);
    let apart = || kept.into_iter().all(|it| stands_apart(longer, &it));
    (pairs.len() <= TYPED_AT_ONCE && (much || apart())).then_some(pairs)
}

/// Whether a range of a text is no part of a word around it.
fn stands_apart(text: &str, range: &Range<usize>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let within =
        |at: usize| is_word(text[..at].chars().next_back()) && is_word(text[at..].chars().next());
    !within(range.start) && !within(range.end)
}

/// How many bytes around a change are looked at to find where it stands best.
const AROUND: usize = 64;

/// What is left of a replacement without the text at its ends that it leaves the same: whole lines, where it may be.
pub(super) fn smallest(old: &str, new: &str) -> Replacement {
    let (gone, put) = middles(old, new);
    if put.is_empty() {
        return (lines_deleted(old, gone), String::new());
    }
    let put = &new[put];
    let lines = gone.is_empty().then(|| lines_put(old, gone.start, put));
    match lines.flatten() {
        Some((at, lines)) => (at..at, lines),
        None => (gone, put.to_owned()),
    }
}

/// What is left of two texts without their common end and beginning.
pub(super) fn middles(old: &str, new: &str) -> (Range<usize>, Range<usize>) {
    let suffix = common_suffix(old, new);
    let prefix = common_prefix(&old[..old.len() - suffix], &new[..new.len() - suffix]);
    (prefix..old.len() - suffix, prefix..new.len() - suffix)
}

/// The changes between two texts that differ in white space alone, as formatters make them.
pub(super) fn only_blanks(old: &str, new: &str) -> Option<Vec<Replacement>> {
    let mut changes = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        let blank = |text: &str| text.len() - text.trim_start().len();
        let (gone, put) = (blank(&old[a..]), blank(&new[b..]));
        let (was, is) = (&old[a..a + gone], &new[b..b + put]);
        if was != is {
            let prefix = common_prefix(was, is);
            let suffix = common_suffix(&was[prefix..], &is[prefix..]);
            let range = a + prefix..a + gone - suffix;
            changes.push((range, is[prefix..put - suffix].to_owned()));
        }
        (a, b) = (a + gone, b + put);
        match (old[a..].chars().next(), new[b..].chars().next()) {
            (None, None) => return Some(changes),
            (x, y) if x == y => {
                let len = x.map_or(0, char::len_utf8);
                (a, b) = (a + len, b + len);
            }
            _ => return None,
        }
    }
}

/// Widens a replacement to whole words on both sides.
pub(super) fn whole_words(
    old: &str,
    new: &str,
    mut gone: Range<usize>,
    mut put: Range<usize>,
) -> (Range<usize>, Range<usize>) {
    if gone.is_empty() || put.is_empty() {
        return (gone, put);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ends_word = |text: &str| text.chars().next_back().is_some_and(is_word);
    let starts_word = |text: &str| text.chars().next().is_some_and(is_word);
    if starts_word(&old[gone.clone()]) || starts_word(&new[put.clone()]) {
        while let Some(c) = old[..gone.start]
            .chars()
            .next_back()
            .filter(|c| is_word(*c))
        {
            gone.start -= c.len_utf8();
            put.start -= c.len_utf8();
        }
    }
    if ends_word(&old[gone.clone()]) || ends_word(&new[put.clone()]) {
        while let Some(c) = old[gone.end..].chars().next().filter(|c| is_word(*c)) {
            gone.end += c.len_utf8();
            put.end += c.len_utf8();
        }
    }
    (gone, put)
}

pub(super) fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// The changed ranges by characters: whose text a character is must not depend on where words end.
pub(super) fn by_characters(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let a: Vec<(usize, char)> = old.char_indices().collect();
    let b: Vec<(usize, char)> = new.char_indices().collect();
    let chars = |text: &[(usize, char)]| text.iter().map(|(_, c)| *c).collect::<Vec<char>>();
    let bytes = |text: &[(usize, char)], len: usize, range: Range<usize>| {
        let at = |index: usize| text.get(index).map_or(len, |(at, _)| *at);
        at(range.start)..at(range.end)
    };
    let ops = capture_diff_slices(Algorithm::Myers, &chars(&a), &chars(&b));
    let changed = ops
        .into_iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| {
            let put = bytes(&b, new.len(), op.new_range());
            (bytes(&a, old.len(), op.old_range()), put)
        });
    changed.collect()
}

/// How many characters of `old` go, and how many come: what people type and delete one by one.
pub(super) fn cost(old: &str, changes: &[Replacement]) -> usize {
    let each = changes.iter();
    each.map(|(range, text)| exchange_cost(&old[range.clone()], text))
        .sum()
}

/// The same of one text in the place of another.
pub(super) fn exchange_cost(gone: &str, put: &str) -> usize {
    gone.chars().count() + put.chars().count()
}

pub(crate) fn common_prefix(a: &str, b: &str) -> usize {
    let mut n = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(n) || !b.is_char_boundary(n) {
        n -= 1;
    }
    n
}

pub(crate) fn common_suffix(a: &str, b: &str) -> usize {
    let mut n = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    while !a.is_char_boundary(a.len() - n) || !b.is_char_boundary(b.len() - n) {
        n -= 1;
    }
    n
}

#[cfg(test)]
mod tests;
