//! Change sets and documents against plain strings, which are edited by the letter of the protocol.

use std::ops::Range;

use text::{
    Anchor, Bias, ChangeSet, ContentChange, Document, Encoding, Op, Position, Text, VersionRule,
};

use super::{Input, place};

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

/// What an insertion is made of where the input names a text by number.
const INSERTS: [&str; 12] = [
    "", "x", "\n", "\r\n", "\r", "🙂", "e\u{301}", "漢字", "\u{2028}", "ab\ncd", "\t", "\u{feff}",
];

/// The algebra of change sets, or a document that is told of changes, by the first byte.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    if input.byte().is_multiple_of(2) {
        algebra(&mut input);
    } else {
        document(&mut input);
    }
}

type Edit = (Range<usize>, String);

/// Edits of a text, sorted and without overlap, of single steps and numbers of the input.
fn edits(text: &str, input: &mut Input<'_>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut at = 0;
    for _ in 0..input.below(8) {
        let start = boundary(text, at + input.below(16)).max(at);
        let end = boundary(text, start + input.below(8)).max(start);
        edits.push((start..end, inserted(input)));
        at = end;
    }
    edits
}

fn inserted(input: &mut Input<'_>) -> String {
    let n = input.below(INSERTS.len() * 2);
    match INSERTS.get(n) {
        Some(text) => (*text).to_owned(),
        None => INSERTS[n - INSERTS.len()].repeat(input.below(5)),
    }
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut text = text.to_owned();
    for (range, inserted) in edits.iter().rev() {
        text.replace_range(range.clone(), inserted);
    }
    text
}

fn set(text: &str, edits: &[Edit]) -> ChangeSet {
    ChangeSet::from_changes(text.len(), edits.iter().cloned())
}

fn applied(set: &ChangeSet, text: &str) -> String {
    normal(set);
    let mut rope = Text::from(text);
    set.apply(&mut rope);
    let after = rope.to_string();
    assert_eq!(after.len(), set.len_after());
    after
}

/// Panics unless the set is in its normal form.
fn normal(set: &ChangeSet) {
    let mut before = None;
    for op in set.ops() {
        let kind = match op {
            Op::Retain(n) => (0, *n),
            Op::Insert(text) => (1, text.len()),
            Op::Delete(n) => (2, *n),
        };
        assert!(kind.1 > 0, "an empty step in {set:?}");
        assert_ne!(before, Some(kind.0), "two neighbours of a kind in {set:?}");
        assert!(
            (before, kind.0) != (Some(2), 1),
            "an insertion behind a deletion in {set:?}"
        );
        before = Some(kind.0);
    }
}

fn algebra(input: &mut Input<'_>) {
    let text = input.text();
    let (first, other) = (edits(&text, input), edits(&text, input));
    let (a, b) = (set(&text, &first), set(&text, &other));
    let after = edited(&text, &first);
    assert_eq!(applied(&a, &text), after);

    let second = edits(&after, input);
    let c = set(&after, &second);
    let end = edited(&after, &second);
    assert_eq!(applied(&a.compose(&c), &text), end, "compose");
    let third = edits(&end, input);
    let d = set(&end, &third);
    let last = edited(&end, &third);
    assert_eq!(applied(&a.compose(&c).compose(&d), &text), last, "compose");
    assert_eq!(applied(&a.compose(&c.compose(&d)), &text), last, "compose");
    let all = ChangeSet::compose_all(&[a.clone(), c, d]).expect("three sets");
    assert_eq!(applied(&all, &text), last, "compose all");

    let inverse = a.invert(&Text::from(text.as_str()));
    assert_eq!(applied(&inverse, &after), text, "invert");
    assert_eq!(applied(&a.compose(&inverse), &text), text, "invert");
    let again = inverse.invert(&Text::from(after.as_str()));
    assert_eq!(again, a, "the inverse of the inverse");

    for (mine, theirs) in [(Bias::Left, Bias::Right), (Bias::Right, Bias::Left)] {
        let one = a.compose(&b.transform(&a, theirs));
        let two = b.compose(&a.transform(&b, mine));
        assert_eq!(applied(&one, &text), applied(&two, &text), "transform");
    }

    let changes = a.changes();
    let rebuilt = ChangeSet::from_changes(
        text.len(),
        changes
            .iter()
            .map(|change| (change.old.clone(), change.text.clone())),
    );
    assert_eq!(rebuilt, a, "changes");
    let mut lowest = 0;
    for offset in 0..=text.len() {
        let (left, right) = (a.map(offset, Bias::Left), a.map(offset, Bias::Right));
        assert_eq!(left, mapped(&a, offset, Bias::Left), "map {offset} left");
        assert_eq!(right, mapped(&a, offset, Bias::Right), "map {offset} right");
        assert!(lowest <= left && left <= right, "map keeps the order");
        lowest = left;
        let mut anchor = Anchor::new(offset, Bias::Right);
        anchor.follow(&a);
        assert_eq!(anchor.offset, right);
    }
}

