//! From a seed to a session to a verdict; from a script to the same; and many of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::coverage::Coverage;
use crate::editor::{MODELS, Model};
use crate::person::{self, Temper};
use crate::step::Script;
use crate::world::World;

/// What came of one session.
#[derive(Debug)]
pub struct Verdict {
    /// What happened.
    pub script: Script,
    /// What did not hold, if anything.
    pub violation: Option<String>,
    /// Steps run.
    pub steps: u64,
    /// What was met.
    pub coverage: Coverage,
}

/// Runs the session of a seed under an editor, by the seed where none is named.
pub fn run_seed(seed: u64, model: Option<&'static Model>) -> Verdict {
    let mut rng = fastrand::Rng::with_seed(seed);
    let model = model.unwrap_or(&MODELS[rng.usize(0..MODELS.len())]);
    let mut script = Script {
        editor: model.name.to_owned(),
        text: person::text(&mut rng),
        steps: Vec::new(),
        accept: rng.bool(),
    };
    let temper = Temper::any(&mut rng);
    let length = rng.usize(20..140);
    let mut world = World::new(model, &script.text);
    let violation = caught(|| {
        for _ in 0..length {
            let step = person::next(&mut rng, &temper, &world);
            script.steps.push(step.clone());
            world.step(&step)?;
        }
        world.rest(script.accept)
    });
    Verdict {
        violation: violation.err(),
        steps: world.steps,
        coverage: world.coverage,
        script,
    }
}

/// Runs a script; gives what did not hold.
///
/// # Errors
/// What did not hold, or that there is no such editor.
pub fn run_script(script: &Script) -> Result<(), String> {
    let model =
        Model::named(&script.editor).ok_or_else(|| format!("no editor {:?}", script.editor))?;
    let mut world = World::new(model, &script.text);
    caught(|| {
        for step in &script.steps {
            world.step(step)?;
        }
        world.rest(script.accept)
    })
}

/// A panic of the engine is a violation like any other.
fn caught(run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!("panic: {}", words.unwrap_or_default()))
    })
}
