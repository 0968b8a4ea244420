//! The streamed diff: whatever the texts are and however the new one is cut, the splices lead to it.

use diff::{Splice, StreamingDiff, hunks, refine};

use super::{Input, pieces};

/// Lines for texts that the input spells with one byte a line; many alike, as code is.
const LINES: [&str; 32] = [
    "\n",
    "}\n",
    "    }\n",
    "fn main() {\n",
    "    let total = compute(items, 3);\n",
    "    let total = compute(items, 4);\n",
    "    let größe = \"🦀🦀\";\n",
    "    let größe = \"🦀é\";\n",
    "日本語の行\n",
    "日木語の行 🦀\n",
    "a\n",
    "ab\n",
    "abc\n",
    "a\r\n",
    "}\r\n",
    "\r\n",
    "\r",
    "x\r\r\n",
    "trailing blanks   \n",
    "    return total;\n",
    "    return total + 1;\n",
    "e\u{301}\u{301}\n",
    "if ready {\n",
    "} else {\n",
    "\tindented\n",
    "fn a(x: u32) -> u32 {\n",
    "fn b(x: u32) -> u32 {\n",
    "    x + 1\n",
    "    y + 1\n",
    "/// Says it.\n",
    "🦀",
    "a",
];

/// Finished: the new text, and hunks that lead from old to new. Interrupted: complete lines and the old rest.
/// At every moment: new text, at most a line break of ours, old rest. All of it the same under any cuts.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, seed, stop) = (input.byte(), input.byte().max(2), input.byte());
    let (old, new) = match kind % 3 {
        0 => (input.text(), input.rest_text()),
        1 => (spelled(input.field()), spelled(input.rest())),
        _ => {
            let old = spelled(input.field());
            let new = rewritten(&old, &mut input);
            (old, new)
        }
    };
    for seed in [0, 1, seed] {
        let (shown, consumed) = stream(&old, &new, pieces(&new, seed), StreamingDiff::finish);
        assert_eq!(shown, new, "finished");
        assert_eq!(consumed, old.len(), "all of the old text is consumed");
    }
    lead(&old, &new);

    let mut stop = usize::from(stop) * (new.len() + 1) / 256;
    while !new.is_char_boundary(stop) {
        stop += 1;
    }
    let came = &new[..stop];
    let whole = stream(&old, &new, pieces(came, 0), StreamingDiff::interrupt);
    let complete = came.rfind('\n').map_or(0, |end| end + 1);
    let expect = format!("{}{}", &new[..complete], &old[whole.1..]);
    assert_eq!(whole.0, expect, "interrupted");
    for seed in [1, seed] {
        let cut = stream(&old, &new, pieces(came, seed), StreamingDiff::interrupt);
        assert_eq!(cut, whole, "interrupted, cut by seed {seed}");
    }
}

fn spelled(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| LINES[usize::from(*byte) % LINES.len()])
        .collect()
}

/// What becomes of each old line, by the input.
fn rewritten(old: &str, input: &mut Input<'_>) -> String {
    let mut new = String::new();
    for line in old.split_inclusive('\n') {
        match input.below(16) {
            0 => {}
            1 => {
                new.push_str(LINES[input.below(LINES.len())]);
                new.push_str(line);
            }
            2 => new.push_str(&line.replacen(['a', '本', '1'], "b", 1)),
            3 => {
                new.push_str("    ");
                new.push_str(line);
            }
            4 => new.push_str(&line.replace('\n', "\r\n")),
            5 => new.push_str(line.trim_end_matches('\n')),
            6 => {
                new.push_str(line);
                new.push_str(line);
            }
            7 => new.push_str(LINES[input.below(LINES.len())]),
            _ => new.push_str(line),
        }
    }
    new.push_str(&spelled(input.rest()));
    new
}

/// Streams pieces of `new` over `old`; gives the shown text and how much of the old one is consumed.
fn stream(
    old: &str,
    new: &str,
    pieces: Vec<&str>,
    end: impl Fn(&mut StreamingDiff, &mut Vec<Splice>),
) -> (String, usize) {
    let mut shown = old.to_owned();
    let mut diff = StreamingDiff::new(old);
    let mut out = Vec::new();
    let mut came = 0;
    for piece in pieces {
        out.clear();
        diff.push(piece, &mut out);
        apply(&mut shown, &out);
        came += piece.len();
        assert!(diff.new_len() <= came, "more is shown than came");
        assert!(
            shown.starts_with(&new[..diff.new_len()]),
            "not the new text so far: {shown:?}"
        );
        let between = &shown[diff.new_len()..diff.old_rest_at()];
        assert!(
            ["", "\n", "\r\n"].contains(&between),
            "between new and old: {between:?}"
        );
        assert_eq!(shown[diff.old_rest_at()..], old[diff.consumed_old()..]);
    }
    out.clear();
    end(&mut diff, &mut out);
    apply(&mut shown, &out);
    (shown, diff.consumed_old())
}

fn splits(text: &str, at: usize) -> bool {
    !text.is_char_boundary(at) || (text[..at].ends_with('\r') && text[at..].starts_with('\n'))
}

fn apply(shown: &mut String, splices: &[Splice]) {
    for splice in splices {
        assert!(
            splice.delete > 0 || !splice.insert.is_empty(),
            "says nothing"
        );
        for at in [splice.at, splice.at + splice.delete] {
            assert!(!splits(shown, at), "{splice:?} splits in {shown:?}");
        }
        splice.apply(shown);
    }
}

/// The hunks, and the finer ranges inside each, lead from old to new.
fn lead(old: &str, new: &str) {
    let (mut built, mut at) = (String::new(), 0);
    let (mut finer, mut new_at) = (String::new(), 0);
    for hunk in hunks(old, new) {
        assert!(
            hunk.old.start >= at && (at == 0 || hunk.old.start > at),
            "they touch"
        );
        assert_eq!(old[at..hunk.old.start], new[new_at..hunk.new.start]);
        let lines = |text: &str| text.split_inclusive('\n').count() as u32;
        let old_lines = lines(&old[..hunk.old.start])..lines(&old[..hunk.old.end]);
        let new_lines = lines(&new[..hunk.new.start])..lines(&new[..hunk.new.end]);
        assert_eq!((old_lines, new_lines), (hunk.old_lines, hunk.new_lines));
        built.push_str(&old[at..hunk.old.start]);
        finer.push_str(&old[at..hunk.old.start]);
        built.push_str(&new[hunk.new.clone()]);
        finer.push_str(&refined(&old[hunk.old.clone()], &new[hunk.new.clone()]));
        (at, new_at) = (hunk.old.end, hunk.new.end);
    }
    built.push_str(&old[at..]);
    finer.push_str(&old[at..]);
    assert_eq!(built, new, "hunks");
    assert_eq!(finer, new, "refined hunks");
}

fn refined(old: &str, new: &str) -> String {
    let (mut built, mut at, mut new_at) = (String::new(), 0, 0);
    for (before, after) in refine(old, new) {
        for at in [before.start, before.end] {
            assert!(!splits(old, at), "{at} splits {old:?}");
        }
        for at in [after.start, after.end] {
            assert!(!splits(new, at), "{at} splits {new:?}");
        }
        assert_eq!(old[at..before.start], new[new_at..after.start]);
        built.push_str(&old[at..before.start]);
        built.push_str(&new[after.clone()]);
        (at, new_at) = (before.end, after.end);
    }
    built.push_str(&old[at..]);
    built
}
