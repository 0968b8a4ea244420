//! Random texts, edits and chunkings: the shown text ends as the new text, whatever way it came.
//! What single situations should look like is in `situations.rs`.

use diff::{Splice, StreamingDiff, hunks, refine};

const LINES: &[&str] = &[
    "",
    "",
    "}",
    "    }",
    "        }",
    "fn main() {",
    "    let total = compute(items, 3);",
    "    let total = compute(items, 4);",
    "\tindented with a tab",
    "    let größe = \"🦀🦀\";",
    "    let größe = \"🦀é\";",
    "日本語の行",
    "日木語の行 🦀",
    "日木語の行 🦁",
    "a",
    "ab",
    "abc",
    "trailing blanks   ",
    "    return total;",
    "    return total + 1;",
    "e\u{301}\u{301}",
    "lone\rreturn",
    "\r",
    "x\r\r",
    "if ready {",
    "} else {",
    "🦀",
];

struct Setting {
    seed: u64,
    iterations: u64,
}

fn setting() -> Setting {
    let read = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
    };
    Setting {
        seed: read("SEED").unwrap_or(20_261_121),
        iterations: read("ITERATIONS").unwrap_or(1_000),
    }
}

fn random_line(rng: &mut fastrand::Rng) -> String {
    let mut line = if rng.u8(..) < 200 {
        rng.choice(LINES).map_or("", |line| line).to_owned()
    } else {
        format!("fresh line {}", rng.u16(..))
    };
    if rng.u8(..) < 4 {
        line = line.repeat(rng.usize(1..200));
    }
    line
}

fn random_text(rng: &mut fastrand::Rng) -> String {
    // Long texts reach beyond the lines that a growing line is compared with.
    let most = if rng.u8(0..10) == 0 { 200 } else { 25 };
    let count = rng.usize(0..most);
    let mut text = String::new();
    let crlf = rng.u8(0..4);
    for _ in 0..count {
        text.push_str(&random_line(rng));
        text.push_str(if crlf == 0 || (crlf == 1 && rng.bool()) {
            "\r\n"
        } else {
            "\n"
        });
    }
    if rng.bool() {
        text.push_str(&random_line(rng));
    }
    text
}

/// A text that has much in common with `old`.
fn random_rewrite(old: &str, rng: &mut fastrand::Rng) -> String {
    let mut new = String::new();
    let mut lines = old.split_inclusive('\n').collect::<Vec<_>>();
    if rng.u8(0..6) == 0 && lines.len() > 2 {
        let at = rng.usize(1..lines.len());
        lines.rotate_left(at);
        lines.retain(|_| rng.u8(0..20) != 0);
    }
    for line in lines {
        match rng.u8(0..12) {
            0 => {}
            1 => {
                new.push_str(&random_line(rng));
                new.push('\n');
                new.push_str(line);
            }
            2 if rng.bool() => new.push_str(&line.replace('本', "木").replace('🦀', "🦁")),
            2 => new.push_str(&line.replacen('a', "changed", 1)),
            3 => {
                new.push_str("    ");
                new.push_str(line);
            }
            4 => new.push_str(&line.replace('\n', "\r\n")),
            _ => new.push_str(line),
        }
    }
    if rng.u8(0..8) == 0 {
        new.push_str(&random_line(rng));
    }
    new
}

fn pieces<'a>(text: &'a str, rng: &mut fastrand::Rng) -> Vec<&'a str> {
    let longest = [1, 4, 20, 1000][rng.usize(0..4)];
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let mut len = rng.usize(1..=longest).min(rest.len());
        while !rest.is_char_boundary(len) {
            len += 1;
        }
        pieces.push(&rest[..len]);
        rest = &rest[len..];
    }
    pieces
}

/// Applies splices, and refuses any that splits a `\r\n` or does nothing.
fn apply(shown: &mut String, splices: &[Splice]) {
    for splice in splices {
        for at in [splice.at, splice.at + splice.delete] {
            let splits = at > 0
                && shown.as_bytes()[at - 1] == b'\r'
                && shown.as_bytes().get(at) == Some(&b'\n');
            assert!(!splits, "{splice:?} splits a line end of {shown:?}");
        }
        assert!(
            splice.delete > 0 || !splice.insert.is_empty(),
            "an empty splice"
        );
        splice.apply(shown);
    }
}

