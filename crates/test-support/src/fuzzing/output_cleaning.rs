//! The cleaner: any answer under any cuts, and code that it must leave as it is.

use prompt::{Cleaner, LineEnding, Shape, Unusable};
use syntax::Language;

use super::{Input, pieces};

const ENDINGS: [LineEnding; 3] = [LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr];

/// Any answer: the same result under any cuts, nothing given before a refusal. Code: as it was, but for line breaks
/// and the final one.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, seed, language) = (input.byte(), input.byte().max(2), input.byte());
    let ending = ENDINGS[usize::from(kind >> 1) % 3];
    let base = input.text();
    let answer = input.rest_text();
    let language = Language::ALL.get(usize::from(language)).copied();
    let shape = Shape::of(&base, ending).in_language(language);
    let _ = any_cuts(&shape, &answer, seed);
    if kind & 1 == 1 {
        let crlf = ending == LineEnding::CrLf;
        plain_code(&answer, crlf, kind & 128 != 0, seed);
    }
}

fn clean(shape: &Shape, answer: &str, seed: u8) -> Result<String, Unusable> {
    let mut cleaner = Cleaner::new(shape.clone());
    let given: String = pieces(answer, seed)
        .into_iter()
        .map(|piece| cleaner.push(piece))
        .collect();
    let tail = cleaner.finish().inspect_err(|_| assert_eq!(given, ""))?;
    Ok(given + &tail)
}

fn any_cuts(shape: &Shape, answer: &str, seed: u8) -> Result<String, Unusable> {
    let whole = clean(shape, answer, 0);
    for seed in [1, seed] {
        assert_eq!(clean(shape, answer, seed), whole, "cut by seed {seed}");
    }
    if let Ok(text) = &whole {
        assert!(!text.trim().is_empty(), "white space is no code");
    }
    whole
}

/// An answer that begins as code, without region tags, for a text without indentation: only line breaks change.
fn plain_code(answer: &str, crlf: bool, ends: bool, seed: u8) {
    if answer.contains("region>") {
        return;
    }
    let (line_break, ending) = if crlf {
        ("\r\n", LineEnding::CrLf)
    } else {
        ("\n", LineEnding::Lf)
    };
    let base = format!(
        "y = 1;{line_break}z = 2;{}",
        if ends { line_break } else { "" }
    );
    let answer = format!("x = 2;\n{answer}");
    let mut expect = answer.replace("\r\n", "\n");
    if ends {
        if !expect.ends_with(['\n', '\r']) {
            expect.push('\n');
        }
    } else {
        expect.truncate(expect.trim_end_matches(['\n', '\r']).len());
    }
    // A lone `\r` is no line break that a model means.
    let expect = expect.replace('\n', line_break);
    let shape = Shape::of(&base, ending);
    assert_eq!(any_cuts(&shape, &answer, seed), Ok(expect));
}
