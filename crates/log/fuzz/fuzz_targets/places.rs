//! Any bytes are the places of a tile or are refused; places are written in one way only.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_log::places::{decode, encode};
use veritable_log::tile;

fuzz_target!(|input: (i64, u16, &[u8])| {
    let (first, count, bytes) = input;
    if let Ok(places) = decode(bytes, first, count.into()) {
        assert_eq!(places.len(), usize::from(count));
        assert_eq!(places[0].position, first);
        assert!(places.is_sorted_by(|before, place| before.position < place.position));
        assert_eq!(encode(&places).unwrap(), bytes);
    }
    if let Some(hashes) = tile::from_bytes(bytes) {
        assert_eq!(tile::to_bytes(&hashes), bytes);
    }
});
