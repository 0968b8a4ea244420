//! Identifiers as words, and words as sentences.

use super::instruction::Case;

/// The words of an identifier in lower case; an acronym is one word.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = name.chars().collect();
    let mut fresh = true;
    for (at, &it) in chars.iter().enumerate() {
        if !it.is_alphanumeric() {
            fresh = true;
            continue;
        }
        let after_lower = at > 0 && (chars[at - 1].is_lowercase() || chars[at - 1].is_numeric());
        let before_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let after_upper = at > 0 && chars[at - 1].is_uppercase();
        if fresh || it.is_uppercase() && (after_lower || after_upper && before_lower) {
            words.push(String::new());
        }
        fresh = false;
        if let Some(word) = words.last_mut() {
            word.extend(it.to_lowercase());
        }
    }
    words
}

/// The identifier in the other case. Types (`PascalCase`), constants (`UPPER`) and names with
/// nothing to change come back as they were.
pub(super) fn recased(name: &str, case: Case) -> String {
    let core = name.trim_matches('_');
    let first_is_lower = core.starts_with(|it: char| it.is_lowercase());
    let (lead, tail) = (
        &name[..name.len() - name.trim_start_matches('_').len()],
        &name[name.trim_end_matches('_').len()..],
    );
    let (upper, score) = (core.contains(char::is_uppercase), core.contains('_'));
    match case {
        Case::Snake if first_is_lower && upper => format!("{lead}{}{tail}", words(core).join("_")),
        Case::Camel if first_is_lower && score && !upper && !name.starts_with("__") => {
            let mut words = words(core).into_iter();
            let first = words.next().unwrap_or_default();
            format!(
                "{lead}{first}{}{tail}",
                words.map(|it| capitalized(&it)).collect::<String>()
            )
        }
        _ => name.to_owned(),
    }
}

pub(super) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

const VERBS: &str = "add append apply assert begin bind build calculate call cancel change check \
    clean clear clone close collect combine compare compile compute configure connect consume \
    convert copy count create decode decrease delete describe destroy detect disable dispatch \
    display divide do download draw drop emit enable encode ensure enter execute exit expand export \
    extract fetch fill filter find finish flatten flush format free generate get grow group hash \
    hide import increase increment index initialize insert install invert join keep launch lint \
    list listen load lock log lower make map mark match measure merge modify move multiply \
    normalize notify open order parse pause persist pick play poll pop prepare print process prune \
    publish push put query quit read receive record reduce refresh register release reload remove \
    rename render repeat replace report request reset resize resolve restart restore resume \
    retrieve retry return reverse rotate round run sanitize save scale scan schedule search select \
    send serialize serve show shift shrink shuffle shut skip sleep slice solve sort split start \
    stop store stream strip subscribe subtract sum swap switch sync take tokenize toggle track \
    transform translate traverse trim truncate try undo unlock unwrap update upload upper use \
    validate verify visit wait walk warn watch wrap write";

/// One sentence on what a function of this name does, from its name and its parameters' names.
pub(super) fn summary(name: &str, parameters: &[String]) -> String {
    let words = words(name);
    let Some((first, rest)) = words.split_first() else {
        return "Does its work.".to_owned();
    };
    let rest_text = rest.join(" ");
    let objects = listed(parameters);
    let of = if objects.is_empty() {
        String::new()
    } else {
        format!(" of {objects}")
    };
    let sentence = match (first.as_str(), rest.is_empty()) {
        ("main", true) => "Runs the program".to_owned(),
        ("new" | "init" | "constructor" | "create", true) if objects.is_empty() => {
            "Creates a new instance".to_owned()
        }
        ("new" | "init" | "constructor", true) => format!("Creates a new instance from {objects}"),
        ("default", true) => "Returns the default value".to_owned(),
        ("get", false) => format!("Returns the {rest_text}"),
        ("is" | "has" | "can" | "should" | "needs", true) => format!("Returns whether it {first}"),
        ("is", false) => format!(
            "Returns whether {} {rest_text}",
            subject(parameters, "it is", " is")
        ),
        ("has" | "can" | "should" | "needs", false) => {
            format!(
                "Returns whether {} {first} {rest_text}",
                subject(parameters, "it", "")
            )
        }
        ("from" | "of", false) => format!("Creates a value from the {rest_text}"),
        ("to" | "as" | "into", false) => format!(
            "Converts {} to {rest_text}",
            if objects.is_empty() {
                "the value"
            } else {
                &objects
            }
        ),
        ("with", false) => format!("Returns it with the {rest_text} set"),
        ("on" | "handle", false) => format!("Handles the {rest_text}"),
        ("test", false) => format!("Checks that {rest_text}"),
        (verb, true) if is_verb(verb) && objects.is_empty() => capitalized(&third_person(verb)),
        (verb, true) if is_verb(verb) => format!("{} {objects}", capitalized(&third_person(verb))),
        (verb, false) if is_verb(verb) => {
            let article = if begins_with_preposition(&rest_text) {
                ""
            } else {
                "the "
            };
            format!("{} {article}{rest_text}", capitalized(&third_person(verb)))
        }
        _ => format!("Computes the {}{of}", words.join(" ")),
    };
    format!("{sentence}.")
}

fn begins_with_preposition(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or("");
    matches!(
        first,
        "to" | "from"
            | "in"
            | "into"
            | "all"
            | "by"
            | "with"
            | "and"
            | "for"
            | "on"
            | "up"
            | "down"
            | "until"
            | "if"
            | "as"
    )
}

fn subject(parameters: &[String], none: &str, suffix: &str) -> String {
    match parameters.first() {
        Some(first) => format!("{first}{suffix}"),
        None => none.to_owned(),
    }
}

fn is_verb(word: &str) -> bool {
    VERBS.split_ascii_whitespace().any(|it| it == word)
}

fn third_person(verb: &str) -> String {
    if ["s", "sh", "ch", "x", "z", "o"]
        .iter()
        .any(|end| verb.ends_with(end))
    {
        return format!("{verb}es");
    }
    match verb.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{verb}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
