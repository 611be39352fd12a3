//! The head of a chain: the newest event of an entity, in any partition of the table.

use std::cell::RefCell;
use std::collections::HashMap;

use veritable_core::chain::LinkHash;

use super::arguments::Arguments;
use super::layout::Layout;
use super::triggers;
use crate::pg::held_row::HeldRow;
use crate::pg::last_row::{Found, LastRow};
use crate::pg::lock::Key;
use crate::pg::oid::Oid;
use crate::pg::open_transaction::OpenTransaction;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::table::journal;

/// The newest event of an entity.
#[derive(Clone)]
pub struct Head {
    /// The position of the event.
    pub seq: i64,
    /// The hash of the event.
    pub hash: LinkHash,
    /// The recorded time of the event, if the chain has one.
    pub recorded: Option<i64>,
}

/// Finds heads in one table, or in all partitions of a partitioned table.
pub struct Heads {
    leaves: Vec<Leaf>,
}

/// A relation that holds rows.
struct Leaf {
    relation: Oid,
    layout: Layout,
    last: LastRow,
}

/// The result of a lookup for the head.
pub enum Look {
    /// The entity has no event yet.
    None,
    /// The newest event, committed or of this transaction.
    Head(Head),
    /// The newest event is of another transaction, which is still open.
    InProgress(OpenTransaction),
}

/// The maximum number of hints; each takes some 40 bytes.
const HINTS_MAX: usize = 100_000;

thread_local! {
    /// The next seq of each entity at its last lookup: the start of the next index scan. Without a hint, a lookup reads
    /// a B-tree page of old entries. A hint may be wrong: a hint that is too high finds no row, and a scan without the
    /// hint follows.
    static HINTS: RefCell<HashMap<Key, i64>> = RefCell::new(HashMap::new());
}

impl Heads {
    /// The heads of the chain in `root` and its partitions, for rows inserted into `target`.
    pub fn of(root: &Relation, target: Oid, arguments: &Arguments) -> Result<Heads> {
        let leaf = |oid| {
            let lock = if oid == target { Lock::Held } else { Lock::AccessShare };
            Leaf::of(&Relation::open(oid, lock)?, lock, arguments)
        };
        Ok(Heads { leaves: root.leaves()?.into_iter().map(leaf).collect::<Result<_>>()? })
    }

    /// Whether the chain's rows are spread over partitions.
    pub fn are_partitioned(&self) -> bool {
        self.leaves.len() != 1
    }

    /// Whether this relation holds rows of the chain.
    pub fn include(&self, relation: Oid) -> bool {
        self.leaves.iter().any(|leaf| leaf.relation == relation)
    }

    /// Finds the head of the entity of `row`, which has the layout `layout`. The caller holds the lock `key`.
    pub fn look(&self, key: Key, row: &Row, layout: &Layout) -> Result<Look> {
        let hint = HINTS.with_borrow(|hints| hints.get(&key).copied());
        let mut look = self.look_from(hint.unwrap_or(1), row, layout)?;
        if matches!(look, Look::None) && hint.is_some() {
            look = self.look_from(1, row, layout)?;
        }
        if let Look::Head(head) = &look {
            HINTS.with_borrow_mut(|hints| {
                if hints.len() >= HINTS_MAX {
                    hints.clear();
                }
                hints.insert(key, head.seq.saturating_add(1));
            });
        }
        Ok(look)
    }

    fn look_from(&self, bound: i64, row: &Row, layout: &Layout) -> Result<Look> {
        let mut newest: Option<Head> = None;
        for leaf in &self.leaves {
            // All partitions have the same entity columns, possibly at other places.
            let place_in_row = |place: usize| {
                let entity = leaf.layout.entity.iter().position(|column| column.place == place);
                entity.map_or(place, |i| layout.entity[i].place)
            };
            match leaf.last.find(row, place_in_row, bound, |found| leaf.read(found)) {
                Found::Nothing => {}
                Found::InProgress(transaction) => return Ok(Look::InProgress(transaction)),
                Found::Row(head) => {
                    let head = head?;
                    if newest.as_ref().is_none_or(|newest| newest.seq < head.seq) {
                        newest = Some(head);
                    }
                }
            }
        }
        Ok(newest.map_or(Look::None, Look::Head))
    }
}

impl Leaf {
    fn of(relation: &Relation, lock: Lock, arguments: &Arguments) -> Result<Leaf> {
        triggers::check_table(relation)?;
        let layout = Layout::of(relation, arguments)?;
        let entity: Vec<usize> = layout.entity.iter().map(|column| column.place).collect();
        let mut indexes = relation.indexes();
        indexes.sort_by_key(|index| (!index.unique, index.columns.len()));
        let scan = |index| LastRow::new(relation, index, lock, &entity, layout.seq);
        let last = indexes.iter().find_map(scan).ok_or_else(|| {
            let columns = arguments.entity.iter().chain([&arguments.seq]).map(quote::identifier);
            let columns = columns.collect::<Vec<_>>().join(", ");
            Error::new(Class::State, format!("chained table \"{}\" has no index on ({columns})", relation.name()))
                .hint(format!("CREATE UNIQUE INDEX ON {} ({columns});", relation.qualified_name()))
        })?;
        Ok(Leaf { relation: relation.oid(), layout, last })
    }

    fn read(&self, row: &HeldRow) -> Result<Head> {
        // What is done to a table is recorded after all that was done before, whatever the snapshot shows.
        if row.is_newer_than_snapshot() && !journal::is_recording() {
            return Err(Error::new(
                Class::Serialization,
                "could not serialize access due to concurrent append to the chain",
            )
            .hint("The transaction might succeed if retried."));
        }
        let hash = row.bytes(self.layout.hash.place).and_then(|bytes| self.layout.hash.form.read(&bytes));
        let (Some(seq), Some(hash)) = (row.integer(self.layout.seq), hash) else {
            return Err(Error::new(Class::Corrupted, "the newest event of the chain has no valid hash")
                .hint("SELECT * FROM verify_chain() names the events that were tampered with."));
        };
        Ok(Head { seq, hash, recorded: self.layout.recorded.and_then(|recorded| row.integer(recorded.place)) })
    }
}
