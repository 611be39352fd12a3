//! Any bytes are a numeric or damage; what is no special is a number to Rust, too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_core::line::numeric;

fuzz_target!(|stored: &[u8]| {
    let mut out = Vec::new();
    if numeric::text(&mut out, stored).is_ok() {
        let text = std::str::from_utf8(&out).unwrap();
        let number: f64 = text.parse().unwrap();
        assert_eq!(number.is_sign_negative() && !number.is_nan(), text.starts_with('-'));
    }
});
