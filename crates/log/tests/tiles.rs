//! Tiles are those of c2sp.org/tlog-tiles, in path, width and content.

mod support;

use sha2::{Digest, Sha256};
use support::{Tree, hash, hex, leaves, to_hex};
use veritable_log::prove;
use veritable_log::tile::{self, TileError, TileId, WIDTH};
use veritable_log::tree::{SIZE_MAX, root};

/// Of the entries 0 to 69,999 as eight bytes each.
const SYNTHETIC_ROOTS: [(u64, &str); 10] = [
    (1, "3e7077fd2f66d689e0cee6a7cf5b37bf2dca7c979af356d0a31cbc5c85605c7d"),
    (2, "a7d91894b61fbf46378d88e3e1b1f7aef39532c504b484bd31551d15e0a09dff"),
    (3, "9b4965f8b220ba42f7039ad0781c966cf90bb1aea15a80586d634b322ab1f4ce"),
    (255, "bb3b9743e08118ea583ae77df04a1449a0601cde6f75146d79c2cab6366ce210"),
    (256, "15e2dd4973ae44de8c8cf3048fd98d17adaaea6287f4e0606a55a643617408c0"),
    (257, "d418c0873259bce7d0561ab004486112416c1c4490865415342bfe06e673146c"),
    (65535, "e7321cd57abf36c522d89e6d26bd9098a37b6a8b06b318976269e701f6d4802d"),
    (65536, "bc9bca909516d5bf148c2bf2dea0a0d9f717ce4987d2fe7504d6694363b41598"),
    (65537, "a901bb447a4b4c361cdf559658f27f24a8a3ebbc49257c472efe950932d4853a"),
    (70000, "0759167a0f98e35e802d46ff7c7d29d2c3f03a63a256deb6abbff357a91b63b1"),
];

#[test]
fn the_synthetic_tree_has_its_roots_and_tiles() {
    let leaves = leaves(70_000);
    let mut tree = Tree::of(leaves.iter().copied());
    for (size, expected) in SYNTHETIC_ROOTS {
        assert_eq!(root(&leaves[..size as usize]), hash(expected), "size {size}");
        // Former sizes, from the tiles of the present one.
        assert_eq!(prove::root(&mut tree, size), Ok(hash(expected)), "size {size}");
    }
    assert_eq!(tree.builder.root(), hash(SYNTHETIC_ROOTS[9].1));
    let expected = [
        ("tile/0/000", "20cd0859c7fb4ae9eeac1d244887e6f9342d86ce0b1a1c7bb244915d3d0dc971"),
        ("tile/0/273.p/112", "c7ebb1581fb37d08e8c14ef23ce02ebd07d79d783b6515c740d8b9f566ef0289"),
        ("tile/1/000", "dbf848d70619481ec09adf64ff73d027ffd27f3cab12570d5087d7e9fede902a"),
        ("tile/1/001.p/17", "4fd210567f39abfd6af3acd3f895698cbaaf1b83bd764f98d7d81f431454aa54"),
    ];
    let paths = |(id, hashes): (&TileId, &Vec<_>)| (id.path(hashes.len() as u16), tile::to_bytes(hashes));
    let stored: std::collections::BTreeMap<String, Vec<u8>> = tree.tiles.iter().map(paths).collect();
    for (path, expected) in expected {
        assert_eq!(to_hex(&Sha256::digest(&stored[path])), expected, "{path}");
    }
    assert_eq!(to_hex(&stored["tile/2/000.p/1"]), SYNTHETIC_ROOTS[7].1);
    // The full tiles and the partial ones, and no other.
    assert_eq!(stored.len(), 273 + 1 + 1 + 1 + 1);
    let expected: Vec<(TileId, u16)> = tree.tiles.iter().map(|(id, hashes)| (*id, hashes.len() as u16)).collect();
    assert_eq!(tile::tiles(70_000).collect::<Vec<_>>(), expected);
}

#[test]
fn a_tile_has_the_path_of_the_standard() {
    let path = |level, number, width| TileId { level, number }.path(width);
    assert_eq!(path(0, 0, WIDTH), "tile/0/000");
    assert_eq!(path(0, 273, WIDTH), "tile/0/273");
    assert_eq!(path(0, 273, 112), "tile/0/273.p/112");
    assert_eq!(path(1, 999, WIDTH), "tile/1/999");
    assert_eq!(path(1, 1000, 1), "tile/1/x001/000.p/1");
    assert_eq!(path(7, 1_234_067, WIDTH), "tile/7/x001/x234/067");
    assert_eq!(path(63, 1_000_000, 255), "tile/63/x001/x000/000.p/255");
}

