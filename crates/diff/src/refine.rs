//! What differs inside one hunk or one line: words first, then the characters at a changed word's ends.
//! Which lines stand against which is decided before, in `hunks` and `policy`.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, Interner, Token};

/// Beyond this many bytes on one side only the common ends are taken off.
const BYTES: usize = 16 * 1024;
/// Equal text this short between two changes is not worth two edits.
const JOIN: usize = 3;

type Change = (Range<usize>, Range<usize>);

/// The changed ranges between two texts: bytes of `old`, bytes of `new`, ascending; outside them the texts are equal.
///
/// Ranges stand on char boundaries and never between `\r` and `\n`.
/// Cost: about a microsecond for a line; O(length) with a small constant beyond 16 KiB, as one single range.
pub fn refine(old: &str, new: &str) -> Vec<Change> {
    let Some(outer) = trim(old, new, (0..old.len(), 0..new.len())) else {
        return Vec::new();
    };
    let (old_middle, new_middle) = (&old[outer.0.clone()], &new[outer.1.clone()]);
    if old_middle.is_empty()
        || new_middle.is_empty()
        || old_middle.len().max(new_middle.len()) > BYTES
    {
        return vec![outer];
    }
    // The trim may have cut a word in half; widening it lets whole words be compared.
    let outer = widen(old, new, outer);
    let mut changes: Vec<Change> = Vec::new();
    for change in word_changes(old, new, outer) {
        let Some(change) = trim(old, new, change) else {
            continue;
        };
        match changes.last_mut() {
            Some(last) if joins(&old[last.0.end..change.0.start]) => {
                last.0.end = change.0.end;
                last.1.end = change.1.end;
            }
            _ => changes.push(change),
        }
    }
    changes
}

fn joins(between: &str) -> bool {
    between.len() <= JOIN && !between.contains('\n')
}

/// Takes the common beginning and end off; `None` where nothing is left.
fn trim(old: &str, new: &str, (old_range, new_range): Change) -> Option<Change> {
    let (a, b) = (&old[old_range.clone()], &new[new_range.clone()]);
    if a == b {
        return None;
    }
    let stands = |at_a: usize, at_b: usize| stands(a, at_a) && stands(b, at_b);
    let mut prefix = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !stands(prefix, prefix) {
        prefix -= 1;
    }
    let room = a.len().min(b.len()) - prefix;
    let mut suffix = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take(room)
        .take_while(|(a, b)| a == b)
        .count();
    while !stands(a.len() - suffix, b.len() - suffix) {
        suffix -= 1;
    }
    Some((
        old_range.start + prefix..old_range.end - suffix,
        new_range.start + prefix..new_range.end - suffix,
    ))
}

/// Whether an edit may begin or end here.
fn stands(text: &str, at: usize) -> bool {
    text.is_char_boundary(at)
        && !(at > 0 && text.as_bytes()[at - 1] == b'\r' && text.as_bytes().get(at) == Some(&b'\n'))
}

/// Moves both ends outwards to the nearest word boundary; the text passed over is the same on both sides.
fn widen(old: &str, new: &str, (old_range, new_range): Change) -> Change {
    let before = old[..old_range.start]
        .chars()
        .rev()
        .take_while(|c| is_word(*c))
        .map(char::len_utf8)
        .sum::<usize>();
    let after = old[old_range.end..]
        .chars()
        .take_while(|c| is_word(*c))
        .map(char::len_utf8)
        .sum::<usize>();
    debug_assert!(new.len() >= new_range.end + after);
    (
        old_range.start - before..old_range.end + after,
        new_range.start - before..new_range.end + after,
    )
}

/// A diff by words: runs of word characters, runs of blanks, every other character alone, `\r\n` whole.
fn word_changes(old: &str, new: &str, (old_range, new_range): Change) -> Vec<Change> {
    let mut interner: Interner<&str> = Interner::new(64);
    let (before, old_at) = words(old, old_range, &mut interner);
    let (after, new_at) = words(new, new_range, &mut interner);
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, &before, &after, interner.num_tokens());
    diff.hunks()
        .map(|hunk| {
            let (a, b) = (hunk.before, hunk.after);
            (
                old_at[a.start as usize]..old_at[a.end as usize],
                new_at[b.start as usize]..new_at[b.end as usize],
            )
        })
        .collect()
}

fn words<'a>(
    text: &'a str,
    range: Range<usize>,
    interner: &mut Interner<&'a str>,
) -> (Vec<Token>, Vec<usize>) {
    let mut tokens = Vec::new();
    let mut starts = vec![range.start];
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        let len = word_len(rest);
        tokens.push(interner.intern(&rest[..len]));
        at += len;
        starts.push(at);
    }
    (tokens, starts)
}

fn word_len(rest: &str) -> usize {
    let run = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    match rest.chars().next() {
        None => 0,
        Some(c) if is_word(c) => run(is_word),
        Some(' ' | '\t') => run(|c| c == ' ' || c == '\t'),
        Some('\r') if rest.as_bytes().get(1) == Some(&b'\n') => 2,
        Some(c) => c.len_utf8(),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
