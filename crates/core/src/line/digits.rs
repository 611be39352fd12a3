//! Decimal digits, two at a time.
#![allow(clippy::indexing_slicing, reason = "the tables have a fixed length")]

/// The decimal digits of 0 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// The last two digits of `n`.
#[inline]
pub(super) fn two(n: u32) -> [u8; 2] {
    PAIRS[(n % 100) as usize]
}

/// The last four digits of `n`.
#[inline]
pub(super) fn four(n: u32) -> [u8; 4] {
    let [a, b] = two(n / 100);
    let [c, d] = two(n);
    [a, b, c, d]
}

/// The last six digits of `n`.
#[inline]
pub(super) fn six(n: u32) -> [u8; 6] {
    let [a, b] = two(n / 10_000);
    let [c, d, e, f] = four(n);
    [a, b, c, d, e, f]
}
