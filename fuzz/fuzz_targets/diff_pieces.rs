//! Runs `test_support::fuzzing::diff_pieces`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::diff_pieces::check;

fuzz_target!(|data: &[u8]| check(data));