#[test]
fn a_tree_has_the_tiles_of_its_size() {
    let tiles = |size| tile::tiles(size).map(|(id, width)| (id.level, id.number, width)).collect::<Vec<_>>();
    assert_eq!(tiles(0), []);
    assert_eq!(tiles(1), [(0, 0, 1)]);
    assert_eq!(tiles(255), [(0, 0, 255)]);
    assert_eq!(tiles(256), [(0, 0, 256), (1, 0, 1)]);
    assert_eq!(tiles(257), [(0, 0, 256), (0, 1, 1), (1, 0, 1)]);
    let partial = |size| tile::partial_tiles(size).map(|(id, width)| (id.level, id.number, width)).collect::<Vec<_>>();
    assert_eq!(partial(0), []);
    assert_eq!(partial(256), [(1, 0, 1)]);
    assert_eq!(partial(70_000), [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
    assert_eq!(partial(SIZE_MAX).len(), 8);
    assert_eq!(partial(SIZE_MAX)[7], (7, 0, 127));
    // A tile that the tree has not.
    assert_eq!(TileId { level: 0, number: 274 }.width(70_000), 0);
    assert_eq!(TileId { level: 255, number: u64::MAX }.width(u64::MAX), 0);
}

#[test]
fn bytes_of_no_tile_are_refused() {
    let hashes = leaves(256);
    assert_eq!(tile::from_bytes(&tile::to_bytes(&hashes)), Some(hashes.clone()));
    assert_eq!(tile::from_bytes(&tile::to_bytes(&hashes[..1])), Some(hashes[..1].to_vec()));
    for length in [0, 1, 31, 33, 257 * 32] {
        assert_eq!(tile::from_bytes(&vec![7; length]), None, "{length} bytes");
    }
}

#[test]
fn a_rebuilt_tree_names_the_tiles_that_differ() {
    let mut tree = Tree::of(leaves(70_000));
    let differing = |tree: &mut Tree| {
        let mut differ = Vec::new();
        let root = prove::rebuild(tree, 70_000, &mut |id| {
            differ.push(id);
            Ok(())
        });
        (root, differ)
    };
    let honest = hash(SYNTHETIC_ROOTS[9].1);
    assert_eq!(differing(&mut tree), (Ok(honest), vec![]));
    // A hash above the leaves does not change the root over the leaves, and is named.
    for id in [TileId { level: 1, number: 0 }, TileId { level: 1, number: 1 }, TileId { level: 2, number: 0 }] {
        let kept = tree.tiles.clone();
        tree.tiles.get_mut(&id).unwrap()[0] = hash(SYNTHETIC_ROOTS[0].1);
        assert_eq!(differing(&mut tree), (Ok(honest), vec![id]));
        tree.tiles = kept;
    }
    // A leaf changes everything above it.
    tree.tiles.get_mut(&TileId { level: 0, number: 3 }).unwrap()[5] = hash(SYNTHETIC_ROOTS[0].1);
    let (root, differ) = differing(&mut tree);
    assert_ne!(root, Ok(honest));
    assert_eq!(differ, [TileId { level: 1, number: 0 }, TileId { level: 2, number: 0 }]);
}

#[test]
fn a_tile_that_is_short_or_missing_is_an_error() {
    let mut tree = Tree::of(leaves(300));
    let id = TileId { level: 0, number: 1 };
    tree.tiles.get_mut(&id).unwrap().pop();
    let short = TileError::Width { id, expected: 44, found: 43 };
    assert_eq!(prove::root(&mut tree, 300), Err(short.clone()));
    assert_eq!(prove::inclusion(&mut tree, 299, 300), Err(short.clone().into()));
    assert_eq!(prove::consistency(&mut tree, 1, 300), Err(short.clone().into()));
    assert_eq!(prove::rebuild(&mut tree, 300, &mut |_| Ok(())), Err(short.clone()));
    assert_eq!(short.to_string(), "The tile tile/0/001 has 43 hashes instead of 44.");
    // A smaller tree has all its tiles.
    assert!(prove::root(&mut tree, 299).is_ok());
    tree.tiles.remove(&id);
    let missing = prove::root(&mut tree, 299).unwrap_err();
    assert_eq!(missing.to_string(), "there is no tile tile/0/001");
}

#[test]
fn subtrees_hash_as_published() {
    // From the tests of transparency-dev/merkle, for draft-ietf-plants-merkle-tree-certs: a hash over all valid subtrees.
    let leaves: Vec<_> = (0..130u8).map(|number| veritable_log::tree::leaf_hash(&[number])).collect();
    let mut lines = Sha256::new();
    for end in 0..=130usize {
        for start in 0..=end {
            if start == end || start.is_multiple_of((end - start).next_power_of_two()) {
                let hash = root(&leaves[start..end]);
                lines.update(format!("[{start}, {end}) {}\n", to_hex(hash.as_bytes())));
            }
        }
    }
    let expected = hex("b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
    assert_eq!(lines.finalize().as_slice(), expected);
}
