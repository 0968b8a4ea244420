//! The simulation that proves the edit engine: editors, people and models as values, and an oracle that knows
//! whose every character is.
//!
//! | module | what it holds |
//! |---|---|
//! | [`step`] | one thing that happens, as data: printed, saved, read back |
//! | [`alphabet`] | who writes with which characters |
//! | [`page`] | an editor's text as characters with an owner; markers of the regions under rewrite |
//! | [`editor`] | how each real client treats edits, versions and reports |
//! | [`model`] | answers of a model, and what they mean for a region |
//! | [`person`] | what happens next: typing, deciding, streaming, delays, by seeded chance |
//! | [`world`] | editor, wires, mirror and engine; runs steps, brings everything to rest |
//! | [`oracle`] | the invariants I1–I8, from the page and plain strings |
//! | [`shrink`] | a failing case made short |
//! | [`coverage`] | which state met which event under which editor |
//! | [`simulation`] | seeds to cases to verdicts |
//! | [`fuzzing`] | what the fuzz targets check; their corpus is replayed by the tests |
//!
//! Nothing here is shipped; it knows the engine only by its public interface.

pub mod alphabet;
pub mod coverage;
pub mod editor;
pub mod fuzzing;
pub mod model;
pub mod oracle;
pub mod page;
pub mod person;
pub mod shrink;
pub mod simulation;
pub mod step;
pub mod world;
