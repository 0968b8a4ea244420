//! The vocabulary of a session: words of the base in lower case, words of the model in upper case, tokens of the
//! person with digits in brackets, so that a text's characters tell whose they are. Documents made of them, and
//! what a model makes of a region. Nothing here knows editors or the server.

use std::collections::BTreeSet;

use fastrand::Rng;

/// How many letters every word has: two words are never parts of each other.
const LETTERS: usize = 5;

/// Gives words that no two of a session share.
#[derive(Debug)]
pub(super) struct Words {
    next: u32,
}

impl Words {
    pub(super) fn new(rng: &mut Rng) -> Words {
        Words {
            next: rng.u32(..200_000),
        }
    }

    pub(super) fn lower(&mut self) -> String {
        self.next = (self.next + 1) % 200_000;
        let mut rest = (u64::from(self.next) * 77_773 % 200_000) as usize;
        let mut word = String::with_capacity(LETTERS);
        for place in 0..LETTERS {
            let letters: &[u8] = match place % 2 {
                0 => b"bcdfghjklmnpqrstvwxz",
                _ => b"aeiou",
            };
            word.push(char::from(letters[rest % letters.len()]));
            rest /= letters.len();
        }
        word
    }

    pub(super) fn upper(&mut self) -> String {
        self.lower().to_uppercase()
    }
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flavour {
    pub(super) extension: &'static str,
    pub(super) language: &'static str,
    comment: &'static str,
    end: &'static str,
}

const FLAVOURS: [Flavour; 9] = [
    flavour("rs", "rust", "//", ";"),
    flavour("py", "python", "#", ""),
    flavour("ts", "typescript", "//", ";"),
    flavour("go", "go", "//", ""),
    flavour("lua", "lua", "--", ""),
    flavour("toml", "toml", "#", ""),
    flavour("c", "c", "//", ";"),
    flavour("md", "markdown", "-", ""),
    flavour("txt", "plaintext", "*", ""),
];

const fn flavour(
    extension: &'static str,
    language: &'static str,
    comment: &'static str,
    end: &'static str,
) -> Flavour {
    Flavour {
        extension,
        language,
        comment,
        end,
    }
}

impl Flavour {
    pub(super) fn random(rng: &mut Rng) -> Flavour {
        FLAVOURS[rng.usize(..FLAVOURS.len())]
    }

    /// One line without indentation and without its end.
    fn line(&self, rng: &mut Rng, mut word: impl FnMut() -> String) -> String {
        let mut line = match rng.u8(..9) {
            0 => format!("{} {} {}", self.comment, word(), word()),
            1 => format!("{}({}, {}){}", word(), word(), word(), self.end),
            2 => format!("{} = \"{}\"{}", word(), word(), self.end),
            3 => format!("if {} {{", word()),
            4 => format!("{} {} {} {}", word(), word(), word(), word()),
            _ => format!("{} = {} + {}{}", word(), word(), word(), self.end),
        };
        if rng.u8(..6) == 0 {
            line += [" 🦀", " é", " 漢字", " 👩‍💻", " e\u{301}", " \"𝄞\""][rng.usize(..6)];
        }
        if rng.u8(..14) == 0 {
            line += "  ";
        }
        line
    }
}

/// A fresh document.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) flavour: Flavour,
    /// How its lines end.
    pub(super) eol: &'static str,
}

impl Draft {
    /// Of 1 to 20 lines. `whole_lines`: every line ends, for editors that keep no other files.
    pub(super) fn random(rng: &mut Rng, words: &mut Words, whole_lines: bool) -> Draft {
        let flavour = Flavour::random(rng);
        let mut eol = ["\n", "\n", "\r\n"][rng.usize(..3)];
        let most = [4, 10, 20][rng.usize(..3)];
        let count = rng.usize(1..=most);
        let mut lines = Vec::new();
        let mut depth = 0_usize;
        for _ in 0..count {
            depth = (depth + rng.usize(..3)).saturating_sub(1).min(3);
            lines.push(match rng.u8(..14) {
                0 => String::new(),
                1 => "}".to_owned(),
                2 => format!("{}do x{}", "    ".repeat(depth), flavour.end),
                _ => "    ".repeat(depth) + &flavour.line(rng, || words.lower()),
            });
        }
        if lines.iter().all(|line| line.trim().is_empty()) {
            lines[0] = flavour.line(rng, || words.lower());
        }
        let mut text = lines.join(eol);
        if whole_lines || rng.u8(..5) > 0 {
            text += eol;
        }
        if rng.u8(..30) == 0 {
            text.insert(0, '\u{feff}');
        }
        if !text.contains('\n') {
            eol = "\n";
        }
        Draft { text, flavour, eol }
    }
}

