//! A blocked Bloom filter: the bits of a key lie in one line of the processor's cache, on one page.
//!
//! A layer is a number of pages, one behind the other. A key that is in no layer has never been put in. When a layer is full, the filter
//! gets another one, four times as large.

use super::directory::{Entry, Layer};
use crate::pg::pages::{Bytes, Pages, SIZE};

/// A line of the processor's cache, in bytes, and in bits.
const LINE: usize = 64;
const BITS: u32 = 512;
/// The header of a page: the name of the filter, the number of the layer, that of the page, and how many keys came to the page.
const NAME: usize = 0;
const LAYER: usize = 8;
const NUMBER: usize = 12;
const COUNT: usize = 16;
/// The lines of a page: the first is the header.
const LINES: u64 = (SIZE / LINE - 1) as u64;
/// The bits that a key sets, each by nine bits of a hash.
const BITS_OF_KEY: u32 = 6;
/// The number of keys for which a page has twelve bits each: half a percent of other keys look as if they were there.
pub const KEYS_OF_PAGE: u32 = LINES as u32 * BITS / 12;

/// The answer of [`put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The key was certainly not in the filter. It is now, and maybe the filter is full.
    New { is_full: bool },
    /// The key, or others with its bits, are in the filter.
    There,
    /// A page is gone: the filter is worth nothing.
    Gone,
}

/// The place of a key in a layer.
struct Place {
    page: u32,
    line: usize,
    bits: u64,
}

impl Place {
    /// The hash is mixed with the name of the filter, which is drawn by lot: nobody can choose keys that share their bits.
    fn of(hash: u64, name: u64, layer: Layer) -> Place {
        let first = mix(hash ^ name);
        let line = (u128::from(first) * u128::from(u64::from(layer.pages) * LINES)) >> 64;
        let line = line as u64;
        Place {
            page: (line / LINES) as u32,
            line: (1 + (line % LINES) as usize) * LINE,
            bits: mix(first.wrapping_add(name | 1)),
        }
    }

    /// The bytes of the bits, each with its mask.
    fn each(&self) -> impl Iterator<Item = (usize, u8)> {
        let line = self.line;
        (0..BITS_OF_KEY).map(move |i| {
            let bit = (self.bits >> (9 * i)) as u32 % BITS;
            (line + bit as usize / 8, 1 << (bit % 8))
        })
    }
}

/// The finalizer of MurmurHash3: each bit of the result depends on each of the argument.
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Makes a page part of a layer, without a key.
pub fn begin(bytes: &mut Bytes, name: u64, layer: u32, number: u32) {
    bytes.fill(0);
    bytes[NAME..NAME + 8].copy_from_slice(&name.to_ne_bytes());
    bytes[LAYER..LAYER + 4].copy_from_slice(&layer.to_ne_bytes());
    bytes[NUMBER..NUMBER + 4].copy_from_slice(&number.to_ne_bytes());
}

/// Whether the page is this one of this layer of this filter.
fn is_right(bytes: &Bytes, name: u64, layer: u32, number: u32) -> bool {
    bytes[NAME..NAME + 8] == name.to_ne_bytes()
        && bytes[LAYER..LAYER + 4] == layer.to_ne_bytes()
        && bytes[NUMBER..NUMBER + 4] == number.to_ne_bytes()
}

/// Puts a key into the newest layer, unless a layer has it.
pub fn put(pages: &Pages, entry: &Entry, hash: u64) -> Put {
    let Some((newest, older)) = entry.layers().split_last() else { return Put::Gone };
    for (number, &layer) in (0..).zip(older) {
        let place = Place::of(hash, entry.name, layer);
        let found = pages.read(layer.start + place.page, |bytes| {
            is_right(bytes, entry.name, number, place.page)
                .then(|| place.each().all(|(byte, mask)| bytes[byte] & mask != 0))
        });
        match found.flatten() {
            None => return Put::Gone,
            Some(true) => return Put::There,
            Some(false) => {}
        }
    }
    let place = Place::of(hash, entry.name, *newest);
    let set = pages.change(newest.start + place.page, |bytes| {
        if !is_right(bytes, entry.name, older.len() as u32, place.page) {
            return (Put::Gone, false);
        }
        let mut is_new = false;
        for (byte, mask) in place.each() {
            is_new |= bytes[byte] & mask == 0;
            bytes[byte] |= mask;
        }
        if !is_new {
            return (Put::There, false);
        }
        let count = u32::from_ne_bytes([bytes[COUNT], bytes[COUNT + 1], bytes[COUNT + 2], bytes[COUNT + 3]]);
        let count = count.saturating_add(1);
        bytes[COUNT..COUNT + 4].copy_from_slice(&count.to_ne_bytes());
        (Put::New { is_full: count > KEYS_OF_PAGE }, true)
    });
    set.unwrap_or(Put::Gone)
}
