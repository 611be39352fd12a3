//! The check of proofs against roots, RFC 6962 sections 2.1.1 and 2.1.2, as RFC 9162 sections 2.1.3.2 and 2.1.4.2 spell it out.

use std::fmt;

use crate::tree::{NodeHash, node_hash};

/// The reason why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The tree has no leaf with this index.
    Index {
        /// The index.
        index: u64,
        /// The number of leaves.
        size: u64,
    },
    /// The old tree is larger than the new one.
    Sizes {
        /// The number of leaves of the old tree.
        old: u64,
        /// The number of leaves of the new tree.
        new: u64,
    },
    /// The old tree is empty: every tree begins with it, so that there is nothing to prove.
    OldSizeZero,
    /// The proof has another number of hashes than these sizes demand.
    Length {
        /// The number that the sizes demand.
        expected: usize,
        /// The number in the proof.
        found: usize,
    },
    /// The proof leads to another root than that of the tree, or of the new tree.
    Root,
    /// The proof leads to another root than that of the old tree.
    OldRoot,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Index { index, size } => write!(f, "A tree of {size} leaves has no leaf {index}."),
            Error::Sizes { old, new } => write!(f, "A tree of {old} leaves has not grown into one of {new}."),
            Error::OldSizeZero => f.write_str("Every tree is consistent with the empty one: that proves nothing."),
            Error::Length { expected, found } => write!(f, "The proof has {found} hashes instead of {expected}."),
            Error::Root => f.write_str("The proof leads to another root."),
            Error::OldRoot => f.write_str("The proof leads to another root of the old tree."),
        }
    }
}

impl std::error::Error for Error {}

/// Checks that the tree of `size` leaves with this root has this leaf at `index`.
pub fn inclusion(leaf: &NodeHash, index: u64, size: u64, proof: &[NodeHash], root: &NodeHash) -> Result<(), Error> {
    if index >= size {
        return Err(Error::Index { index, size });
    }
    let (inner, border) = siblings(index, size);
    let (inner, border) = split(proof, inner, border)?;
    let hash = up_right(up(*leaf, inner, index), border);
    if hash == *root { Ok(()) } else { Err(Error::Root) }
}

/// Checks that the tree of `new` leaves with the new root begins with the tree of `old` leaves with the old root.
///
/// An empty old tree is an error, whatever the new one is: what a protocol says about that is the protocol's.
pub fn consistency(
    old: u64,
    new: u64,
    proof: &[NodeHash],
    old_root: &NodeHash,
    new_root: &NodeHash,
) -> Result<(), Error> {
    if old > new {
        return Err(Error::Sizes { old, new });
    }
    if old == 0 {
        return Err(Error::OldSizeZero);
    }
    if old == new {
        split(proof, 0, 0)?;
        return if old_root == new_root { Ok(()) } else { Err(Error::Root) };
    }
    // The proof is that of the last leaf of the old tree, but begins at the largest complete subtree that ends with it.
    let height = old.trailing_zeros();
    let (inner, border) = siblings(old - 1, new);
    let inner = inner - height as usize;
    // If that subtree is the whole old tree, its hash is the old root, which the proof leaves out.
    let (seed, rest) = match proof.split_first() {
        _ if old.is_power_of_two() => (old_root, proof),
        Some((seed, rest)) => (seed, rest),
        None => return Err(Error::Length { expected: 1 + inner + border, found: 0 }),
    };
    let left_out = proof.len() - rest.len();
    let (inner, border) = split(rest, inner, border).map_err(|error| match error {
        Error::Length { expected, found } => Error::Length { expected: expected + left_out, found: found + left_out },
        error => error,
    })?;
    let index = (old - 1) >> height;
    // Only what is to the left was in the old tree.
    let left = inner.iter().enumerate().filter(|(height, _)| is_right(index, *height)).map(|(_, hash)| hash);
    if up_right(left.fold(*seed, |hash, left| node_hash(left, &hash)), border) != *old_root {
        return Err(Error::OldRoot);
    }
    if up_right(up(*seed, inner, index), border) != *new_root {
        return Err(Error::Root);
    }
    Ok(())
}

/// How many siblings the way from a leaf to the root has: those below the node where the way to the last leaf departs,
/// and those above, which are all to the left.
fn siblings(index: u64, size: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner as usize, border as usize)
}

fn split(proof: &[NodeHash], inner: usize, border: usize) -> Result<(&[NodeHash], &[NodeHash]), Error> {
    if proof.len() != inner + border {
        return Err(Error::Length { expected: inner + border, found: proof.len() });
    }
    Ok(proof.split_at(inner))
}

/// Whether the node of a leaf at this height is a right one.
fn is_right(index: u64, height: usize) -> bool {
    index >> height & 1 == 1
}

fn up(hash: NodeHash, siblings: &[NodeHash], index: u64) -> NodeHash {
    siblings.iter().enumerate().fold(hash, |hash, (height, sibling)| {
        if is_right(index, height) { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) }
    })
}

fn up_right(hash: NodeHash, siblings: &[NodeHash]) -> NodeHash {
    siblings.iter().fold(hash, |hash, sibling| node_hash(sibling, &hash))
}
