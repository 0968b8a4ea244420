//! `docs/typing.md`: the page that shows the cases, made from them. `UPDATE=1` writes it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use rewrite::{Apply, State};

use crate::case::{ALL, Case, Edits, End, Fate, Formatter, Section, Step, unmarked};
use crate::cases::SECTIONS;

const HEAD: &str = "\
# Typing meets a proposal

You can type anywhere while a rewrite streams or waits, also inside the text that is being rewritten.
This page shows, case by case, what becomes of your typing and of the model's text, and why; [What happens when](what-happens-when.md) says it in short.
Each row is a test of the edit engine, named as the row with `_` for each space.
The page is generated from those tests by `UPDATE=1 cargo test -p rewrite --test typing_meets_proposal`; edit those instead.

How to read it:

- `⟦ ⟧` stand around the region, the text that is being rewritten. What stands behind the arrow is what the model writes in its place.
- `⏎` is a line break, `␍⏎` one of a CRLF file, `¦` a cursor, `« »` a selection. A place is given by the text around it.
- Before you decide, the document stands as under *accepted*; in the mode `preview` it stands as under *rejected*.
- Modes are named where a case comes about only in some. Changes that wait are named where one of them is marked as a conflict: waiting, and with typing of yours in it.
- One decision is at most one edit, and after each case one undo takes that edit back exactly.

";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        let _ = write!(page, "## {}\n\n{}\n\n", section.title, section.intro);
        page.push_str("| case | before → the model writes | what happens | accepted | rejected | decision and reason |\n");
        page.push_str("|---|---|---|---|---|---|\n");
        for case in section.cases {
            page.push_str(&row(case));
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn row(case: &Case) -> String {
    let mut name = case.name.replace('_', " ");
    if case.modes != ALL {
        let modes: Vec<&str> = case.modes.iter().map(|mode| mode_name(*mode)).collect();
        let _ = write!(name, "<br>*{}*", modes.join(", "));
    }
    let models: Vec<String> = case.models.iter().map(|text| code(text)).collect();
    let before = format!("{} → {}", code(case.text), models.join(" and "));
    let mut happens = happens(case.steps);
    let (accepted, rejected) = match case.end {
        End::Waits {
            hunks,
            accept,
            reject,
        } => {
            if hunks.contains(&"conflict") {
                let _ = write!(happens, "<br>Waiting: {}.", hunks.join(", "));
            }
            (code(accept), code(reject))
        }
        End::Over { state, text } => (
            format!("{}<br>over: {}", code(text), over(state)),
            "—".to_owned(),
        ),
    };
    let why = format!("**{}** {}", case.decision, case.reason);
    format!("| {name} | {before} | {happens} | {accepted} | {rejected} | {why} |\n")
}

fn mode_name(mode: Apply) -> &'static str {
    match mode {
        Apply::Live => "live",
        Apply::Once => "once",
        Apply::Preview => "preview",
    }
}

fn over(state: State) -> String {
    format!("{state:?}").to_lowercase()
}

/// A text as a code span.
fn code(text: &str) -> String {
    if text.is_empty() {
        return "(nothing)".to_owned();
    }
    let text = text.replace("\r\n", "␍⏎").replace('\n', "⏎");
    // Markdown takes a space from both ends of a code span that has one at both.
    let pad = if text.starts_with(' ') && text.ends_with(' ') && !text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("`{pad}{text}{pad}`")
}

