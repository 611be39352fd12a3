//! Any bytes are a jsonb or damage: no panic, no endless loop, and the same answer twice.
//!
//! Run with `cargo +nightly fuzz run jsonb` in `crates/core`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_core::line::jsonb;

fuzz_target!(|stored: &[u8]| {
    let (mut first, mut second) = (Vec::new(), b"before".to_vec());
    let result = jsonb::write(&mut first, stored);
    assert_eq!(result, jsonb::write(&mut second, stored));
    assert_eq!(second.strip_prefix(b"before"), Some(&first[..]));
    // The root and each value within are brackets, literals, strings or numbers: never a bare control character.
    assert!(first.iter().all(|&byte| byte >= 0x20));
});
