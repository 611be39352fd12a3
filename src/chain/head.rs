//! The head of a chain: the newest event of an entity, in any partition of the table.
//!
//! What a backend needs for that is kept once for each chain. Of the partitions, only those are opened that a search looks into.

use std::rc::Rc;

use veritable_core::chain::LinkHash;

use super::arguments::Arguments;
use super::generation_read;
use super::layout::{HashColumn, Layout, Recorded};
use super::own_heads::{self, Name};
use super::pointers::{Knowing, Known, Place, Pointers};
use super::prune::prunings::{self, Pruned};
use super::triggers;
use crate::pg::cache::{Cache, Derived};
use crate::pg::held_row::HeldRow;
use crate::pg::last_row::{Found, LastRow};
use crate::pg::lock::Key;
use crate::pg::oid::Oid;
use crate::pg::open_transaction::OpenTransaction;
use crate::pg::quote;
use crate::pg::relation::{self, Lock, Relation};
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
    root: Oid,
    arguments: Arguments,
    leaves: Vec<Oid>,
    /// The partitioned tables above the leaves.
    above: Vec<Oid>,
    /// The pointers, if the table is partitioned.
    pub pointers: Option<Pointers>,
    /// The genesis of the chain, if events were pruned from it.
    pruned: Option<LinkHash>,
}

/// A relation that holds rows.
struct Leaf {
    relation: Oid,
    seq: usize,
    hash: HashColumn,
    recorded: Option<Recorded>,
    /// The places of the columns that name the entity.
    entity: Vec<usize>,
    last: LastRow,
}

/// An entity whose head is sought.
pub struct Sought<'s> {
    /// The lock key, which the caller holds.
    pub key: Key,
    /// The name under which it is remembered.
    pub name: Name,
    /// The stored bytes of its values.
    pub image: &'s [u8],
    /// A row with its values.
    pub row: &'s Row<'s>,
    /// The layout of that row.
    pub layout: &'s Layout,
    /// The relation that the row will come to, which is locked already.
    pub target: Oid,
}

/// The result of a lookup for the head.
pub enum Look {
    /// The newest event, committed or of this transaction; none if the entity has no event yet.
    Head(Option<Head>, Search),
    /// The newest event, or the pointer to it, is of another transaction, which is still open.
    InProgress(OpenTransaction),
    /// Another transaction has this partition to itself.
    Locked(Oid),
}

/// What a search has found out beside the head: see [`Pointers::include`].
pub struct Search {
    /// What was known before, if the chain has pointers.
    pub known: Option<Known>,
    /// Whether all leaves were searched.
    pub searched_all: bool,
}

/// The newest event in some leaves.
enum Newest {
    Of(Option<Head>),
    InProgress(OpenTransaction),
    Locked(Oid),
}

thread_local! {
    static HEADS: Cache<Heads> = Cache::default();
    static LEAVES: Cache<Leaf> = Cache::default();
}

impl Heads {
    /// The heads of the chain in `root` and its partitions.
    pub fn of(root: Oid, arguments: &Arguments) -> Result<Rc<Heads>> {
        HEADS.with(|heads| {
            heads.get(root, || {
                own_heads::forget();
                let relation = Relation::open(root, Lock::AccessShare)?;
                let (leaves, above) = relation.family_now();
                let pointers = Pointers::of(&relation, arguments)?;
                let genesis = arguments.genesis()?;
                let pruned = prunings::has_any_now(root, &genesis)?.then_some(genesis);
                Ok(Heads { root, arguments: arguments.clone(), leaves, above, pointers, pruned })
            })
        })
    }

    /// Finds the head of an entity.
    pub fn look(&self, sought: &Sought) -> Result<Look> {
        let hint = own_heads::hint(sought.name).unwrap_or(1).max(1);
        let known = match &self.pointers {
            None => None,
            Some(pointers) => match pointers.look(sought.key, sought.image, sought.target)? {
                Knowing::InProgress(transaction) => return Ok(Look::InProgress(transaction)),
                Knowing::Known(known) => Some(known),
            },
        };
        let (from, leaves, is_all) = match known.as_ref().map(|known| &known.place) {
            None | Some(Place::Anywhere) => (1, &self.leaves, true),
            Some(Place::Only(leaves)) => (1, leaves, true),
            Some(Place::From(seq, leaves)) => (*seq, leaves, false),
        };
        let mut searched_all = std::ptr::eq(leaves, &self.leaves);
        let mut newest = self.newest(leaves, hint.max(from), sought)?;
        if matches!(newest, Newest::Of(None)) && hint > from {
            newest = self.newest(leaves, from, sought)?;
        }
        if matches!(newest, Newest::Of(None)) && !is_all {
            // The pointer is ahead: its row was skipped, or is gone.
            searched_all = true;
            newest = self.newest(&self.leaves, 1, sought)?;
        }
        match newest {
            Newest::InProgress(transaction) => Ok(Look::InProgress(transaction)),
            Newest::Locked(leaf) => Ok(Look::Locked(leaf)),
            Newest::Of(head) => {
                let head = self.beyond(head, sought)?;
                Ok(Look::Head(head, Search { known, searched_all }))
            }
        }
    }

