//! The hashes of the Merkle tree of RFC 6962, section 2.1, with SHA-256.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::text;

/// The largest number of leaves: what a `bigint` of PostgreSQL and an `int64` of Go can hold.
pub const SIZE_MAX: u64 = i64::MAX as u64;

/// The hash of a node of the tree: of a leaf, or of all that is below.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeHash([u8; 32]);

/// The root of the tree without leaves: `MTH({}) = SHA-256()`, RFC 6962 section 2.1.
pub const EMPTY_ROOT: NodeHash = NodeHash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

impl NodeHash {
    /// The hash with these bytes.
    pub const fn new(bytes: [u8; 32]) -> NodeHash {
        NodeHash(bytes)
    }

    /// The hash with these bytes; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<NodeHash> {
        bytes.try_into().ok().map(NodeHash)
    }

    /// The hash with this text, as checkpoints and proofs write it; `None` unless the text is the base64 of 32 bytes.
    pub fn from_base64(base64: &str) -> Option<NodeHash> {
        NodeHash::from_bytes(&text::from_base64(base64)?)
    }

    /// The bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Base64, as checkpoints and proofs write it.
impl fmt::Display for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_base64(&self.0))
    }
}

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of a leaf. The entry of an event is the 32 bytes of its event hash.
pub fn leaf_hash(entry: &[u8]) -> NodeHash {
    // MTH({d(0)}) = SHA-256(0x00 || d(0)), RFC 6962 section 2.1
    NodeHash(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
}

/// The hash of the node above two nodes.
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    // MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), RFC 6962 section 2.1
    let mut bytes = [0x01; 65];
    let (_, hashes) = bytes.split_at_mut(1);
    let (first, second) = hashes.split_at_mut(32);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    NodeHash(Sha256::digest(bytes).into())
}

/// The root over these hashes of leaves: `MTH`, RFC 6962 section 2.1.
///
/// The hashes can also be those of nodes with equally many leaves, a power of two; the last one may have fewer.
pub fn root(hashes: &[NodeHash]) -> NodeHash {
    match hashes {
        [] => EMPTY_ROOT,
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(left_of(hashes.len() as u64) as usize);
            node_hash(&root(left), &root(right))
        }
    }
}

/// The number of leaves left of the top of a tree with `size` leaves, which has to be above 1: k of RFC 6962 section 2.1,
/// the largest power of two that is smaller than `size`.
pub(crate) fn left_of(size: u64) -> u64 {
    1 << size.saturating_sub(1).checked_ilog2().unwrap_or(0)
}
