//! Runs `test_support::fuzzing::lsp_frames` on the language server's reader and the framework behind it.

#![no_main]

#[path = "../../crates/server/tests/fuzz_corpus/pipe.rs"]
mod pipe;

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::lsp_frames::check;

fuzz_target!(|data: &[u8]| check(data, &pipe::Pipe));
