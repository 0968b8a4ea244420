//! The committed corpus of the fuzz targets through the same checks, with the stable compiler. Frames of the editor
//! are replayed in the tests of `server`.

use std::path::Path;

use test_support::fuzzing::{
    change_sets, corpus, diff_pieces, model_frames, output_cleaning, rewrites,
};

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    corpus::replay(&folder.join(target), check);
}

#[test]
fn change_sets_hold() {
    replay("change_sets", change_sets::check);
}

#[test]
fn diff_pieces_hold() {
    replay("diff_pieces", diff_pieces::check);
}

#[test]
fn model_frames_hold() {
    replay("model_frames", model_frames::check);
}

#[test]
fn output_cleaning_holds() {
    replay("output_cleaning", output_cleaning::check);
}

#[test]
fn rewrites_hold() {
    replay("rewrites", rewrites::check);
}
