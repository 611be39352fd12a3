//! Proofs are those of RFC 6962, and verify against their own tree alone.

mod support;

use proptest::prelude::*;
use support::{CT_LEAVES, Tree, hex, leaves, rfc};
use veritable_log::prove;
use veritable_log::tile::LEVELS;
use veritable_log::tree::{EMPTY_ROOT, NodeHash, leaf_hash, root};
use veritable_log::verify::{self, Error};

fn ct() -> Vec<NodeHash> {
    CT_LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect()
}

/// The first eight digits of hashes name them, in the tree of Certificate Transparency.
fn named(proof: &[NodeHash]) -> String {
    let names: Vec<String> = proof.iter().map(|hash| support::to_hex(&hash.as_bytes()[..4])).collect();
    names.join(" ")
}

#[test]
fn inclusion_proofs_are_the_published_ones() {
    let leaves = ct();
    let expected = [
        (0, 1, ""),
        (0, 8, "96a296d2 5f083f0a 6b47aaf2"),
        (5, 8, "bc1a0643 ca854ea1 d37ee418"),
        (2, 3, "fac54203"),
        (1, 5, "6e340b9c 5f083f0a bc1a0643"),
    ];
    let mut tree = Tree::of(leaves.iter().copied());
    for (index, size, expected) in expected {
        let proof = prove::inclusion(&mut tree, index, size).unwrap();
        assert_eq!(named(&proof), expected, "{index} of {size}");
        let root = root(&leaves[..size as usize]);
        assert_eq!(verify::inclusion(&leaves[index as usize], index, size, &proof, &root), Ok(()));
    }
}

#[test]
fn consistency_proofs_are_the_published_ones() {
    let leaves = ct();
    let expected = [
        (1, 1, ""),
        (1, 8, "96a296d2 5f083f0a 6b47aaf2"),
        (6, 8, "0ebc5d34 ca854ea1 d37ee418"),
        (2, 5, "5f083f0a bc1a0643"),
        (6, 7, "0ebc5d34 b08693ec d37ee418"),
    ];
    let mut tree = Tree::of(leaves.iter().copied());
    for (old, new, expected) in expected {
        let proof = prove::consistency(&mut tree, old, new).unwrap();
        assert_eq!(named(&proof), expected, "{old} to {new}");
        let roots = [old, new].map(|size| root(&leaves[..size as usize]));
        assert_eq!(verify::consistency(old, new, &proof, &roots[0], &roots[1]), Ok(()));
    }
}

/// All sizes up to two levels of tiles, and around their borders: the same hashes as the definition.
#[test]
fn proofs_from_tiles_are_those_of_the_definition() {
    let leaves = leaves(600);
    let mut tree = Tree::of(leaves.iter().copied());
    for size in (1..40).chain([255, 256, 257, 511, 512, 513, 600]) {
        let d = &leaves[..size];
        for index in (0..size).filter(|index| size < 40 || index % 41 == 0 || index + 2 > size) {
            let proof = prove::inclusion(&mut tree, index as u64, size as u64).unwrap();
            assert_eq!(proof, rfc::path(index, d), "{index} of {size}");
            assert_eq!(prove::leaf(&mut tree, index as u64, size as u64), Ok(d[index]));
            let old = index + 1;
            let proof = prove::consistency(&mut tree, old as u64, size as u64).unwrap();
            assert_eq!(proof, rfc::proof(old, d), "{old} to {size}");
        }
    }
}

#[test]
fn a_proof_reads_few_tiles() {
    let leaves = leaves(70_000);
    let mut tree = Tree::of(leaves.iter().copied());
    for index in [0, 1, 255, 256, 65_535, 65_536, 69_999] {
        tree.reads = 0;
        let proof = prove::inclusion(&mut tree, index, 70_000).unwrap();
        assert!(tree.reads <= 6, "{} tiles for leaf {index}", tree.reads);
        let leaf = leaves[index as usize];
        assert_eq!(verify::inclusion(&leaf, index, 70_000, &proof, &tree.builder.root()), Ok(()));
    }
    for old in [1, 255, 256, 300, 65_536, 65_537, 69_999] {
        tree.reads = 0;
        let proof = prove::consistency(&mut tree, old, 70_000).unwrap();
        assert!(tree.reads <= 6, "{} tiles for size {old}", tree.reads);
        let old_root = root(&leaves[..old as usize]);
        assert_eq!(verify::consistency(old, 70_000, &proof, &old_root, &tree.builder.root()), Ok(()));
    }
    assert_eq!(LEVELS, 8);
}

#[test]
fn there_is_no_proof_of_what_is_not_in_the_tree() {
    let mut tree = Tree::of(leaves(5));
    for (index, size) in [(0, 0), (5, 5), (6, 5), (u64::MAX, 5)] {
        let error = prove::inclusion(&mut tree, index, size).unwrap_err();
        assert_eq!(error.to_string(), format!("A tree of {size} leaves has no leaf {index}."));
        assert_eq!(prove::leaf(&mut tree, index, size).unwrap_err(), error);
    }
    let error = |old, new| prove::consistency(&mut tree.clone(), old, new).unwrap_err().to_string();
    assert_eq!(error(0, 5), "Every tree is consistent with the empty one: there is no proof.");
    assert_eq!(error(0, 0), "Every tree is consistent with the empty one: there is no proof.");
    assert_eq!(error(6, 5), "A tree of 6 leaves has not grown into one of 5.");
}

