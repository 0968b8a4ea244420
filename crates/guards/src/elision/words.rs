//! Which words of a comment say that code was left out.
//!
//! Ordinary comments speak of remaining arguments and existing users, so every word has to belong to the talk about
//! left-out code, and without dots the whole has to be a set phrase. In doubt it is an ordinary comment.

/// Without one of these there is no such line.
pub(super) const TELLING: [&str; 12] = [
    "...",
    "…",
    "rest",
    "remain",
    "existing",
    "unchanged",
    "omitted",
    "elided",
    "brevity",
    "same",
    "unmodified",
    "truncated",
];

/// Dots that stand for something.
pub(super) const DOTS: [&str; 3] = ["...", "…", ". . ."];

/// Where words stand, which says how plain they have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A comment of its own.
    Comment,
    /// The same in a language that is not known.
    Unknown,
    /// One line of a longer comment.
    Among,
    /// A comment behind code.
    Behind,
    /// Code, but for the dots.
    Bare,
    /// Text for people.
    Text,
}

/// What words are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Links other words.
    Filler,
    /// What is left: rest, remaining, existing.
    Rest,
    /// What else there is: other, previous.
    Other,
    /// More of it.
    More,
    /// That it is not shown.
    Left,
    /// The same in words that are also used of other things.
    Hidden,
    /// That it does not differ.
    Same,
    /// Code as a whole.
    Code,
    /// Parts of code.
    Part,
    /// A name of the program's own.
    Name,
    /// Anything else.
    Free,
}

const WORDS: &[(Kind, &str)] = &[
    (
        Kind::Filler,
        "the a an all of your our my this that these those its it is are was were be and or in for from on here \
         below to with at by into goes go stay stays remain remains left keep keeps kept still also just exactly \
         continue continues insert add put paste copy include see as will should have has been no not changes \
         change i'll i've need needed",
    ),
    (Kind::Rest, "rest remaining remainder existing"),
    (
        Kind::Other,
        "other others previous prior original current old earlier similar above before",
    ),
    (Kind::More, "more additional further etc"),
    (
        Kind::Left,
        "unchanged unmodified untouched omitted elided brevity as-is",
    ),
    (
        Kind::Hidden,
        "skipped truncated abbreviated snipped snip shown hidden collapsed preserved intact",
    ),
    (Kind::Same, "same identical"),
    (
        Kind::Code,
        "code file implementation implementations function functions method methods class classes logic module \
         component components script program definition definitions declarations imports",
    ),
    (
        Kind::Part,
        "body content contents tests test cases case fields field properties props lines line statements handlers \
         routes styles rules config configuration section sections document text parts part items entries options \
         variants members attributes parameters params arguments args steps types constants setup stuff everything \
         things block blocks branches arms loop checks validation handling processing initialization init helpers \
         variables values keys elements data html markup jsx template css columns rows constructor constructors \
         getters setters hooks state render operations calls",
    ),
];

/// What a line says, read as words between dots.
#[derive(Debug)]
pub(super) struct Phrase {
    words: Vec<(Kind, String)>,
    /// It begins with dots; and a blank follows them.
    leads: bool,
    is_spaced: bool,
    trails: bool,
    /// There is a frame of dashes or the like around it.
    is_framed: bool,
    /// It has signs that such a line has not.
    is_code: bool,
    /// There is a comma in it, as between parts of code.
    has_comma: bool,
}

