//! A failing script made short: steps dropped, texts shortened, as long as it still fails.

use crate::simulation::run_script;
use crate::step::{Script, Step};

/// How many scripts may be tried.
const TRIES: usize = 20_000;

/// The shortest script found that still fails, and how it fails. `None` where the script does not fail.
pub fn shrink(script: &Script) -> Option<(Script, String)> {
    let violation = run_script(script).err()?;
    let mut best = (script.clone(), violation);
    let mut tries = 0;
    loop {
        let before = best.0.clone();
        drop_steps(&mut best, &mut tries);
        shorten_texts(&mut best, &mut tries);
        if best.0 == before || tries > TRIES {
            return Some(best);
        }
    }
}

fn try_out(best: &mut (Script, String), script: Script, tries: &mut usize) -> bool {
    *tries += 1;
    if *tries > TRIES {
        return false;
    }
    match run_script(&script) {
        // A script that only confuses the simulation is no finding.
        Err(violation) if same_kind(&violation, &best.1) => {
            *best = (script, violation);
            true
        }
        _ => false,
    }
}

/// Whether two violations begin with the same word.
fn same_kind(a: &str, b: &str) -> bool {
    a.split(' ').next() == b.split(' ').next()
}

fn drop_steps(best: &mut (Script, String), tries: &mut usize) {
    let mut size = (best.0.steps.len() / 2).max(1);
    loop {
        let mut at = 0;
        while at < best.0.steps.len() {
            let mut script = best.0.clone();
            let end = (at + size).min(script.steps.len());
            script.steps.drain(at..end);
            if !try_out(best, script, tries) {
                at += size;
            }
        }
        if size == 1 {
            return;
        }
        size /= 2;
    }
}

fn shorten_texts(best: &mut (Script, String), tries: &mut usize) {
    for text in shorter(&best.0.text.clone()) {
        let script = Script {
            text,
            ..best.0.clone()
        };
        if try_out(best, script, tries) {
            break;
        }
    }
    for at in 0..best.0.steps.len() {
        for step in simpler(&best.0.steps[at].clone()) {
            let mut script = best.0.clone();
            script.steps[at] = step;
            if try_out(best, script, tries) {
                break;
            }
        }
    }
}

fn simpler(step: &Step) -> Vec<Step> {
    let texts = |text: &str| shorter(text).into_iter();
    match step {
        Step::Type(place, text) => texts(text).map(|text| Step::Type(*place, text)).collect(),
        Step::Delete(place, count) if *count > 1 => vec![Step::Delete(*place, count - 1)],
        Step::Start(at, lines, apply, answer, ending) => {
            let fewer = lines.checked_sub(1).filter(|lines| *lines > 0);
            let fewer = fewer.map(|lines| Step::Start(*at, lines, *apply, answer.clone(), *ending));
            let answers = texts(answer);
            let shorter = answers.map(|answer| Step::Start(*at, *lines, *apply, answer, *ending));
            fewer.into_iter().chain(shorter).collect()
        }
        Step::Redirect(which, answer, ending) => texts(answer)
            .map(|answer| Step::Redirect(*which, answer, *ending))
            .collect(),
        Step::Serve(count) if *count > 1 => vec![Step::Serve(count - 1)],
        _ => Vec::new(),
    }
}

/// Texts with one line less, or one character less in one line.
fn shorter(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = Vec::new();
    if lines.len() > 1 {
        for drop in 0..lines.len() {
            let kept = lines.iter().enumerate().filter(|(at, _)| *at != drop);
            out.push(kept.map(|(_, line)| *line).collect());
        }
    }
    for (at, ch) in text.char_indices() {
        if !matches!(ch, '\r' | '\n') {
            out.push(format!("{}{}", &text[..at], &text[at + ch.len_utf8()..]));
        }
    }
    out.retain(|it| !it.is_empty());
    out
}
