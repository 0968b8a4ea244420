//! Random rewrites with typing all the while, for the editors in which many are made: what a region holds before and
//! after, what is typed where, and what the text has to be then. How an editor is typed into is the test's matter.

use fastrand::Rng;

use crate::model_server::{Action, Answer, Gate, Request, cut};

/// Lines of the region.
pub const REGION: usize = 16;

/// One rewrite: the region before and after, and what is typed while it streams.
pub struct Round {
    pub old: Vec<String>,
    pub new: Vec<String>,
    /// In the order in which it is typed.
    pub typed: Vec<Typed>,
    /// `accept` or `reject`.
    pub verdict: &'static str,
}

/// A word typed into some place.
pub struct Typed {
    pub place: Place,
    pub word: String,
}

#[derive(Clone)]
pub enum Place {
    /// A new line above everything.
    Above,
    /// A new line below everything.
    Below,
    /// At the end of the line of the region that begins so; the model leaves it as it is.
    Kept(String),
}

impl Round {
    /// A round of that number, by chance.
    pub fn new(number: usize, rng: &mut Rng) -> Round {
        let mut old = Vec::new();
        let mut new = Vec::new();
        let mut kept = Vec::new();
        for line in 0..REGION {
            let name = format!("name_{number}_{line}");
            let text = format!("{name} = {}  # 漢字 𝄞", rng.u16(..));
            old.push(text.clone());
            match rng.u8(..6) {
                0 => new.push(text.replace("name", "renamed")),
                1 => new.extend([text, format!("added_{number}_{line} = 'é'")]),
                2 if line > 0 && line + 1 < REGION => {}
                _ => {
                    kept.push(format!("{name} "));
                    new.push(text);
                }
            }
        }
        if old == new {
            new[0].push_str(" changed");
            kept.retain(|name| !old[0].starts_with(name.as_str()));
        }
        let n_typed = rng.usize(1..4);
        let typed = (0..n_typed)
            .map(|index| Typed {
                place: match rng.u8(..4) {
                    0 => Place::Above,
                    1 => Place::Below,
                    _ if kept.is_empty() => Place::Above,
                    _ => Place::Kept(kept[rng.usize(..kept.len())].clone()),
                },
                word: format!("mine_{number}_{index}_ü"),
            })
            .collect();
        let verdict = if rng.u8(..4) == 0 { "reject" } else { "accept" };
        Round {
            old,
            new,
            typed,
            verdict,
        }
    }

    /// The file with this region and everything that was typed.
    ///
    /// # Panics
    /// When the region is neither the old nor the new one.
    pub fn text(&self, region: &[String]) -> String {
        let mut lines = vec!["# first".to_owned()];
        lines.extend_from_slice(region);
        lines.push("# last".to_owned());
        for typed in &self.typed {
            match &typed.place {
                Place::Above => lines.insert(0, typed.word.clone()),
                Place::Below => lines.push(typed.word.clone()),
                Place::Kept(name) => {
                    let line = lines
                        .iter_mut()
                        .find(|line| line.starts_with(name.as_str()));
                    line.expect("the model keeps it").push_str(&typed.word);
                }
            }
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The file before it.
    pub fn untouched(&self) -> String {
        let lines = [
            &["# first".to_owned()],
            &self.old[..],
            &["# last".to_owned()],
        ]
        .concat();
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The answer of a round, its new lines, in small pieces, some behind gates.
pub fn answer(request: &Request, new: &[String], gates: &[Gate], rng: &mut Rng) -> Vec<Action> {
    let text: String = new.iter().map(|line| format!("{line}\n")).collect();
    let pieces = cut(&text, 12, rng);
    let every = pieces.len().div_ceil(gates.len());
    let mut answer = Answer::to(request);
    for (at, piece) in pieces.into_iter().enumerate() {
        if at % every == 0 {
            answer = answer.hold(&gates[at / every]);
        }
        answer = answer.pieces([piece]);
    }
    answer.actions()
}
