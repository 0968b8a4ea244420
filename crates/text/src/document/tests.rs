//! A document against a plain string with LSP's rules, under random edits.

use super::*;

/// LSP's line rules on a plain string: the start of each line, in bytes.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        if ends {
            starts.push(at + 1);
        }
    }
    starts
}

/// The position of a byte offset, counted character by character.
fn position(text: &str, offset: usize, encoding: Encoding) -> Position {
    let starts = line_starts(text);
    let line = starts.partition_point(|start| *start <= offset) - 1;
    let before = &text[starts[line]..offset];
    let character = match encoding {
        Encoding::Utf8 => before.len(),
        Encoding::Utf16 => before.encode_utf16().count(),
        Encoding::Utf32 => before.chars().count(),
    };
    Position::new(line as u32, character as u32)
}

fn random_offset(rng: &mut fastrand::Rng, text: &str) -> usize {
    loop {
        let offset = rng.usize(0..=text.len());
        let inside_crlf = text[..]
            .get(..offset)
            .is_some_and(|head| head.ends_with('\r'))
            && text
                .get(offset..)
                .is_some_and(|tail| tail.starts_with('\n'));
        if text.is_char_boundary(offset) && !inside_crlf {
            return offset;
        }
    }
}

const PIECES: &[&str] = &[
    "a",
    "fn x() {}",
    "\n",
    "\r\n",
    "\r",
    "🙂",
    "e\u{301}",
    "漢字",
    "\u{2028}",
    "\u{85}",
    "\t",
    "  ",
    "",
    "👩\u{200d}💻",
];

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

#[test]
fn mirror_equals_a_plain_string_under_random_edits() {
    let first = env("SEED", 1);
    for seed in first..first + env("ITERATIONS", 300) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let encoding = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32][rng.usize(0..3)];
        let mut plain: String = (0..rng.usize(0..20))
            .map(|_| PIECES[rng.usize(0..PIECES.len())])
            .collect();
        let mut document = Document::open(&plain, 0, VersionRule::Consecutive);
        for version in 1..40 {
            let before = document.text().clone();
            let mut changes = Vec::new();
            for _ in 0..rng.usize(1..4) {
                let (a, b) = (
                    random_offset(&mut rng, &plain),
                    random_offset(&mut rng, &plain),
                );
                let range = a.min(b)..a.max(b).min(a.min(b) + 30);
                let end = (range.start..=range.end)
                    .rev()
                    .find(|end| plain.is_char_boundary(*end) && !before_splits(&plain, *end))
                    .unwrap_or(range.start);
                let range = range.start..end;
                let text: String = (0..rng.usize(0..3))
                    .map(|_| PIECES[rng.usize(0..PIECES.len())])
                    .collect();
                changes.push(ContentChange {
                    range: Some(
                        position(&plain, range.start, encoding)
                            ..position(&plain, range.end, encoding),
                    ),
                    text: text.clone(),
                });
                plain.replace_range(range, &text);
            }
            let sets = document
                .apply(version, &changes, encoding)
                .unwrap_or_else(|error| panic!("seed {seed} version {version}: {error}"));
            assert_eq!(
                document.text().to_string(),
                plain,
                "seed {seed} version {version}"
            );
            let set = ChangeSet::compose_all(&sets).expect("at least one change");
            let mut by_set = before.clone();
            set.apply(&mut by_set);
            assert_eq!(
                by_set,
                *document.text(),
                "seed {seed} version {version}: change set"
            );
            set.invert(&before).apply(&mut by_set);
            assert_eq!(by_set, before, "seed {seed} version {version}: inverse");
            let at = random_offset(&mut rng, &plain);
            let there = position(&plain, at, encoding);
            assert_eq!(
                document.text().position(at, encoding),
                there,
                "seed {seed} version {version}"
            );
            assert_eq!(
                document.text().offset(there, encoding),
                Ok(at),
                "seed {seed} version {version}"
            );
            assert_eq!(
                document.text().line_count(),
                line_starts(&plain).len(),
                "seed {seed}"
            );
        }
    }
}

fn before_splits(text: &str, offset: usize) -> bool {
    text.as_bytes().get(offset) == Some(&b'\n')
        && offset > 0
        && text.as_bytes()[offset - 1] == b'\r'
}

