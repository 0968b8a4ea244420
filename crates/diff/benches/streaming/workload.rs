//! The rewrites that are measured: an old text and what a model might make of it. Seeded.

use fastrand::Rng;

use crate::code::{self, Language, function, generate, noun, verb};

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    rewrite: fn(&[String], Language, &mut Rng) -> Vec<String>,
}

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "nothing changed",
        rewrite: |old, _, _| old.to_vec(),
    },
    Workload {
        name: "substitute 1 in 15",
        rewrite: |old, _, rng| substitute(old, 15, rng),
    },
    Workload {
        name: "substitute 1 in 7",
        rewrite: |old, _, rng| substitute(old, 7, rng),
    },
    Workload {
        name: "edit 1 in 15",
        rewrite: |old, _, rng| edit(old, 15, rng),
    },
    Workload {
        name: "edit 1 in 7",
        rewrite: |old, _, rng| edit(old, 7, rng),
    },
    Workload {
        name: "insert cases",
        rewrite: insert_cases,
    },
    Workload {
        name: "insert functions",
        rewrite: |old, _, rng| insert_functions(old, rng, false),
    },
    Workload {
        name: "insert similar functions",
        rewrite: |old, _, rng| insert_functions(old, rng, true),
    },
    Workload {
        name: "delete blocks",
        rewrite: |old, _, rng| delete_blocks(old, rng),
    },
    Workload {
        name: "delete functions",
        rewrite: |old, _, rng| delete_functions(old, rng),
    },
    Workload {
        name: "move a block down",
        rewrite: |old, _, rng| move_block(old, rng, true),
    },
    Workload {
        name: "move a block up",
        rewrite: |old, _, rng| move_block(old, rng, false),
    },
    Workload {
        name: "rename nearly everywhere",
        rewrite: |old, _, _| rename(old),
    },
    Workload {
        name: "document functions",
        rewrite: |old, language, _| document(old, language),
    },
    Workload {
        name: "wrap in if",
        rewrite: |old, language, _| wrap(old, language),
    },
    Workload {
        name: "replace function bodies",
        rewrite: replace_bodies,
    },
    Workload {
        name: "full rewrite",
        rewrite: |old, language, rng| generate(language, old.len(), rng),
    },
];

/// This crate's own sources, as old text that nobody generated.
const SOURCES: &[&str] = &[
    include_str!("../../src/stream.rs"),
    include_str!("../../src/policy.rs"),
    include_str!("../../src/lines.rs"),
    include_str!("../../src/refine.rs"),
    include_str!("../../src/similarity.rs"),
];

impl Workload {
    /// Old and new text. The language goes by the seed; with `real`, the old text is this crate's own sources.
    pub(crate) fn texts(&self, lines: usize, real: bool, seed: u64) -> (String, String) {
        let mut rng = Rng::with_seed(seed);
        let language =
            [Language::Rust, Language::TypeScript, Language::Python][(seed % 3) as usize];
        let (old, language) = if real {
            let lines = SOURCES
                .iter()
                .flat_map(|source| source.lines())
                .map(str::to_owned)
                .take(lines)
                .collect();
            (lines, Language::Rust)
        } else {
            (generate(language, lines, &mut rng), language)
        };
        let new = (self.rewrite)(&old, language, &mut rng);
        (joined(&old), joined(&new))
    }
}

/// The number of lines that `real` can give at most.
pub(crate) fn real_lines() -> usize {
    SOURCES.iter().map(|source| source.lines().count()).sum()
}

fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .flat_map(|line| [line.as_str(), "\n"])
        .collect()
}

/// Lines changed in place, by one word.
fn substitute(old: &[String], one_in: usize, rng: &mut Rng) -> Vec<String> {
    old.iter()
        .map(|line| {
            if rng.usize(0..one_in) == 0 {
                changed(line, rng)
            } else {
                line.clone()
            }
        })
        .collect()
}