/// The steps as one sentence.
fn happens(steps: &[Step]) -> String {
    let mut sentence = String::new();
    let began = matches!(
        steps.first(),
        Some(Step::Streamed(_) | Step::Proposed | Step::InFlight(..))
    );
    if !began {
        sentence.push_str("before the first text: ");
    }
    let mut fresh = true;
    for step in steps {
        let (words, opens) = match step {
            Step::Streamed(so_far) => (format!("once {} has come: ", code(so_far)), true),
            Step::Proposed => ("once it waits: ".to_owned(), true),
            _ => (does(*step), false),
        };
        if !fresh {
            sentence.push_str("; ");
        }
        sentence.push_str(&words);
        fresh = opens;
    }
    let sentence = sentence
        .trim_end_matches(": ")
        .replace(": once ", ", then once ");
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

fn does(step: Step) -> String {
    match step {
        Step::Streamed(_) | Step::Proposed => String::new(),
        Step::Edit(edits) => edit(edits),
        Step::Cut(place) => format!("cut {}", code(place)),
        Step::Paste(place) => format!("paste it at {}", code(place)),
        Step::Undo(1) => "undo".to_owned(),
        Step::Undo(count) => format!("undo, {count} times"),
        Step::Redo(1) => "redo".to_owned(),
        Step::Redo(count) => format!("redo, {count} times"),
        Step::Format(formatter, rules) => {
            let rules: Vec<String> = rules
                .iter()
                .map(|(from, to)| format!("{} to {}", code(from), code(to)))
                .collect();
            let how = match formatter {
                Formatter::Minimal => "",
                Formatter::WholeFile => ", reported as one replacement of the whole file",
            };
            format!("format {}{how}", rules.join(", "))
        }
        Step::InFlight(so_far, fate, edits) => {
            let fate = match fate {
                Fate::Refused => "the editor refuses ours",
                Fate::Dropped => "the editor drops ours and says that it applied it",
                Fate::Merged => "the editor applies ours first and reports both as one change",
                Fate::Together => "the editor applies ours first and reports both together",
                Fate::AnsweredFirst => {
                    "the editor applies ours first and answers before it reports"
                }
            };
            let so_far = code(so_far);
            format!(
                "while our edit for {so_far} is on its way: {}; {fate}",
                edit(edits)
            )
        }
        Step::AcceptHunk(hunk) => format!("accept change {}", hunk + 1),
        Step::RejectHunk(hunk) => format!("reject change {}", hunk + 1),
        Step::Accept => "accept".to_owned(),
        Step::Reject => "reject".to_owned(),
        Step::Interrupt => "stop it".to_owned(),
        Step::Redirect(answer) => format!(
            "ask for something else, to which the model writes {}",
            code(answer)
        ),
        Step::Fail => "the connection to the model is lost".to_owned(),
    }
}

fn edit(edits: Edits) -> String {
    let one = |(place, text): &(&str, &str)| {
        let (_, marks) = unmarked(place, &['¦']);
        match (marks.is_empty(), text.is_empty()) {
            (false, _) => format!("type {} at {}", code(text), code(place)),
            (true, true) => format!("delete {}", code(place)),
            (true, false) => format!("replace {} by {}", code(place), code(text)),
        }
    };
    let all: Vec<String> = edits.iter().map(one).collect();
    if all.len() == 1 {
        all.concat()
    } else {
        format!("at once, {}", all.join(", "))
    }
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "typing.md"]
        .iter()
        .collect()
}

#[test]
fn the_page_shows_the_cases() {
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(), &page).expect("the page can be written");
    }
    let there = std::fs::read_to_string(path()).unwrap_or_default();
    let differs = page
        .lines()
        .zip(there.lines())
        .find(|(new, old)| new != old);
    assert!(
        page == there,
        "run UPDATE=1 cargo test -p rewrite --test typing_meets_proposal; first difference: {differs:#?}"
    );
}

#[test]
fn every_case_says_what_and_why_and_has_a_name_of_its_own() {
    let cases = || SECTIONS.iter().flat_map(|section: &Section| section.cases);
    assert!(cases().count() >= 60);
    let mut names = HashSet::new();
    for case in cases() {
        assert!(names.insert(case.name), "{} is there twice", case.name);
        for sentence in [case.decision, case.reason] {
            let whole = sentence.ends_with('.') && !sentence.contains('|');
            assert!(whole, "{}: {sentence:?}", case.name);
        }
    }
}