impl Phrase {
    pub(super) fn of(text: &str) -> Phrase {
        let mut rest = text.trim();
        let mut phrase = Phrase {
            words: Vec::new(),
            leads: false,
            is_spaced: false,
            trails: false,
            is_framed: false,
            is_code: false,
            has_comma: false,
        };
        // Brackets, frames and dots may be around each other in any order.
        loop {
            let before = rest.len();
            rest = unwrapped(rest).trim();
            let unframed = rest.trim_matches(['-', '=', '*', '~', '_', '—', '–', '#', '>']);
            phrase.is_framed |= unframed.len() < rest.len();
            rest = unframed.trim();
            if let Some(behind) = without_dots(rest) {
                // A row of dots is a rule across the page.
                phrase.is_framed |= rest.starts_with(".......");
                phrase.leads = true;
                phrase.is_spaced |= behind.starts_with([' ', '\t', '(', '[']);
                rest = behind.trim_start();
            }
            if let Some(len) = dots_at_end(rest) {
                phrase.trails = true;
                rest = rest[..rest.len() - len].trim_end();
            }
            if rest.len() == before {
                break;
            }
        }
        phrase.has_comma = rest.contains(',');
        phrase.is_code = rest.contains([
            '=', '+', '*', '{', '}', '<', '>', '"', '|', '\\', '$', '@', '%', '^', '?', '#', '~',
        ]) || rest.starts_with([',', ';', ':', ')', ']', '.', '/', '\'']);
        let is_between = |c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | ':' | '/' | '—' | '–' | '[' | ']')
        };
        let words = rest.split(is_between).filter(|word| !word.is_empty());
        phrase.words = words.filter_map(word).collect();
        phrase
    }

    /// Whether there is nothing but dots.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && !self.is_code
    }

    pub(super) fn has_dots(&self) -> bool {
        self.leads || self.trails
    }

    /// The same for what says the same.
    pub(super) fn key(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|it| it.1.as_str()).collect();
        words.join(" ")
    }

    pub(super) fn stands_for_code(&self, place: Place) -> bool {
        if self.is_code || self.words.len() > 12 {
            return false;
        }
        if self.words.is_empty() {
            return place == Place::Comment && self.leads && !self.is_framed;
        }
        match place {
            Place::Comment => self.in_comment(),
            Place::Unknown => self.is_plain() || (self.has_dots() && self.is_about_code()),
            Place::Among => self.leads && self.is_about_code(),
            Place::Behind => self.is_plain() || (self.leads && self.is_about_code()),
            Place::Bare | Place::Text => {
                let is_plain = self.words.len() > 1 && !self.has_comma && self.is_about_code();
                is_plain && self.leads && (place == Place::Bare || self.is_plain())
            }
        }
    }

    fn in_comment(&self) -> bool {
        let free = self.count(Kind::Free);
        let says_left = self.says_left();
        match (self.leads, self.trails) {
            (true, true) => self.words.len() <= 8 && (self.is_spaced || free == 0),
            (true, false) => {
                let about = self.has_noun() || (self.has(Kind::Rest) && self.has(Kind::Left));
                let spaced = self.is_spaced && free <= 1 && says_left && about;
                let kinds = [Kind::Code, Kind::Part, Kind::More];
                let bare = says_left || kinds.into_iter().any(|kind| self.has(kind));
                spaced || (free == 0 && bare)
            }
            (false, true) => self.is_about_code() && (self.has(Kind::Code) || self.is_plain()),
            (false, false) => self.is_set_phrase(),
        }
    }

    /// Left-out code and nothing else, dots or not.
    fn is_set_phrase(&self) -> bool {
        if self.is_plain() {
            return true;
        }
        if self.count(Kind::Free) + self.count(Kind::Name) > 0 || self.is_framed {
            return false;
        }
        let words: Vec<&str> = self.words.iter().map(|it| it.1.as_str()).collect();
        let bare = self.words.iter().filter(|it| it.0 != Kind::Filler);
        let bare: Vec<&str> = bare.map(|it| it.1.as_str()).collect();
        let whole = [
            "code",
            "file",
            "implementation",
            "function",
            "method",
            "class",
            "logic",
            "module",
            "component",
            "script",
            "program",
        ];
        match bare[..] {
            ["unchanged" | "unmodified"] => words.len() == 1,
            ["existing" | "remaining", "code"] => true,
            ["remaining", "implementation"] => true,
            ["rest" | "remainder", noun] => words.contains(&"of") && whole.contains(&noun),
            _ => false,
        }
    }

    /// It says of code that it is not there.
    fn is_plain(&self) -> bool {
        if self.count(Kind::Free) + self.count(Kind::Name) > 0 {
            return false;
        }
        let has_word = |word: &str| self.words.iter().any(|it| it.1 == word);
        let first = |kind: Kind| self.words.iter().position(|it| it.0 == kind);
        // An unchanged file is a file; a file unchanged is none.
        let code_left = first(Kind::Code)
            .zip(first(Kind::Left))
            .is_some_and(|(code, left)| code < left || has_word("code"));
        let rest_left = self.has(Kind::Rest) && (self.has(Kind::Left) || self.has(Kind::Hidden));
        let other_left = self.has(Kind::Other) && self.has(Kind::Part) && self.has(Kind::Left);
        let brief = has_word("brevity") && (self.count(Kind::Left) > 1 || self.has(Kind::Hidden));
        let same = self.has(Kind::Same)
            && self.has(Kind::Rest)
            && (self.has(Kind::Code) || has_word("before") || has_word("original"));
        code_left || rest_left || other_left || brief || same
    }

    /// Every word belongs to it, and one says that something is left.
    fn is_about_code(&self) -> bool {
        self.count(Kind::Free) == 0
            && self.says_left()
            && (self.words.len() > 1 || self.has(Kind::Left) || self.has(Kind::Rest))
    }

    fn says_left(&self) -> bool {
        let kinds = [
            Kind::Rest,
            Kind::Other,
            Kind::Left,
            Kind::Hidden,
            Kind::Same,
        ];
        kinds.into_iter().any(|kind| self.has(kind))
    }

    fn has_noun(&self) -> bool {
        [Kind::Code, Kind::Part, Kind::Name]
            .into_iter()
            .any(|kind| self.has(kind))
    }

    fn has(&self, kind: Kind) -> bool {
        self.count(kind) > 0
    }

    fn count(&self, kind: Kind) -> usize {
        self.words.iter().filter(|it| it.0 == kind).count()
    }
}

