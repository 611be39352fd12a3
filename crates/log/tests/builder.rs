//! The growing tree is the tree of RFC 6962, however it has grown.

mod support;

use std::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use support::{Tree, leaves, rfc};
use veritable_log::Builder;
use veritable_log::tile::{self, TileError, TileId};
use veritable_log::tree::{EMPTY_ROOT, NodeHash};

fn nothing(_: TileId, _: &[NodeHash]) -> Result<(), Infallible> {
    Ok(())
}

#[test]
fn every_size_has_the_root_of_the_definition() {
    let leaves = leaves(600);
    let mut builder = Builder::new();
    assert_eq!(builder.root(), EMPTY_ROOT);
    for (size, leaf) in (1..).zip(&leaves) {
        builder.push(*leaf, &mut nothing).unwrap();
        assert_eq!(builder.size(), size as u64);
        assert_eq!(builder.root(), rfc::mth(&leaves[..size]), "size {size}");
    }
}

#[test]
fn a_resumed_tree_reads_the_partial_tiles_alone_and_goes_on() {
    let leaves = leaves(66_000);
    let mut tree = Tree::of(leaves[..65_900].iter().copied());
    for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_900] {
        tree.reads = 0;
        let mut resumed = Builder::resume(size, &mut tree).unwrap();
        assert_eq!(tree.reads, tile::partial_tiles(size).count(), "size {size}");
        let mut from_the_start = Builder::new();
        for leaf in &leaves[..size as usize] {
            from_the_start.push(*leaf, &mut nothing).unwrap();
        }
        assert_eq!(resumed, from_the_start, "size {size}");
        resumed.push(leaves[size as usize], &mut nothing).unwrap();
        from_the_start.push(leaves[size as usize], &mut nothing).unwrap();
        assert_eq!(resumed.root(), from_the_start.root());
    }
}

#[test]
fn a_tree_cannot_be_resumed_without_its_tiles() {
    let mut tree = Tree::of(leaves(300));
    assert!(matches!(Builder::resume(600, &mut tree), Err(TileError::Unreadable(_))));
    assert!(matches!(Builder::resume(301, &mut tree), Err(TileError::Width { expected: 45, found: 44, .. })));
    // Someone who gives more than was asked for is not heard either.
    let mut generous = |_: TileId, _: u16| Ok::<_, Infallible>(leaves(256));
    assert!(matches!(Builder::resume(300, &mut generous), Err(TileError::Width { expected: 44, found: 256, .. })));
}

#[test]
fn an_error_of_who_stores_a_tile_ends_the_growth() {
    let mut builder = Builder::new();
    let mut fails = |id: TileId, _: &[NodeHash]| Err(id);
    for leaf in &leaves(255) {
        builder.push(*leaf, &mut fails).unwrap();
    }
    assert_eq!(builder.push(leaves(1)[0], &mut fails), Err(TileId { level: 0, number: 0 }));
}

/// Memory is flat: what a builder holds is bounded, whatever the size.
#[test]
fn a_builder_holds_less_than_a_tile_of_each_level() {
    let mut builder = Builder::new();
    for leaf in leaves(70_000) {
        builder.push(leaf, &mut nothing).unwrap();
        let held: usize = builder.partial().map(|(_, hashes)| hashes.len()).sum();
        assert!(held <= 3 * 255);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_tree_that_grows_in_pieces_is_the_tree(pieces in vec(0_usize..300, 1..8)) {
        let leaves = leaves(pieces.iter().sum());
        let mut grown = Tree::default();
        let mut rest = &leaves[..];
        for piece in pieces {
            let (now, later) = rest.split_at(piece);
            // Each time, only the tiles are left of what was before.
            let size = grown.builder.size();
            grown.builder = Builder::resume(size, &mut grown.clone()).unwrap();
            grown.grow(now.iter().copied());
            rest = later;
        }
        prop_assert_eq!(grown.builder.root(), rfc::mth(&leaves));
        let whole = Tree::of(leaves.iter().copied());
        prop_assert_eq!(&grown.tiles, &whole.tiles);
        let widths: Vec<_> = whole.tiles.iter().map(|(id, hashes)| (*id, hashes.len() as u16)).collect();
        prop_assert_eq!(widths, tile::tiles(leaves.len() as u64).collect::<Vec<_>>());
    }
}

/// Run with `cargo test --release --package veritable_log --test builder -- --ignored --nocapture`.
#[test]
#[ignore = "measures, and says nothing in a build without optimizations"]
fn a_million_leaves_a_second() {
    let count = 3_000_000;
    let entries: Vec<[u8; 32]> = leaves(1000).iter().map(|hash| *hash.as_bytes()).collect();
    let start = std::time::Instant::now();
    let mut builder = Builder::new();
    for entry in entries.iter().cycle().take(count) {
        builder.push(veritable_log::tree::leaf_hash(entry), &mut nothing).unwrap();
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{:.2} million events a second, hashing of the leaves included: {}", rate / 1e6, builder.root());
    assert!(rate > 1e6);
}