/// What the model makes of a region: some lines stay, some change, some go, new ones come. Lines with tokens of the
/// person stay as they are, so that whatever is decided, each token stands once.
pub(super) fn rewritten(
    base: &str,
    draft: &Draft,
    words: &mut Words,
    rng: &mut Rng,
    fierce: bool,
) -> String {
    let eol = draft.eol;
    let ends = base.ends_with('\n');
    let body = base.strip_suffix(eol).unwrap_or(base);
    let mut lines: Vec<String> = Vec::new();
    let indent_of = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
    for line in body.split(eol) {
        let indent = indent_of(line);
        let fresh = |words: &mut Words, rng: &mut Rng| {
            indent.clone() + &draft.flavour.line(rng, || words.upper())
        };
        if line.contains(OPEN) {
            lines.push(line.to_owned());
            continue;
        }
        match rng.u8(..if fierce { 13 } else { 20 }) {
            0 => lines.push(String::new()),
            1 | 2 => {}
            3 | 4 => lines.extend([fresh(words, rng), line.to_owned()]),
            5 | 6 => lines.push(fresh(words, rng)),
            7..=10 => lines.push(with_other_words(line, words, rng)),
            _ => lines.push(line.to_owned()),
        }
    }
    if rng.u8(..6) == 0 {
        lines.push(draft.flavour.line(rng, || words.upper()));
    }
    if lines.iter().all(|line| line.trim().is_empty()) {
        lines.push(draft.flavour.line(rng, || words.upper()));
    }
    // A first line that has lost its indentation is given it back; whether it was lost is a guess, so there is none.
    let first = |lines: &[String]| {
        let mut full = lines.iter().position(|line| !line.trim().is_empty());
        full.take().unwrap_or(0)
    };
    let old = body.split(eol).find(|line| !line.trim().is_empty());
    let at = first(&lines);
    if let Some(old) = old
        && !indent_of(old).is_empty()
        && indent_of(&lines[at]).is_empty()
    {
        lines[at].insert_str(0, &indent_of(old));
    }
    // Line breaks at the end of an answer are dropped where the region has none.
    while !ends && lines.len() > 1 && lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let mut target = lines.join(eol);
    if ends {
        target += eol;
    }
    target
}

fn with_other_words(line: &str, words: &mut Words, rng: &mut Rng) -> String {
    let mut line = line.to_owned();
    let mut spans = word_spans(&line);
    rng.shuffle(&mut spans);
    spans.truncate(1 + rng.usize(..2));
    spans.sort_unstable();
    for start in spans.into_iter().rev() {
        line.replace_range(start..start + LETTERS, &words.upper());
    }
    line
}

/// Where the words of a text begin, in bytes. A deletion may have joined some.
pub(super) fn word_spans(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let case = |byte: &u8| (byte.is_ascii_lowercase(), byte.is_ascii_uppercase());
        while bytes
            .get(at)
            .is_some_and(|it| it.is_ascii_alphabetic() && case(it) == case(&bytes[start]))
        {
            at += 1;
        }
        if at == start {
            at += 1;
        } else if (at - start).is_multiple_of(LETTERS) {
            spans.extend((start..at).step_by(LETTERS));
        }
    }
    spans
}

/// Whether a run of letters is one of our words.
pub(super) fn is_word(run: &str) -> bool {
    run.len() == LETTERS && word_spans(run).len() == 1
}

/// The words of a text in order.
pub(super) fn words_of(text: &str) -> Vec<&str> {
    let spans = word_spans(text).into_iter();
    spans.map(|start| &text[start..start + LETTERS]).collect()
}

/// Those words of a text that are known, in order: also where others have come to stand against them, and where white
/// space has come into them.
pub(super) fn known_words_of<'a>(text: &str, known: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let word = text.get(at..at + LETTERS).and_then(|it| known.get(it));
        words.extend(word);
        at += word.map_or(1, |it| it.len());
    }
    words
}

pub(super) const OPEN: char = '⟨';
pub(super) const CLOSE: char = '⟩';

/// What the person types for a number.
pub(super) fn token(number: u32) -> String {
    format!("{OPEN}{number}{CLOSE}")
}

/// The tokens of a text in order. What is no whole token counts as number `u32::MAX`.
pub(super) fn tokens_of(text: &str) -> Vec<u32> {
    let parts = text.split(OPEN).skip(1);
    parts
        .map(|part| part.split_once(CLOSE).map_or("", |(number, _)| number))
        .map(|number| number.parse().unwrap_or(u32::MAX))
        .collect()
}

/// Stands for a token that was typed with a line end, while texts are compared.
const MARK: char = '\u{1}';

/// Whether a text without its tokens is another, but for where it is parted into lines, as far as line breaks were typed in
/// it: of one typed beside an edit of a line break that is yet to be refused, either may be the user's.
pub(super) fn is_same_in_lines(text: &str, other: &str, lined: &BTreeSet<u32>) -> bool {
    let typed = tokens_of(text);
    let typed = typed.iter().filter(|it| lined.contains(it)).count();
    let letters = |text: &str| text.replace(['\r', '\n'], "");
    let breaks = |text: &str| text.matches('\n').count();
    let bare = stripped(text, &BTreeSet::new());
    bare.is_ok_and(|it| {
        let had = breaks(other);
        letters(&it) == letters(other) && breaks(&it).abs_diff(had) <= typed
    })
}