#[test]
fn a_refused_proof_says_why() {
    let leaves = leaves(7);
    let mut tree = Tree::of(leaves.iter().copied());
    let (root, leaf) = (tree.builder.root(), leaves[3]);
    let proof = prove::inclusion(&mut tree, 3, 7).unwrap();
    let inclusion = |leaf, index, size, proof: &[NodeHash]| verify::inclusion(leaf, index, size, proof, &root);
    assert_eq!(inclusion(&leaf, 7, 7, &proof), Err(Error::Index { index: 7, size: 7 }));
    assert_eq!(inclusion(&leaf, 0, 0, &[]), Err(Error::Index { index: 0, size: 0 }));
    assert_eq!(inclusion(&leaf, 3, 7, &proof[1..]), Err(Error::Length { expected: 3, found: 2 }));
    assert_eq!(inclusion(&leaves[2], 3, 7, &proof), Err(Error::Root));
    let old = rfc::mth(&leaves[..6]);
    let proof = prove::consistency(&mut tree, 6, 7).unwrap();
    let consistency = |size, proof: &[NodeHash], old, new| verify::consistency(size, 7, proof, old, new);
    assert_eq!(consistency(6, &proof, &old, &root), Ok(()));
    assert_eq!(consistency(6, &proof, &EMPTY_ROOT, &root), Err(Error::OldRoot));
    assert_eq!(consistency(6, &proof, &old, &EMPTY_ROOT), Err(Error::Root));
    assert_eq!(consistency(6, &[], &old, &root), Err(Error::Length { expected: 3, found: 0 }));
    assert_eq!(consistency(6, &proof[..2], &old, &root), Err(Error::Length { expected: 3, found: 2 }));
    assert_eq!(consistency(4, &proof[..2], &old, &root), Err(Error::Length { expected: 1, found: 2 }));
    assert_eq!(consistency(8, &proof, &old, &root), Err(Error::Sizes { old: 8, new: 7 }));
    assert_eq!(consistency(0, &[], &EMPTY_ROOT, &root), Err(Error::OldSizeZero));
    assert_eq!(verify::consistency(0, 0, &[], &EMPTY_ROOT, &EMPTY_ROOT), Err(Error::OldSizeZero));
    assert_eq!(consistency(7, &[], &root, &root), Ok(()));
    assert_eq!(consistency(7, &[], &old, &root), Err(Error::Root));
    assert_eq!(consistency(7, &proof, &root, &root), Err(Error::Length { expected: 0, found: 3 }));
}

/// The largest sizes do not overflow.
#[test]
fn sizes_without_a_tree_are_refused_without_a_crash() {
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, i64::MAX as u64] {
        for proof in [vec![], vec![EMPTY_ROOT; 63], vec![EMPTY_ROOT; 64], vec![EMPTY_ROOT; 65]] {
            for index in [0, 1, size / 2, size - 1] {
                assert!(verify::inclusion(&EMPTY_ROOT, index, size, &proof, &EMPTY_ROOT).is_err());
                let [old, root] = [index.max(1), 0].map(|old| (old, leaf_hash(b"")));
                assert!(verify::consistency(old.0, size, &proof, &root.1, &EMPTY_ROOT).is_err());
            }
        }
    }
}

prop_compose! {
    /// A tree, and one of its leaves.
    fn tree_and_leaf()(size in 1_usize..700)(size in Just(size), index in 0..size) -> (Vec<NodeHash>, usize) {
        (leaves(size), index)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_inclusion_proof_is_good_for_its_leaf_alone(
        (leaves, index) in tree_and_leaf(),
        other in any::<prop::sample::Index>(),
    ) {
        let mut tree = Tree::of(leaves.iter().copied());
        let (size, root) = (leaves.len() as u64, tree.builder.root());
        let proof = prove::inclusion(&mut tree, index as u64, size).unwrap();
        prop_assert_eq!(&proof, &rfc::path(index, &leaves));
        prop_assert_eq!(verify::inclusion(&leaves[index], index as u64, size, &proof, &root), Ok(()));
        let other = other.index(leaves.len());
        if other != index {
            prop_assert!(verify::inclusion(&leaves[other], index as u64, size, &proof, &root).is_err());
            prop_assert!(verify::inclusion(&leaves[index], other as u64, size, &proof, &root).is_err());
        }
        prop_assert!(verify::inclusion(&leaves[index], index as u64, size, &proof, &leaf_hash(b"")).is_err());
        for changed in 0..proof.len() {
            let mut proof = proof.clone();
            proof[changed] = leaf_hash(b"");
            prop_assert!(verify::inclusion(&leaves[index], index as u64, size, &proof, &root).is_err());
        }
    }

    #[test]
    fn a_consistency_proof_is_good_for_its_trees_alone((leaves, index) in tree_and_leaf()) {
        let mut tree = Tree::of(leaves.iter().copied());
        let (old, new) = (index as u64 + 1, leaves.len() as u64);
        let (old_root, new_root) = (root(&leaves[..=index]), tree.builder.root());
        let proof = prove::consistency(&mut tree, old, new).unwrap();
        prop_assert_eq!(&proof, &rfc::proof(index + 1, &leaves));
        prop_assert_eq!(verify::consistency(old, new, &proof, &old_root, &new_root), Ok(()));
        prop_assert!(verify::consistency(old, new, &proof, &leaf_hash(b""), &new_root).is_err());
        prop_assert!(verify::consistency(old, new, &proof, &old_root, &leaf_hash(b"")).is_err());
        for changed in 0..proof.len() {
            let mut proof = proof.clone();
            proof[changed] = leaf_hash(b"");
            prop_assert!(verify::consistency(old, new, &proof, &old_root, &new_root).is_err());
        }
        // A tree with another past has no proof that begins with this one.
        let mut forked = leaves.clone();
        forked[index / 2] = leaf_hash(b"");
        let mut forked = Tree::of(forked);
        let proof = prove::consistency(&mut forked, old, new).unwrap();
        prop_assert!(verify::consistency(old, new, &proof, &old_root, &forked.builder.root()).is_err());
    }
}
