//! Runs `test_support::fuzzing::model_frames`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::model_frames::check;

fuzz_target!(|data: &[u8]| check(data));
