//! What looks like a secret: keys in the forms that their makers give them, tokens, passwords in
//! addresses and beside names that say so, and private keys.
//!
//! Rather too much than too little: what is masked in vain comes back with the answer all the same.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Shorter ones have no stand-in that cannot be anything else.
const LEAST: usize = 6;

/// A longer word is not looked into.
const LONG: usize = 1_000;

/// Words of other people's services, which are keys by their form alone, wherever they begin.
const BY_FORM: &str = r"(?x)
    (?:
        sk-[A-Za-z0-9_-]{10,}
      | (?:AKIA|ASIA)[0-9A-Z]{16}
      | gh[pousr]_[A-Za-z0-9]{20,}
      | github_pat_[A-Za-z0-9_]{20,}
      | glpat-[A-Za-z0-9_-]{16,}
      | xox[abeprs]-[A-Za-z0-9-]{10,}
      | AIza[0-9A-Za-z_-]{30,}
      | ya29\.[0-9A-Za-z_-]{20,}
      | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}
      | whsec_[A-Za-z0-9]{16,}
      | npm_[A-Za-z0-9]{30,}
      | pypi-[A-Za-z0-9_-]{30,}
      | hf_[A-Za-z0-9]{20,}
      | gsk_[A-Za-z0-9]{20,}
      | xai-[A-Za-z0-9]{20,}
      | csk-[A-Za-z0-9]{20,}
      | dop_v1_[a-f0-9]{40,}
      | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
      | eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*
    )";

/// `scheme://name:password@host`
const IN_ADDRESS: &str = r#"://[^\s:/@"'`<>]{0,64}:([^\s@/"'`<>]{6,})@"#;

const IN_HEADER: &str = r"(?i)(?-u:\b)(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{16,})";

