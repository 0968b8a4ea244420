//! Runs `test_support::fuzzing::rewrites`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use test_support::fuzzing::rewrites::check;

fuzz_target!(|data: &[u8]| check(data));