    /// The head, from the newest event in the table. Where events were pruned, the entity may have none left, or only events from
    /// before those that were pruned by force.
    fn beyond(&self, newest: Option<Head>, sought: &Sought) -> Result<Option<Head>> {
        let Some(genesis) = &self.pruned else { return Ok(newest) };
        let pruned = prunings::head_of(self.root, genesis, sought.layout, sought.row)?;
        let is_newer = |pruned: &Pruned| newest.as_ref().is_none_or(|newest| newest.seq < pruned.last);
        Ok(match pruned.filter(is_newer) {
            Some(Pruned { last, through, .. }) => Some(Head { seq: last, hash: through, recorded: None }),
            None => newest,
        })
    }

    /// The newest event of the entity with this seq or a later one in these leaves. A leaf that is no longer one has no event.
    fn newest(&self, leaves: &[Oid], from: i64, sought: &Sought) -> Result<Newest> {
        let mut newest: Option<Head> = None;
        let is_whole = std::ptr::eq(leaves, &*self.leaves);
        for &oid in leaves {
            if !is_whole && !self.leaves.contains(&oid) {
                continue;
            }
            let lock = if oid == sought.target { Lock::Held } else { Lock::AccessShare };
            // Waiting for it would be waiting with the entity's lock.
            if oid != sought.target && !relation::is_free(oid, lock) {
                return Ok(Newest::Locked(oid));
            }
            let leaf = match self.leaf(oid, lock) {
                // Dropped since the leaves were listed.
                Err(_) if !relation::exists(oid) => continue,
                leaf => leaf?,
            };
            match leaf.find(from, lock, sought) {
                Found::Nothing => {}
                Found::InProgress(transaction) => return Ok(Newest::InProgress(transaction)),
                Found::Row(head) => {
                    let head = head?;
                    if newest.as_ref().is_none_or(|newest| newest.seq < head.seq) {
                        newest = Some(head);
                    }
                }
            }
        }
        Ok(Newest::Of(newest))
    }

    fn leaf(&self, oid: Oid, lock: Lock) -> Result<Rc<Leaf>> {
        LEAVES.with(|leaves| leaves.get(oid, || Leaf::of(&Relation::open(oid, lock)?, &self.arguments)))
    }
}

impl Derived for Heads {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.root || self.leaves.contains(&relation) || self.above.contains(&relation)
    }

    /// Rows may have come to a leaf without being sealed.
    fn has_changed(&self) {
        own_heads::forget();
        generation_read::forget();
    }
}

impl Leaf {
    fn of(relation: &Relation, arguments: &Arguments) -> Result<Leaf> {
        triggers::check_table(relation)?;
        let layout = Layout::of(relation, arguments)?;
        let entity: Vec<usize> = layout.entity.iter().map(|column| column.place).collect();
        let mut indexes = relation.indexes();
        indexes.sort_by_key(|index| (!index.unique, index.columns.len()));
        let scan = |index| LastRow::new(relation, index, &entity, layout.seq);
        let last = indexes.iter().find_map(scan).ok_or_else(|| {
            let columns = arguments.entity.iter().chain([&arguments.seq]).map(quote::identifier);
            let columns = columns.collect::<Vec<_>>().join(", ");
            Error::new(Class::State, format!("chained table \"{}\" has no index on ({columns})", relation.name()))
                .hint(format!("CREATE UNIQUE INDEX ON {} ({columns});", relation.qualified_name()))
        })?;
        let Layout { seq, hash, recorded, .. } = layout;
        Ok(Leaf { relation: relation.oid(), seq, hash, recorded, entity, last })
    }

    fn find(&self, from: i64, lock: Lock, sought: &Sought) -> Found<Result<Head>> {
        // All partitions have the same entity columns, possibly at other places.
        let place_in_row = |place: usize| {
            let entity = self.entity.iter().position(|other| *other == place);
            entity.map_or(place, |i| sought.layout.entity[i].place)
        };
        self.last.find(lock, sought.row, place_in_row, from, |found| self.read(found))
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
        let hash = row.bytes(self.hash.place).and_then(|bytes| self.hash.form.read(&bytes));
        let (Some(seq), Some(hash)) = (row.integer(self.seq), hash) else {
            return Err(Error::new(Class::Corrupted, "the newest event of the chain has no valid hash")
                .hint("SELECT * FROM verify_chain() names the events that were tampered with."));
        };
        Ok(Head { seq, hash, recorded: self.recorded.and_then(|recorded| row.integer(recorded.place)) })
    }
}

impl Derived for Leaf {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}
