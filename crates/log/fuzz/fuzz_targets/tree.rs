//! Any sizes and hashes are a proof or are refused; tiles that anybody has made give a root, a proof or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_log::tile::{TileId, WIDTH};
use veritable_log::tree::NodeHash;
use veritable_log::{Builder, prove, verify};

fuzz_target!(|input: (u64, u64, u8, &[u8])| {
    let (one, other, cut, bytes) = input;
    let hashes: Vec<NodeHash> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(bytes);
            NodeHash::new(hash)
        })
        .collect();
    let (Some(&first), Some(&last)) = (hashes.first(), hashes.last()) else { return };
    // A proof of so few different hashes would be a collision of SHA-256, unless it has none.
    assert!(verify::inclusion(&first, one, other, &hashes, &last).is_err());
    assert!(verify::consistency(one, other, &hashes, &first, &last).is_err());
    // Tiles of the same few hashes, some of which are cut.
    let mut tiles = |id: TileId, width: u16| {
        let width = if id.number % 16 == u64::from(cut) { cut.into() } else { width };
        assert!(width <= WIDTH);
        Ok::<_, ()>((0..usize::from(width)).map(|place| hashes[place % hashes.len()]).collect())
    };
    let root = prove::root(&mut tiles, other);
    if let Ok(mut builder) = Builder::resume(other, &mut tiles) {
        assert_eq!(root, Ok(builder.root()));
        if other < u64::MAX >> 1 {
            builder.push(first, &mut |_, _| Ok::<_, ()>(())).unwrap();
            assert_eq!(builder.size(), other + 1);
        }
    }
    let proof = prove::inclusion(&mut tiles, one, other);
    assert!(proof.is_ok() <= (one < other));
    let proof = prove::consistency(&mut tiles, one, other);
    assert!(proof.is_ok() <= (one > 0 && one <= other));
});
