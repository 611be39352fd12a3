//! What several tests share.

#![allow(dead_code, reason = "each test uses a part of it")]

/// The records of a golden file: its lines without comments and empty ones, split at tabs.
pub fn records(golden: &str) -> Vec<Vec<&str>> {
    let records: Vec<_> = golden
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(!records.is_empty());
    records
}

/// The bytes whose hex digits are given.
pub fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2));
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

/// What `write` appends, as text.
pub fn written<T>(write: impl FnOnce(&mut Vec<u8>) -> T) -> String {
    let mut out = b"before".to_vec();
    write(&mut out);
    assert!(out.starts_with(b"before"), "a writer only appends");
    String::from_utf8(out.split_off(6)).unwrap()
}
