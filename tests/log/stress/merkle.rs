//! The tree of RFC 6962, built from the table alone, leaf by leaf: an oracle for checkpoints.

use std::collections::BTreeMap;

use veritable_log::tree::{EMPTY_ROOT, NodeHash, leaf_hash, node_hash};

use crate::support::Session;

/// The full subtrees of a growing tree: for each, the power of two of its leaves.
#[derive(Default)]
struct Tree(Vec<(u32, NodeHash)>);

impl Tree {
    fn push(&mut self, leaf: NodeHash) {
        let mut next = (0, leaf);
        while let Some(&(height, left)) = self.0.last() {
            if height != next.0 {
                break;
            }
            self.0.pop();
            next = (height + 1, node_hash(&left, &next.1));
        }
        self.0.push(next);
    }

    fn root(&self) -> NodeHash {
        let smaller_first = self.0.iter().rev().map(|&(_, hash)| hash);
        smaller_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}

/// Every checkpoint that anybody was given is one of the final table.
pub fn check(session: &mut Session, checkpoints: &BTreeMap<u64, String>) {
    let rows = session.query("SELECT event_hash FROM events ORDER BY position", &[]).expect("a table of events");
    let last = checkpoints.keys().last().copied().unwrap_or_default();
    assert!(rows.len() as u64 >= last, "a checkpoint of {last} events, and the table has {}", rows.len());
    let mut tree = Tree::default();
    let mut wrong = Vec::new();
    for size in 0..=rows.len() {
        if size > 0 {
            tree.push(leaf_hash(rows[size - 1].get::<_, &[u8]>(0)));
        }
        if checkpoints.get(&(size as u64)).is_some_and(|root| *root != tree.root().to_string()) {
            wrong.push(size);
        }
    }
    assert!(wrong.is_empty(), "checkpoints that are not of this log, of the sizes {wrong:?}");
}
