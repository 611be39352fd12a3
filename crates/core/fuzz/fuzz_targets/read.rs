//! Any bytes are a line or are refused; what is read of a line is put together to the same line again.

#![no_main]

#[path = "../../tests/support/writable.rs"]
mod writable;

use libfuzzer_sys::fuzz_target;
use veritable_core::chain::Line0;
use veritable_core::line::read;

fuzz_target!(|text: &[u8]| {
    match read(text) {
        Ok(line) => {
            assert_eq!(line.as_str().as_bytes(), text);
            assert!(writable::is_line(&line));
        }
        Err(refused) => assert!(refused.offset <= text.len()),
    }
    if let Ok(zero) = Line0::read(text) {
        assert_eq!(zero.configuration().line().unwrap().as_bytes(), text);
    }
});