/// Streams `new` in pieces; stops after `stop` bytes if given. Returns the shown text and the bytes consumed.
fn stream(old: &str, new: &str, stop: Option<usize>, rng: &mut fastrand::Rng) -> (String, usize) {
    let mut shown = old.to_owned();
    let mut diff = StreamingDiff::new(old);
    let mut out = Vec::new();
    let received = &new[..stop.unwrap_or(new.len())];
    let mut so_far = 0;
    for piece in pieces(received, rng) {
        out.clear();
        diff.push(piece, &mut out);
        apply(&mut shown, &out);
        so_far += piece.len();
        assert!(diff.new_len() <= so_far);
        assert!(
            shown.starts_with(&new[..diff.new_len()]),
            "shown text is not the new text so far: {shown:?}"
        );
        assert!(
            ["", "\n", "\r\n"].contains(&&shown[diff.new_len()..diff.old_rest_at()]),
            "something foreign stands between new and old: {shown:?}"
        );
        assert_eq!(shown[diff.old_rest_at()..], old[diff.consumed_old()..]);
    }
    out.clear();
    match stop {
        None => diff.finish(&mut out),
        Some(_) => diff.interrupt(&mut out),
    }
    apply(&mut shown, &out);
    (shown, diff.consumed_old())
}

fn repeat(name: &str, one: impl Fn(&mut fastrand::Rng)) {
    let Setting { seed, iterations } = setting();
    for iteration in 0..iterations {
        let seed = seed + iteration;
        let run = std::panic::AssertUnwindSafe(|| one(&mut fastrand::Rng::with_seed(seed)));
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("{name} failed; repeat with SEED={seed} ITERATIONS=1");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn a_finished_stream_shows_the_new_text_under_any_chunking() {
    repeat("finish", |rng| {
        let old = random_text(rng);
        let new = if rng.u8(0..5) == 0 {
            random_text(rng)
        } else {
            random_rewrite(&old, rng)
        };
        let (shown, consumed) = stream(&old, &new, None, rng);
        assert_eq!(shown, new, "old: {old:?}");
        assert_eq!(consumed, old.len());
    });
}

#[test]
fn an_interrupted_stream_keeps_complete_lines_and_the_old_rest_under_any_chunking() {
    repeat("interrupt", |rng| {
        let old = random_text(rng);
        let new = random_rewrite(&old, rng);
        let mut stop = rng.usize(0..=new.len());
        while !new.is_char_boundary(stop) {
            stop += 1;
        }
        let (shown, consumed) = stream(&old, &new, Some(stop), rng);
        let complete = new[..stop].rfind('\n').map_or(0, |end| end + 1);
        assert_eq!(
            shown,
            format!("{}{}", &new[..complete], &old[consumed..]),
            "old: {old:?}, new: {new:?}, stop: {stop}"
        );
        let again = stream(&old, &new, Some(stop), rng);
        assert_eq!(
            again,
            (shown, consumed),
            "another chunking ends elsewhere; old: {old:?}, new: {new:?}, stop: {stop}"
        );
    });
}

#[test]
fn hunks_cover_exactly_what_differs() {
    repeat("hunks", |rng| {
        let old = random_text(rng);
        let new = random_rewrite(&old, rng);
        let (mut built, mut old_at, mut new_at) = (String::new(), 0, 0);
        for hunk in hunks(&old, &new) {
            assert_eq!(old[old_at..hunk.old.start], new[new_at..hunk.new.start]);
            assert!(built.is_empty() || hunk.old.start > old_at, "hunks touch");
            let lines = |text: &str| text.split_inclusive('\n').count() as u32;
            assert_eq!(
                lines(&old[..hunk.old.start])..lines(&old[..hunk.old.end]),
                hunk.old_lines
            );
            assert_eq!(
                lines(&new[..hunk.new.start])..lines(&new[..hunk.new.end]),
                hunk.new_lines
            );
            built.push_str(&old[old_at..hunk.old.start]);
            built.push_str(&new[hunk.new.clone()]);
            (old_at, new_at) = (hunk.old.end, hunk.new.end);
        }
        built.push_str(&old[old_at..]);
        assert_eq!(built, new);
    });
}

#[test]
fn refined_ranges_rebuild_the_new_text_and_split_nothing() {
    repeat("refine", |rng| {
        let old = random_text(rng);
        let new = random_rewrite(&old, rng);
        let splits = |text: &str, at: usize| {
            !text.is_char_boundary(at)
                || (text[..at].ends_with('\r') && text[at..].starts_with('\n'))
        };
        let (mut built, mut old_at, mut new_at) = (String::new(), 0, 0);
        for (before, after) in refine(&old, &new) {
            assert!(
                ![before.start, before.end]
                    .iter()
                    .any(|&at| splits(&old, at))
            );
            assert!(![after.start, after.end].iter().any(|&at| splits(&new, at)));
            assert_eq!(old[old_at..before.start], new[new_at..after.start]);
            built.push_str(&old[old_at..before.start]);
            built.push_str(&new[after.clone()]);
            (old_at, new_at) = (before.end, after.end);
        }
        built.push_str(&old[old_at..]);
        assert_eq!(built, new);
    });
}