/// A word and what it is about; nothing for mere signs.
fn word(word: &str) -> Option<(Kind, String)> {
    let is_call = word.ends_with("()") || word.starts_with('`');
    let bare = word.trim_matches(['.', '(', ')', '`', '\'', '!', ',']);
    if bare.is_empty() || bare == "&" || bare == "-" {
        return None;
    }
    let lower = bare.to_lowercase();
    let known = WORDS
        .iter()
        .find(|(_, words)| words.split_whitespace().any(|it| it == lower));
    let kind = match known {
        Some((kind, _)) => *kind,
        None if is_call || is_name(bare) => Kind::Name,
        None => Kind::Free,
    };
    Some((kind, lower))
}

/// Whether a word is written as names of programs are.
fn is_name(word: &str) -> bool {
    let is_one = word
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.'));
    let mixed = word.contains('_') || word.chars().skip(1).any(char::is_uppercase);
    is_one && mixed
}

fn unwrapped(text: &str) -> &str {
    let pairs = [('(', ')'), ('[', ']'), ('<', '>'), ('{', '}')];
    let within = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    pairs.iter().find_map(within).unwrap_or(text)
}

/// What follows three dots or more at the start.
fn without_dots(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('.');
    if text.len() - rest.len() >= 3 {
        return Some(rest);
    }
    text.strip_prefix('…')
        .or_else(|| text.strip_prefix(". . ."))
}

/// How many bytes of dots, three or more, stand at the end.
fn dots_at_end(text: &str) -> Option<usize> {
    let ascii = text.len() - text.trim_end_matches('.').len();
    match () {
        () if ascii >= 3 => Some(ascii),
        () if text.ends_with('…') => Some('…'.len_utf8()),
        () if text.ends_with(". . .") => Some(5),
        () => None,
    }
}