/// Lines changed, replaced by several, removed or added.
fn edit(old: &[String], one_in: usize, rng: &mut Rng) -> Vec<String> {
    let mut new = Vec::new();
    for line in old {
        if rng.usize(0..one_in) != 0 {
            new.push(line.clone());
            continue;
        }
        match rng.u8(0..6) {
            0 => {}
            1 => new.extend([
                format!("{}check_{}({});", indentation(line), noun(rng), noun(rng)),
                line.clone(),
            ]),
            2 => new.extend([
                changed(line, rng),
                format!("{}{}.{}();", indentation(line), noun(rng), noun(rng)),
            ]),
            3 => new.push(format!(
                "{}{} = other({}, {});",
                indentation(line),
                noun(rng),
                noun(rng),
                rng.u16(..)
            )),
            _ => new.push(changed(line, rng)),
        }
    }
    new
}

fn changed(line: &str, rng: &mut Rng) -> String {
    let words: Vec<(usize, &str)> = line
        .match_indices(|c: char| c.is_ascii_lowercase())
        .collect();
    if words.is_empty() {
        return format!("{line} // {}", noun(rng));
    }
    let (at, _) = words[rng.usize(0..words.len())];
    let end = line[at..]
        .find(|c: char| !c.is_ascii_alphanumeric())
        .map_or(line.len(), |len| at + len);
    format!("{}{}{}", &line[..at], noun(rng), &line[end..])
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// One to four lines that look like their neighbours, at one such line in four.
fn insert_cases(old: &[String], _: Language, rng: &mut Rng) -> Vec<String> {
    let mut new = Vec::new();
    for line in old {
        if code::is_one_of_many(line) && rng.u8(0..4) == 0 {
            for _ in 0..rng.u8(1..5) {
                new.push(changed(&changed(line, rng), rng));
            }
        }
        new.push(line.clone());
    }
    new
}

/// Line ranges of functions and types: from a line at the margin to the next blank line that a margin line follows.
fn blocks(old: &[String]) -> Vec<std::ops::Range<usize>> {
    let mut blocks = Vec::new();
    let mut start = None;
    for (at, line) in old.iter().enumerate() {
        let margin = line.starts_with(|c: char| c.is_alphabetic() || c == '/' || c == '#')
            && (at == 0 || old[at - 1].is_empty());
        if margin {
            if let Some(start) = start {
                blocks.push(start..at);
            }
            start = Some(at);
        }
    }
    blocks.into_iter().filter(|block| block.len() > 3).collect()
}

fn insert_functions(old: &[String], rng: &mut Rng, similar: bool) -> Vec<String> {
    let blocks = blocks(old);
    let mut new = Vec::new();
    for (at, line) in old.iter().enumerate() {
        if let Some(block) = blocks.iter().find(|block| block.start == at)
            && rng.u8(0..5) == 0
            && block.len() <= 40
        {
            if similar {
                new.extend(similar_copy(&old[block.clone()], rng));
            } else {
                function(Language::Rust, rng, &mut new);
            }
        }
        new.push(line.clone());
    }
    new
}

/// The same function under another name, with one line in three changed; anything else is copied.
fn similar_copy(block: &[String], rng: &mut Rng) -> Vec<String> {
    let Some(head) = block
        .iter()
        .position(|line| line.contains('(') && !line.starts_with(['/', '#', '@']))
    else {
        return Vec::new();
    };
    let other = |line: &str, rng: &mut Rng| {
        let end = line.find('(').unwrap_or(line.len());
        let start = line[..end].rfind(' ').map_or(0, |space| space + 1);
        let name = if rng.bool() {
            format!("{}_{}", &line[start..end], noun(rng))
        } else {
            format!("{}_{}", verb(rng), noun(rng))
        };
        format!("{}{name}{}", &line[..start], &line[end..])
    };
    let copy = block
        .iter()
        .enumerate()
        .map(|(at, line)| match at.cmp(&head) {
            std::cmp::Ordering::Less => changed(line, rng),
            std::cmp::Ordering::Equal => other(line, rng),
            std::cmp::Ordering::Greater if rng.u8(0..3) == 0 && line.len() > 12 => {
                changed(line, rng)
            }
            std::cmp::Ordering::Greater => line.clone(),
        });
    copy.collect()
}

/// Runs of 2 to 12 lines go.
fn delete_blocks(old: &[String], rng: &mut Rng) -> Vec<String> {
    let mut new = Vec::new();
    let mut at = 0;
    while at < old.len() {
        if rng.u8(0..40) == 0 {
            at += rng.usize(2..13);
        } else {
            new.push(old[at].clone());
            at += 1;
        }
    }
    new
}

fn delete_functions(old: &[String], rng: &mut Rng) -> Vec<String> {
    let gone: Vec<_> = blocks(old)
        .into_iter()
        .filter(|_| rng.u8(0..5) == 0)
        .collect();
    old.iter()
        .enumerate()
        .filter(|(at, _)| !gone.iter().any(|block| block.contains(at)))
        .map(|(_, line)| line.clone())
        .collect()
}

/// One function changes its place with what is within a few functions of it.
fn move_block(old: &[String], rng: &mut Rng, down: bool) -> Vec<String> {
    let blocks = blocks(old);
    if blocks.len() < 3 {
        return old.to_vec();
    }
    let from = rng.usize(0..blocks.len());
    let to = (from + rng.usize(2..6)).min(blocks.len() - 1);
    let (first, last) = (blocks[from].clone(), blocks[to].clone());
    let mut new = old.to_vec();
    if down {
        new[first.start..last.end].rotate_left(first.len());
    } else {
        new[first.start..last.end].rotate_right(last.len());
    }
    new
}

/// Every name with one of a few common letters in it gets another, so that nearly every line changes.
fn rename(old: &[String]) -> Vec<String> {
    let renamed = |word: &str| match word {
        "self" | "this" => "store".to_owned(),
        "let" | "const" => "let mut".to_owned(),
        _ if word.len() > 3 && word.contains('e') => format!("{word}_new"),
        _ => word.to_owned(),
    };
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let by_word = |line: &String| {
        let mut new = String::new();
        let mut rest = line.as_str();
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..]
                .find(|c| !is_word(c))
                .map_or(rest.len(), |len| start + len);
            new.push_str(&rest[..start]);
            new.push_str(&renamed(&rest[start..end]));
            rest = &rest[end..];
        }
        new + rest
    };
    old.iter().map(by_word).collect()
}