fn at(line: u32, character: u32) -> Range<Position> {
    Position::new(line, character)..Position::new(line, character)
}

fn insert(line: u32, character: u32, text: &str) -> ContentChange {
    ContentChange {
        range: Some(at(line, character)),
        text: text.to_owned(),
    }
}

fn whole(text: &str) -> ContentChange {
    ContentChange {
        range: None,
        text: text.to_owned(),
    }
}

#[track_caller]
fn check_lost(rule: VersionRule, version: i32, change: ContentChange, text: &str) {
    let mut document = Document::open("ab\n", 1, rule);
    let error = document.apply(version, &[change], Encoding::Utf16);
    assert!(error.is_err());
    assert!(document.out_of_step().is_some());
    assert_eq!(document.text().to_string(), text);
    let next = document.version() + 1;
    assert!(
        document
            .apply(next, &[insert(0, 0, "y")], Encoding::Utf16)
            .is_err()
    );
    document
        .apply(next + 1, &[whole("fresh")], Encoding::Utf16)
        .expect("the whole text brings it back in step");
    assert_eq!(document.text().to_string(), "fresh");
    assert_eq!(document.out_of_step(), None);
}

#[test]
fn a_version_gap_loses_step_where_versions_count_by_one() {
    check_lost(VersionRule::Consecutive, 3, insert(0, 0, "x"), "xab\n");
}

#[test]
fn a_version_that_goes_back_loses_step() {
    check_lost(VersionRule::Increasing, 1, insert(0, 0, "x"), "ab\n");
    check_lost(VersionRule::Consecutive, -5, insert(0, 0, "x"), "ab\n");
}

#[test]
fn a_range_past_the_end_loses_step() {
    check_lost(VersionRule::Consecutive, 2, insert(9, 0, "x"), "ab\n");
}

#[test]
fn a_backwards_range_loses_step() {
    let change = ContentChange {
        range: Some(Position::new(1, 0)..Position::new(0, 1)),
        text: String::new(),
    };
    check_lost(VersionRule::Consecutive, 2, change, "ab\n");
}

#[test]
fn jumping_versions_are_fine_where_the_editor_counts_so() {
    let mut document = Document::open("ab\n", 0, VersionRule::Increasing);
    document
        .apply(4, &[insert(0, 2, "c")], Encoding::Utf8)
        .expect("a jump");
    assert_eq!(document.text().to_string(), "abc\n");
}

#[test]
fn a_failed_batch_changes_nothing() {
    let mut document = Document::open("ab\n", 1, VersionRule::Consecutive);
    let batch = [insert(0, 0, "x"), insert(7, 0, "y")];
    assert!(document.apply(2, &batch, Encoding::Utf16).is_err());
    assert_eq!(document.text().to_string(), "ab\n");
}

#[test]
fn a_save_with_the_same_text_proves_that_versions_jump() {
    let mut document = Document::open("ab\n", 1, VersionRule::Consecutive);
    assert!(
        document
            .apply(5, &[insert(0, 0, "x")], Encoding::Utf16)
            .is_err()
    );
    assert!(document.confirm("xab\n"));
    document
        .apply(9, &[insert(0, 0, "y")], Encoding::Utf16)
        .expect("jumps are known by now");
}

#[test]
fn a_save_with_another_text_is_taken_over_when_out_of_step() {
    let mut document = Document::open("ab\n", 1, VersionRule::Consecutive);
    assert!(
        document
            .apply(5, &[insert(0, 0, "x")], Encoding::Utf16)
            .is_err()
    );
    assert!(!document.confirm("other\n"));
    assert_eq!(document.text().to_string(), "other\n");
    assert_eq!(document.out_of_step(), None);
}

#[test]
fn many_changes_in_one_notification_cost_no_square() {
    let mut document = Document::open("", 0, VersionRule::Consecutive);
    let changes: Vec<_> = (0..20_000).map(|_| insert(0, 0, "x")).collect();
    document
        .apply(1, &changes, Encoding::Utf16)
        .expect("all of them");
    assert_eq!(document.text().len(), 20_000);
}
