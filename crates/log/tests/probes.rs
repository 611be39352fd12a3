//! The probes of transparency-dev/merkle: its published proofs, changed in all the ways of its `cmd/proofgen`. Of 98 inclusion
//! proofs, and as many consistency proofs, six are good and the others are refused.
//!
//! That program also makes hashes that are not 32 bytes long. No such hash exists here: what could be one is made 32 bytes
//! long by hashing it.

mod support;

use support::{CT_LEAVES, Tree, hash, hex};
use veritable_log::prove;
use veritable_log::tree::{EMPTY_ROOT, NodeHash, leaf_hash, root};
use veritable_log::verify;

fn some_hash() -> NodeHash {
    hash("abacaba000000000000000000000000000000000000000000060061e00123456")
}

fn junk(text: &str) -> NodeHash {
    leaf_hash(text.as_bytes())
}

fn with_last(proof: &[NodeHash], last: NodeHash) -> Vec<NodeHash> {
    [proof, &[last]].concat()
}

fn with_first(first: NodeHash, proof: &[NodeHash]) -> Vec<NodeHash> {
    [&[first], proof].concat()
}

/// Each of the hashes with one bit flipped in its first byte.
fn with_a_flipped_bit(proof: &[NodeHash], bit: u8) -> Vec<Vec<NodeHash>> {
    let flipped = |at: usize| {
        let mut bytes = *proof[at].as_bytes();
        bytes[0] ^= bit;
        let mut proof = proof.to_vec();
        proof[at] = NodeHash::new(bytes);
        proof
    };
    (0..proof.len()).map(flipped).collect()
}

#[derive(Clone)]
struct Inclusion {
    index: u64,
    size: u64,
    root: NodeHash,
    leaf: NodeHash,
    proof: Vec<NodeHash>,
}

impl Inclusion {
    fn is_good(&self) -> bool {
        verify::inclusion(&self.leaf, self.index, self.size, &self.proof, &self.root).is_ok()
    }

    fn changes(&self) -> Vec<Inclusion> {
        let Inclusion { index, size, root, .. } = *self;
        let proof = &self.proof;
        let mut changes = vec![
            Inclusion { index: index.wrapping_sub(1), ..self.clone() },
            Inclusion { index: index + 1, ..self.clone() },
            Inclusion { index: index ^ 2, ..self.clone() },
            Inclusion { size: size * 2, ..self.clone() },
            Inclusion { size: size / 2, ..self.clone() },
            Inclusion { leaf: junk("WrongLeaf"), ..self.clone() },
            Inclusion { root: EMPTY_ROOT, ..self.clone() },
            Inclusion { root: some_hash(), ..self.clone() },
        ];
        let mut proofs = vec![
            with_last(proof, junk("")),
            with_last(proof, root),
            with_first(junk(""), proof),
            with_first(root, proof),
        ];
        proofs.extend(with_a_flipped_bit(proof, 8));
        if let Some((_, shorter)) = proof.split_last() {
            proofs.push(shorter.to_vec());
        }
        if let [first, rest @ ..] = &proof[..]
            && !rest.is_empty()
        {
            proofs.push([&[*first, some_hash()], rest].concat());
        }
        changes.extend(proofs.into_iter().map(|proof| Inclusion { proof, ..self.clone() }));
        changes
    }
}

#[test]
fn changed_inclusion_proofs_are_refused() {
    let leaves: Vec<NodeHash> = CT_LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect();
    let mut tree = Tree::of(leaves.iter().copied());
    let (mut good, mut refused) = (0, 0);
    for (index, size) in [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5)] {
        let proof = prove::inclusion(&mut tree, index, size).unwrap();
        let root = root(&leaves[..size as usize]);
        let published = Inclusion { index, size, root, leaf: leaves[index as usize], proof };
        assert!(published.is_good(), "{index} of {size}");
        good += 1;
        for (number, change) in published.changes().iter().enumerate() {
            assert!(!change.is_good(), "{index} of {size}, change {number}");
            refused += 1;
        }
    }
    for (index, size) in [(0, 0), (0, 1), (1, 0), (2, 1)] {
        for (root, leaf) in [(junk(""), some_hash()), (EMPTY_ROOT, junk("")), (EMPTY_ROOT, some_hash())] {
            assert!(!Inclusion { index, size, root, leaf, proof: vec![] }.is_good(), "{index} of {size}");
            refused += 1;
        }
    }
    // A tree of one leaf.
    let single = Inclusion { index: 0, size: 1, root: junk("data"), leaf: junk("data"), proof: vec![] };
    assert!(single.is_good());
    good += 1;
    for change in [Inclusion { leaf: junk(""), ..single.clone() }, Inclusion { root: junk(""), ..single.clone() }] {
        assert!(!change.is_good());
        refused += 1;
    }
    // The last one has no hashes at all, as root and leaf: there are none to ask about.
    assert_eq!(NodeHash::from_bytes(b""), None);
    refused += 1;
    assert_eq!((good, refused), (6, 92));
}