fn document(old: &[String], language: Language) -> Vec<String> {
    let mut new = Vec::new();
    for line in old {
        let head = [
            "pub fn ",
            "fn ",
            "export function ",
            "def ",
            "pub(crate) fn ",
        ]
        .iter()
        .find_map(|start| line.trim_start().strip_prefix(start));
        let name = head.map(|rest| rest.split('(').next().unwrap_or(rest).to_owned());
        let indent = indentation(line);
        if let (Some(name), true) = (&name, language != Language::Python) {
            new.push(format!("{indent}/// Does what `{name}` says."));
            new.push(format!("{indent}///"));
            new.push(format!(
                "{indent}/// Returns an error where that cannot be done."
            ));
        }
        new.push(line.clone());
        if let (Some(name), Language::Python) = (name, language) {
            new.push(format!("{indent}    \"\"\"Do what {name} says.\"\"\""));
        }
    }
    new
}

fn wrap(old: &[String], language: Language) -> Vec<String> {
    let mut new = vec![if language == Language::Python {
        "if enabled():".to_owned()
    } else {
        "if (enabled()) {".to_owned()
    }];
    new.extend(old.iter().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!("    {line}")
        }
    }));
    if language != Language::Python {
        new.push("}".to_owned());
    }
    new
}

/// One function in three gets another body under the same head.
fn replace_bodies(old: &[String], language: Language, rng: &mut Rng) -> Vec<String> {
    let blocks = blocks(old);
    let mut new = Vec::new();
    let mut at = 0;
    while at < old.len() {
        new.push(old[at].clone());
        let head = blocks
            .iter()
            .find(|block| block.start + 1 == at && block.len() > 6);
        at += 1;
        if let Some(block) = head
            && rng.u8(0..3) == 0
        {
            let mut other = Vec::new();
            function(language, rng, &mut other);
            let len = other.len();
            new.extend(other.drain(1..len.saturating_sub(3).max(1)));
            at = block.end - 3;
        }
    }
    new
}
