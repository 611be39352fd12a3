//! What the tests have in common: hex, and trees kept in memory.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use base64::Engine;
use veritable_log::Builder;
use veritable_log::tile::{TileId, Tiles};
use veritable_log::tree::NodeHash;

/// The leaves of the tree in the tests of Certificate Transparency, in hex.
pub const CT_LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

pub fn hex(digits: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    (0..digits.len()).step_by(2).map(pair).collect()
}

pub fn hash(digits: &str) -> NodeHash {
    NodeHash::from_bytes(&hex(digits)).expect("32 bytes")
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

/// A tree in memory, which grows as the extension's does: full tiles are stored once, partial ones at the end of a growth.
#[derive(Clone, Default)]
pub struct Tree {
    pub builder: Builder,
    pub tiles: BTreeMap<TileId, Vec<NodeHash>>,
    /// How many tiles were read.
    pub reads: usize,
}

impl Tree {
    pub fn of(leaves: impl IntoIterator<Item = NodeHash>) -> Tree {
        let mut tree = Tree::default();
        tree.grow(leaves);
        tree
    }

    pub fn grow(&mut self, leaves: impl IntoIterator<Item = NodeHash>) {
        for leaf in leaves {
            let mut store = |id, hashes: &[NodeHash]| {
                assert_eq!(hashes.len(), 256);
                let before = self.tiles.insert(id, hashes.to_vec());
                assert!(before.is_none_or(|before| before.len() < 256), "{id} was handed out twice");
                Ok::<(), Infallible>(())
            };
            self.builder.push(leaf, &mut store).expect("nothing fails");
        }
        for (id, hashes) in self.builder.partial() {
            self.tiles.insert(id, hashes.to_vec());
        }
    }
}

impl Tiles for Tree {
    type Error = String;

    fn tile(&mut self, id: TileId, width: u16) -> Result<Vec<NodeHash>, String> {
        self.reads += 1;
        let hashes = self.tiles.get(&id).ok_or_else(|| format!("there is no tile {id}"))?;
        Ok(hashes.iter().take(width.into()).copied().collect())
    }
}

/// The definitions of RFC 6962 section 2.1, word for word: slow, and easy to compare with the standard.
pub mod rfc {
    use veritable_log::tree::{EMPTY_ROOT, NodeHash, node_hash};

    /// The largest power of two smaller than n.
    fn k(n: usize) -> usize {
        let mut k = 1;
        while 2 * k < n {
            k *= 2;
        }
        k
    }

    /// MTH(D[n]), section 2.1, over the hashes of the entries.
    pub fn mth(d: &[NodeHash]) -> NodeHash {
        match d.len() {
            0 => EMPTY_ROOT,
            1 => d[0],
            n => node_hash(&mth(&d[..k(n)]), &mth(&d[k(n)..])),
        }
    }

    /// PATH(m, D[n]), section 2.1.1.
    pub fn path(m: usize, d: &[NodeHash]) -> Vec<NodeHash> {
        let n = d.len();
        if n == 1 {
            return Vec::new();
        }
        let k = k(n);
        let (mut path, other) =
            if m < k { (path(m, &d[..k]), mth(&d[k..])) } else { (path(m - k, &d[k..]), mth(&d[..k])) };
        path.push(other);
        path
    }

    /// PROOF(m, D[n]), section 2.1.2.
    pub fn proof(m: usize, d: &[NodeHash]) -> Vec<NodeHash> {
        subproof(m, d, true)
    }

    fn subproof(m: usize, d: &[NodeHash], b: bool) -> Vec<NodeHash> {
        let n = d.len();
        if m == n {
            return if b { Vec::new() } else { vec![mth(d)] };
        }
        let k = k(n);
        let (mut proof, other) = if m <= k {
            (subproof(m, &d[..k], b), mth(&d[k..]))
        } else {
            (subproof(m - k, &d[k..], false), mth(&d[..k]))
        };
        proof.push(other);
        proof
    }
}

/// The hashes of so many different leaves.
pub fn leaves(count: usize) -> Vec<NodeHash> {
    (0..count as u64).map(|number| veritable_log::tree::leaf_hash(&number.to_be_bytes())).collect()
}