/// The text without tokens; one in `lined` takes a line end beside it along, beside tokens that stand there too. At
/// an edge of the text its line end may lie beyond.
///
/// # Errors
/// Where a line end that was typed with a token does not stand beside it: what does.
pub(super) fn stripped(text: &str, lined: &BTreeSet<u32>) -> Result<String, String> {
    stripped_of(text, lined, |_| true)
}

/// As [`stripped`], of some tokens only.
///
/// # Errors
/// As [`stripped`].
pub(super) fn stripped_of(
    text: &str,
    lined: &BTreeSet<u32>,
    which: impl Fn(u32) -> bool,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        out.push_str(&rest[..at]);
        let torn = || format!("half a token in {text:?}");
        let (number, behind) = rest[at + OPEN.len_utf8()..]
            .split_once(CLOSE)
            .ok_or_else(torn)?;
        let number: u32 = number.parse().map_err(|_| torn())?;
        if !which(number) {
            out += &token(number);
        } else if lined.contains(&number) {
            out.push(MARK);
        }
        rest = behind;
    }
    out.push_str(rest);
    while let Some(at) = out.find(MARK) {
        let (before, behind) = (&out[..at], &out[at..]);
        let (head, tail) = (before, behind.trim_start_matches(MARK));
        if let Some(eol) = ["\r\n", "\n"].into_iter().find(|eol| tail.starts_with(eol)) {
            let end = out.len() - tail.len();
            out.replace_range(end..end + eol.len(), "");
        } else if let Some(eol) = ["\r\n", "\n"].into_iter().find(|eol| head.ends_with(eol)) {
            out.replace_range(at - eol.len()..at, "");
            out.remove(at - eol.len());
            continue;
        } else if !head.is_empty() && !tail.is_empty() {
            return Err(format!("a token has lost its line end in {text:?}"));
        }
        out.remove(at);
    }
    Ok(out)
}

/// The tokens that stand within a word, with the line ends that were typed with some.
pub(super) fn parting_tokens(text: &str) -> BTreeSet<u32> {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let gaps = text.split(OPEN).zip(text.split(OPEN).skip(1));
    let gaps = gaps.filter_map(|(before, token)| {
        let before = before.rsplit(CLOSE).next().unwrap_or_default();
        let (number, behind) = token.split_once(CLOSE)?;
        let after = ["\r\n", "\n"]
            .into_iter()
            .find_map(|eol| behind.strip_prefix(eol));
        let ahead = ["\r\n", "\n"]
            .into_iter()
            .find_map(|eol| before.strip_suffix(eol));
        let parts = |before: &str, behind: &str| {
            letter(before.chars().next_back()) && letter(behind.chars().next())
        };
        let parts = parts(before, after.unwrap_or(behind))
            || ahead.is_some_and(|before| parts(before, behind));
        number.parse().ok().filter(|_| parts)
    });
    gaps.collect()
}

/// Takes the first `what` out of a text.
pub(super) fn without(mut text: String, what: &str) -> String {
    if let Some(at) = text.find(what) {
        text.replace_range(at..at + what.len(), "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ() {
        let mut words = Words::new(&mut Rng::with_seed(1));
        let all: BTreeSet<String> = (0..5_000).map(|_| words.lower()).collect();
        assert_eq!(all.len(), 5_000);
        assert!(all.iter().all(|word| is_word(word)));
    }

    #[test]
    fn known_words_are_found_where_they_touch_others() {
        let known = BTreeSet::from(["mosos", "diqid"]);
        assert_eq!(
            known_words_of("mo\nsos = é diqidif", &known),
            ["mosos", "diqid"]
        );
        assert!(known_words_of("mos os-", &BTreeSet::from(["posos"])).is_empty());
    }

    #[test]
    fn tokens_go_with_their_line_ends() {
        let lined = BTreeSet::from([2, 3]);
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(stripped(text, &lined).ok().as_deref(), expected);
        };
        check("a⟨1⟩b\n⟨2⟩\nc", Some("ab\nc"));
        check("a\r\n⟨3⟩", Some("a"));
        check("a⟨2⟩⟨1⟩⟨3⟩\r\n⟨4⟩\r\nb", Some("ab"));
        check("a⟨2⟩b", None);
        assert_eq!(tokens_of("a⟨1⟩⟨22⟩ ⟨"), [1, 22, u32::MAX]);
    }

    #[test]
    fn tokens_within_a_word_are_known() {
        let check = |text: &str, expected: &[u32]| {
            assert_eq!(parting_tokens(text), expected.iter().copied().collect());
        };
        check("ab⟨1⟩cd ⟨2⟩ef ⟨", &[1]);
        check("a⟨3⟩\r\nb = ⟨4⟩", &[3]);
        check("a\n⟨3⟩b", &[3]);
        check("a⟨3⟩\n\nb", &[]);
        check("⟨3⟩a", &[]);
    }
}