/// A name that says so, perhaps a type, and a text.
const BESIDE_NAME: &str = r#"(?imx)
    ( passw(?:or)?d | pwd | passphrase | secret | credential
    | token | api[_-]?key | access[_-]?key | private[_-]?key | auth[_-]?key | encryption[_-]?key | signing[_-]?key | account[_-]?key )
    [a-z0-9_-]{0,32} ["'`]? \s{0,8} (?: is \s{0,8} )?
    (?: : \s{0,8} [a-z&*<>\[\]'_:\ ]{1,32} )?
    (?: := | => | = | : | , ) \s{0,8}
    (?: [bruf@]{0,2} ["'`] ([^"'`\s]{6,}) (?: ["'`] | $ )
      | ([A-Za-z0-9+/=_.~-]{16,}) (?: [\s;,] | $ ) )"#;

const PRIVATE_KEY: &str = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----";
const END: &str = "-----END";

/// A private key has no more lines than this.
const KEY_LINES: usize = 400;

fn regex(words: &str) -> Option<Regex> {
    Regex::new(words).ok()
}

static RULES: LazyLock<[Option<Regex>; 5]> =
    LazyLock::new(|| [BY_FORM, IN_ADDRESS, IN_HEADER, BESIDE_NAME, PRIVATE_KEY].map(regex));

/// Where secrets stand, in order and apart. Costs the length of the text.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let [by_form, in_address, in_header, beside_name, private_key] = &*RULES;
    for rule in by_form.iter() {
        let mut from = 0;
        while let Some(word) = rule.find_at(text, from) {
            let is_long = word.len() > LONG;
            let is_key = has_digit(word.as_str()) && (is_long || begins_there(text, word.start()));
            // Inside of what is none there may be one.
            from = if is_key || is_long {
                word.end()
            } else {
                word.start() + 1
            };
            found.extend(is_key.then(|| word.range()));
        }
    }
    for rule in in_address.iter().chain(in_header) {
        let words = rule.captures_iter(text).filter_map(|it| it.get(1));
        found.extend(
            words
                .filter(|it| is_value(it.as_str()))
                .map(|it| it.range()),
        );
    }
    for rule in beside_name.iter() {
        for captures in rule.captures_iter(text) {
            let name = captures.get(1).map_or("", |it| it.as_str());
            let quoted = captures
                .get(2)
                .filter(|it| may_be_beside(name, it.as_str()));
            let bare = captures.get(3).filter(|it| is_bare(it.as_str()));
            found.extend(quoted.or(bare).map(|it| it.range()));
        }
    }
    for rule in private_key.iter() {
        for head in rule.find_iter(text) {
            lines_of_key(text, head.end(), &mut found);
        }
    }
    found.retain(|it| it.len() >= LEAST);
    apart(found)
}

/// In order, and what overlaps as one.
pub(super) fn apart(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_by_key(|it| (it.start, it.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for place in found {
        match apart.last_mut().filter(|last| place.start < last.end) {
            Some(last) => last.end = last.end.max(place.end),
            None => apart.push(place),
        }
    }
    apart
}

/// Whether a word begins here: `disk-2025-01-01` is no key because of its `sk-`. Letters of other scripts, digits, `_`,
/// and what an escape such as `\n`, `\x20` or `%20` ends with may stand before one.
fn begins_there(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let Some(last) = before.last().filter(|it| it.is_ascii_alphabetic()) else {
        return true;
    };
    let escape = before.len().checked_sub(2).map(|it| before[it]);
    let is_escape = escape == Some(b'\\') && b"nrtabfve0".contains(last);
    let hex = before.len().checked_sub(3).map(|it| &before[it..]);
    let is_percent =
        hex.is_some_and(|it| it[0] == b'%' && it[1..].iter().all(u8::is_ascii_hexdigit));
    let x = before.len().checked_sub(4).map(|it| &before[it..]);
    let is_hex =
        x.is_some_and(|it| it.starts_with(b"\\x") && it[2..].iter().all(u8::is_ascii_hexdigit));
    is_escape || is_percent || is_hex || is_special(&text[at..])
}

/// Forms that nothing else has, also behind a letter.
fn is_special(word: &str) -> bool {
    const FORMS: [&str; 14] = [
        "sk-proj-",
        "sk-ant-",
        "sk-or-",
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "AIza",
    ];
    FORMS.iter().any(|it| word.starts_with(it))
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|it| it.is_ascii_digit())
}

fn has_letter(word: &str) -> bool {
    word.bytes().any(|it| it.is_ascii_alphabetic())
}

/// A value, and not words that stand for one: `${PASSWORD}`, `<password>`, `%s`, `DB_PASSWORD`.
fn is_value(word: &str) -> bool {
    let stands_for = ["${", "{{", "{}", "%s", "%(", "$(", "<", "...", "…", "://"];
    let is_name = word.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
    let is_blank = word
        .bytes()
        .all(|it| b"*x.-_#".contains(&it.to_ascii_lowercase()));
    !stands_for.iter().any(|it| word.contains(it))
        && !is_name
        && !is_blank
        && !word.starts_with(['$', '{', '%'])
}

/// Whatever stands beside `password` is one; beside `token` there are many other words.
fn may_be_beside(name: &str, word: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_plain = ["passw", "pwd", "passphrase", "secret"]
        .iter()
        .any(|it| name.starts_with(it));
    is_value(word) && (is_plain || (word.len() >= 12 && has_digit(word) && has_letter(word)))
}

/// Without quotes it may be a name or a call in code.
fn is_bare(word: &str) -> bool {
    is_value(word)
        && has_digit(word)
        && has_letter(word)
        && !word.contains("--")
        && !word.ends_with('.')
        && !word.contains("()")
        && !word.split(['.', '_', '-']).all(is_word)
}

/// A word of a name in code, perhaps numbered.
fn is_word(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    part.len() - letters.len() <= 2 && letters.bytes().all(|it| it.is_ascii_alphabetic())
}

/// Each line between head and end is a secret of its own, so that the lines stay lines; one that is too
/// short for that is one with the line before it.
fn lines_of_key(text: &str, from: usize, found: &mut Vec<Range<usize>>) {
    let mut start = from;
    let mut last: Option<Range<usize>> = None;
    for line in text[from..].split_inclusive('\n').take(KEY_LINES) {
        // In a text of code the breaks may be written as `\n`, and all of it stands in one line.
        let end = line.find(END);
        let words = &line[..end.unwrap_or(line.len())];
        let trimmed = words.trim_matches(|c: char| c.is_whitespace() || "\"'`,+\\()".contains(c));
        if !trimmed.is_empty() {
            let offset = trimmed.as_ptr() as usize - line.as_ptr() as usize;
            let place = start + offset..start + offset + trimmed.len();
            match last.as_mut().filter(|_| place.len() < 2 * LEAST) {
                Some(before) => before.end = place.end,
                None => found.extend(last.replace(place)),
            }
        }
        if end.is_some() {
            break;
        }
        start += line.len();
    }
    found.extend(last);
}
