//! A string is escaped a run at a time exactly as it would be a byte at a time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_core::line::string;

fuzz_target!(|text: &[u8]| {
    let mut expected = vec![b'"'];
    for &byte in text {
        match byte {
            0x08 => expected.extend(b"\\b"),
            0x0c => expected.extend(b"\\f"),
            b'\n' => expected.extend(b"\\n"),
            b'\r' => expected.extend(b"\\r"),
            b'\t' => expected.extend(b"\\t"),
            b'"' | b'\\' => expected.extend([b'\\', byte]),
            0..0x20 => expected.extend(format!("\\u{byte:04x}").bytes()),
            _ => expected.push(byte),
        }
    }
    expected.push(b'"');
    let mut out = Vec::new();
    string::write(&mut out, text).unwrap();
    assert_eq!(out, expected);
});