/// Where an offset goes, by the replacements instead of the steps.
fn mapped(set: &ChangeSet, offset: usize, bias: Bias) -> usize {
    let (mut old, mut new) = (0, 0);
    for change in set.changes() {
        if offset < change.old.start {
            break;
        }
        if offset == change.old.start && bias == Bias::Left {
            return change.new.start;
        }
        if offset < change.old.end || offset == change.old.start {
            return change.new.end;
        }
        (old, new) = (change.old.end, change.new.end);
    }
    new + (offset - old)
}

/// The lines of a plain text: where each starts, and where it ends without its line break.
fn lines(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let len = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        if len > 0 {
            lines.push(start..at);
            start = at + len;
        }
        at += len.max(1);
    }
    lines.push(start..text.len());
    lines
}

fn units(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => c.len_utf8(),
        Encoding::Utf16 => c.len_utf16(),
        Encoding::Utf32 => 1,
    }
}

/// The offset of a position, counted character by character; none where it names no place.
fn offset(text: &str, position: Position, encoding: Encoding) -> Option<usize> {
    let lines = lines(text);
    let line = position.line as usize;
    if line == lines.len() && position.character == 0 {
        return Some(text.len());
    }
    let line = lines.get(line)?.clone();
    let mut left = position.character as usize;
    for (at, c) in text[line.clone()].char_indices() {
        if left == 0 {
            return Some(line.start + at);
        }
        left = left.checked_sub(units(c, encoding))?;
    }
    Some(line.end)
}

/// The position of an offset, counted character by character.
fn position(text: &str, offset: usize, encoding: Encoding) -> Position {
    let lines = lines(text);
    let line = lines.partition_point(|line| line.start <= offset) - 1;
    let before = text[lines[line].start..offset].chars();
    let character: usize = before.map(|c| units(c, encoding)).sum();
    Position::new(line as u32, character as u32)
}

fn small_position(text: &str, input: &mut Input<'_>) -> Position {
    let (line, character) = (input.byte(), input.byte());
    let lines = lines(text).len();
    // Mostly lines that there are, sometimes the two behind the last.
    let line = usize::from(line) % (lines + 2);
    let character = match character {
        255 => u32::MAX,
        other => u32::from(other) % 24,
    };
    Position::new(line as u32, character)
}

