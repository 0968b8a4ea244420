//! What happens when a proposal meets the user's typing: one list of cases, each a test, and the page that shows
//! them. The policy page for users names tests; that they exist is checked here too.
//!
//! | module | what it holds |
//! |---|---|
//! | `case` | what a case is |
//! | `cases` | the cases, by section |
//! | `run` | a case brought to its end in every manner |
//! | `world` | the editor, the engine and the models of a run |
//! | `editor` | the user's editor |
//! | `page` | `docs/typing.md`, from the cases |
//! | `policy` | the tests that `docs/what-happens-when.md` names |

mod case;
mod cases;
mod editor;
mod page;
mod policy;
mod run;
mod world;
