//! What tells a sentence from a line of code. Judges single lines; every rule errs towards code.

/// Beginnings of an answer that declines.
const REFUSALS: [&str; 20] = [
    "I'm sorry",
    "I am sorry",
    "Sorry",
    "I apologize",
    "I apologise",
    "My apologies",
    "Apologies",
    "I can't",
    "I cannot",
    "I can not",
    "I could not",
    "I'm unable",
    "I am unable",
    "I'm not able",
    "I am not able",
    "I won't",
    "I will not",
    "I'm afraid",
    "Unfortunately",
    "As an AI",
];

/// Beginnings that decline even where the text itself is prose.
const PLAIN_REFUSALS: [&str; 12] = [
    "I'm sorry, but I can",
    "I'm sorry, I can",
    "I am sorry, but I can",
    "Sorry, but I can",
    "Sorry, I can",
    "I can't help with",
    "I can't assist",
    "I cannot help with",
    "I cannot assist",
    "I cannot comply",
    "I cannot fulfill",
    "As an AI",
];

/// Beginnings of a line that announces code.
const CHATTER: [&str; 20] = [
    "Here is",
    "Here's",
    "Here are",
    "Here you go",
    "Below is",
    "Sure",
    "Certainly",
    "Of course",
    "Absolutely",
    "Okay",
    "OK",
    "Got it",
    "Understood",
    "I've",
    "I have",
    "I'll",
    "The rewritten",
    "The updated",
    "The following",
    "No changes",
];

fn straight(line: &str) -> String {
    line.replace('’', "'")
}

fn begins_with_any(line: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| {
        line.strip_prefix(beginning).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || "_(=[".contains(c))
        })
    })
}

fn may_begin_with_any(line: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| beginning.starts_with(line) || line.starts_with(beginning))
}

/// A first line that declines. `plain` asks for words that leave no doubt.
pub(super) fn is_refusal(line: &str, plain: bool) -> bool {
    let line = straight(line);
    if plain {
        return PLAIN_REFUSALS
            .iter()
            .any(|refusal| line.starts_with(refusal));
    }
    begins_with_any(&line, &REFUSALS)
}

/// A line that announces code or comments on it.
pub(super) fn is_chatter(line: &str) -> bool {
    let line = straight(line.trim_end());
    is_announcement(&line) || is_sentence(&line)
}

/// A line that announces code and can be nothing else.
pub(super) fn is_announcement(line: &str) -> bool {
    let line = straight(line.trim_end());
    begins_with_any(&line, &CHATTER)
        && holds_only_words(&line)
        && (line.ends_with(['!', ':']) || line.split_whitespace().count() > 1)
}

/// A line that may follow one that [`is_chatter`].
pub(super) fn goes_on(line: &str) -> bool {
    let line = straight(line.trim());
    let item = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .or_else(|| {
            let text = line.trim_start_matches(|c: char| c.is_ascii_digit());
            (text.len() < line.len())
                .then(|| text.strip_prefix(". "))
                .flatten()
        });
    match item {
        Some(item) => item.contains(' '),
        None => {
            is_chatter(&line)
                || (line.ends_with(['.', ',', ':', '!', '?']) && holds_only_words(&line))
        }
    }
}

fn is_sentence(line: &str) -> bool {
    line.starts_with(char::is_uppercase)
        && line.ends_with(['.', ':', '!', '?'])
        && line.split_whitespace().count() >= 4
        && holds_only_words(line)
}

/// Whether a first line, of which this is the beginning, may still turn out a refusal or chatter.
pub(super) fn may_be_talk(line: &str) -> bool {
    let line = straight(line);
    may_begin_with_any(&line, &REFUSALS)
        || may_begin_with_any(&line, &PLAIN_REFUSALS)
        || (may_begin_with_any(&line, &CHATTER) || line.starts_with(char::is_uppercase))
            && holds_only_words(&line)
}

/// Whether the first line of a region is text, not code: three plain words and more.
pub(super) fn begins_a_text(line: &str) -> bool {
    let line = straight(line.trim());
    line.starts_with(char::is_alphabetic)
        && line.split_whitespace().count() >= 3
        && holds_only_words(&line)
}

/// No character outside backticks that prose seldom holds. What fails on the beginning of a line fails on all of it.
fn holds_only_words(line: &str) -> bool {
    let mut code = false;
    let mut previous = ' ';
    for c in line.chars() {
        let fits = match c {
            '`' => {
                code = !code;
                true
            }
            _ if code => true,
            '(' | '"' => !previous.is_alphanumeric() || c == '"',
            _ if previous == '.' => !c.is_alphabetic(),
            _ => !"{}[]=<>;|&#$%^*+\\@~_".contains(c),
        };
        if !fits {
            return false;
        }
        previous = c;
    }
    true
}
