//! All cases, by section, in the order of the page.

mod across;
mod characters;
mod edges;
mod ends;
mod flight;
mod formatting;
mod hunks;
mod inside;
mod lines;
mod ours;
mod preview;
mod several;
mod undo;

use crate::case::Section;

/// Every section.
pub(crate) const SECTIONS: &[Section] = &[
    edges::SECTION,
    across::SECTION,
    inside::SECTION,
    lines::SECTION,
    ours::SECTION,
    hunks::SECTION,
    preview::SECTION,
    several::SECTION,
    flight::SECTION,
    undo::SECTION,
    formatting::SECTION,
    characters::SECTION,
    ends::SECTION,
];
