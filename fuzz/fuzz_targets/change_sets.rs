//! Runs `test_support::fuzzing::change_sets`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::change_sets::check;

fuzz_target!(|data: &[u8]| check(data));
