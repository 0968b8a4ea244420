//! Runs `test_support::fuzzing::output_cleaning`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::output_cleaning::check;

fuzz_target!(|data: &[u8]| check(data));