fn document(input: &mut Input<'_>) {
    let encoding = ENCODINGS[input.below(3)];
    let mut rule = [VersionRule::Consecutive, VersionRule::Increasing][input.below(2)];
    let mut plain = input.text();
    let mut version = 7;
    let mut document = Document::open(&plain, version, rule);
    while !input.is_empty() {
        let before = plain.clone();
        let step = match input.byte() {
            250 => 3,
            251 => 0,
            _ => 1,
        };
        let Some((changes, after)) = changes(&plain, encoding, input) else {
            continue;
        };
        let result = document.apply(version + step, &changes, encoding);
        let gap = step > 1 && rule == VersionRule::Consecutive;
        match after {
            _ if step == 0 => {
                assert!(result.is_err());
                assert_eq!(document.text().to_string(), before);
            }
            None => {
                assert!(result.is_err(), "{changes:?} of {before:?}");
                assert_eq!(document.text().to_string(), before, "all or nothing");
            }
            Some(after) => {
                plain = after;
                version += step;
                assert_eq!(document.text().to_string(), plain, "{changes:?}");
                let whole = changes.iter().any(|change| change.range.is_none());
                assert_eq!(result.is_err(), gap && !whole, "{result:?}");
                if let Ok(sets) = &result
                    && let Some(set) = ChangeSet::compose_all(sets)
                {
                    assert_eq!(applied(&set, &before), plain);
                }
            }
        }
        if let Err(error) = result {
            assert_eq!(document.out_of_step(), Some(&error));
            if input.below(2) == 0 {
                assert!(document.confirm(&plain), "it was carried along");
                rule = VersionRule::Increasing;
            } else {
                resync(&mut document, &plain, version);
                version += 2;
            }
        }
        assert_eq!(document.version(), version);
        assert_eq!(document.out_of_step(), None);
        places(document.text(), &plain, input);
    }
}

/// One notification, and the plain text after it if every range names a place.
fn changes(
    plain: &str,
    encoding: Encoding,
    input: &mut Input<'_>,
) -> Option<(Vec<ContentChange>, Option<String>)> {
    let mut after = Some(plain.to_owned());
    let mut changes = Vec::new();
    for _ in 0..1 + input.below(3) {
        let now = after.as_deref().unwrap_or(plain);
        let kind = input.below(8);
        let range = match kind {
            0 => None,
            // Anything at all.
            1 | 2 => Some(small_position(now, input)..small_position(now, input)),
            // What an editor would say.
            _ => {
                let (at, len) = (usize::from(input.byte()), input.below(12));
                let at = place(now, at % (now.len() + 1));
                let end = place(now, at + len).max(at);
                Some(position(now, at, encoding)..position(now, end, encoding))
            }
        };
        let text = inserted(input);
        after = after.and_then(|mut after| {
            let range = match &range {
                None => 0..after.len(),
                Some(range) => {
                    offset(&after, range.start, encoding)?..offset(&after, range.end, encoding)?
                }
            };
            (range.start <= range.end).then(|| {
                after.replace_range(range, &text);
                after
            })
        });
        changes.push(ContentChange { range, text });
    }
    (plain.len() < 4_000).then_some((changes, after))
}

/// Out of step: everything but the whole text is refused, and the whole text brings it back.
fn resync(document: &mut Document, plain: &str, version: i32) {
    let refused = document.apply(version + 1, &[], Encoding::Utf8);
    assert!(refused.is_err());
    let whole = ContentChange {
        range: None,
        text: plain.to_owned(),
    };
    let resynced = document.apply(version + 2, &[whole], Encoding::Utf8);
    assert!(resynced.is_ok());
}

/// Every place of the text in every encoding, there and back; and any position, clamped.
fn places(text: &Text, plain: &str, input: &mut Input<'_>) {
    assert_eq!(text.line_count(), lines(plain).len());
    let wild = small_position(plain, input);
    for encoding in ENCODINGS {
        assert_eq!(
            text.offset(wild, encoding).ok(),
            offset(plain, wild, encoding),
            "{wild:?} in {plain:?}"
        );
        let clamped = text.offset_clamped(wild, encoding);
        assert!(plain.is_char_boundary(clamped), "{wild:?} in {plain:?}");
        let at = place(plain, input.clone().byte().into());
        let there = position(plain, at, encoding);
        assert_eq!(text.position(at, encoding), there, "{at} in {plain:?}");
        assert_eq!(
            text.offset(there, encoding),
            Ok(at),
            "{there:?} in {plain:?}"
        );
    }
}