#[derive(Clone)]
struct Consistency {
    old: u64,
    new: u64,
    old_root: NodeHash,
    new_root: NodeHash,
    proof: Vec<NodeHash>,
}

impl Consistency {
    fn is_good(&self) -> bool {
        verify::consistency(self.old, self.new, &self.proof, &self.old_root, &self.new_root).is_ok()
    }

    fn changes(&self) -> Vec<Consistency> {
        let Consistency { old, new, old_root, new_root, .. } = *self;
        let proof = &self.proof;
        let mut changes = vec![
            Consistency { old: old - 1, ..self.clone() },
            Consistency { old: old + 1, ..self.clone() },
            Consistency { old: old ^ 2, ..self.clone() },
            Consistency { new: new * 2, ..self.clone() },
            Consistency { new: new / 2, ..self.clone() },
            Consistency { old_root: junk("WrongRoot"), ..self.clone() },
            Consistency { new_root: junk("WrongRoot"), ..self.clone() },
            Consistency { old_root: new_root, new_root: old_root, ..self.clone() },
        ];
        let mut proofs = vec![
            vec![],
            with_last(proof, junk("")),
            with_last(proof, old_root),
            with_last(proof, new_root),
            with_first(junk(""), proof),
            with_first(old_root, proof),
            with_first(new_root, proof),
            with_first(proof[0], proof),
            proof[..proof.len() - 1].to_vec(),
        ];
        proofs.extend(with_a_flipped_bit(proof, 16));
        changes.extend(proofs.into_iter().map(|proof| Consistency { proof, ..self.clone() }));
        changes
    }
}

#[test]
fn changed_consistency_proofs_are_refused() {
    let leaves: Vec<NodeHash> = CT_LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect();
    let mut tree = Tree::of(leaves.iter().copied());
    let (mut good, mut refused) = (0, 0);
    for (old, new) in [(1, 1), (1, 8), (6, 8), (2, 5), (6, 7)] {
        let proof = prove::consistency(&mut tree, old, new).unwrap();
        let [old_root, new_root] = [old, new].map(|size| root(&leaves[..size as usize]));
        let published = Consistency { old, new, old_root, new_root, proof };
        assert!(published.is_good(), "{old} to {new}");
        good += 1;
        if published.proof.is_empty() {
            continue;
        }
        for (number, change) in published.changes().iter().enumerate() {
            assert!(!change.is_good(), "{old} to {new}, change {number}");
            refused += 1;
        }
    }
    let (one, other) = (junk("don't care 1"), junk("don't care 2"));
    let fixed = |old, new, old_root, new_root, proof: &[NodeHash]| {
        Consistency { old, new, old_root, new_root, proof: proof.to_vec() }.is_good()
    };
    assert!(fixed(1, 1, other, other, &[]));
    good += 1;
    for (old, new, old_root, new_root, proof) in [
        (0, 0, one, other, &[][..]),
        (1, 1, one, other, &[]),
        (0, 0, one, one, &[]),
        (0, 1, one, other, &[]),
        (1, 0, one, other, &[]),
        (2, 1, one, other, &[]),
        (1, 2, one, other, &[]),
        (0, 0, EMPTY_ROOT, other, &[]),
        (1, 1, EMPTY_ROOT, other, &[]),
        (0, 0, EMPTY_ROOT, EMPTY_ROOT, &[EMPTY_ROOT]),
        (1, 1, EMPTY_ROOT, EMPTY_ROOT, &[EMPTY_ROOT]),
        (0, 1, EMPTY_ROOT, other, &[]),
        (0, 1, EMPTY_ROOT, EMPTY_ROOT, &[EMPTY_ROOT]),
    ] {
        assert!(!fixed(old, new, old_root, new_root, proof), "{old} to {new}");
        refused += 1;
    }
    assert_eq!((good, refused), (6, 92));
}
