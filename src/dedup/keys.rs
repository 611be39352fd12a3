//! The keys of a table: their rows, in any partition.

use std::rc::Rc;

use super::arguments::Arguments;
use super::filter::{Filter, Where};
use super::layout::{Layout, Time, Window};
use super::requirements;
use crate::pg::bounds::Bounded;
use crate::pg::cache::{Cache, Derived};
use crate::pg::duplicate_scan::{DuplicateScan, Sought};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::version::Tid;

/// The keys of one table, or of all partitions of a partitioned table. A backend keeps them once for the table.
pub struct Keys {
    root: Oid,
    arguments: Arguments,
    /// The relations that hold rows.
    leaves: Vec<Leaf>,
    /// All tables and partitions, of every level.
    tables: Vec<Oid>,
    filter: Option<Filter>,
}

/// A relation that holds rows.
struct Leaf {
    relation: Oid,
    /// The times that rows of the relation can have: from the first to before the second.
    bounds: (i128, i128),
}

/// A relation that has been looked into.
struct Opened {
    relation: Oid,
    /// For each column of the relation, its place in the key.
    place_in_key: Vec<Option<usize>>,
    time: Option<Time>,
    scan: DuplicateScan,
}

/// A row whose key is looked up.
pub struct Wanted<'r> {
    /// The row.
    pub row: &'r Row<'r>,
    /// The layout of the row.
    pub layout: &'r Layout,
    /// The relation that the row is for. The statement has locked it, and its indexes.
    pub target: Oid,
    /// The version in the target that an UPDATE replaces.
    pub own: Option<Tid>,
    /// The times that duplicates can have, if they are bounded.
    pub window: Option<Window>,
}

thread_local! {
    static KEYS: Cache<Keys> = Cache::default();
    static OPENED: Cache<Opened> = Cache::default();
}

impl Keys {
    /// The keys of the table `root`, as far as this backend knows of its partitions.
    pub fn of(root: Oid, arguments: &Arguments) -> Result<Rc<Keys>> {
        KEYS.with(|keys| keys.get(root, || Keys::derive(root, arguments)))
    }

    fn derive(root: Oid, arguments: &Arguments) -> Result<Keys> {
        let relation = Relation::open(root, Lock::AccessShare)?;
        let leaf = |relation: Oid, bounds: (i128, i128)| Leaf { relation, bounds };
        let everything = (i128::MIN, i128::MAX);
        let mut leaves = Vec::new();
        let layout = Layout::of(&relation, arguments)?;
        let time = layout.time;
        match time.filter(|_| relation.is_partitioned()) {
            None => leaves.extend(relation.leaves()?.into_iter().map(|oid| leaf(oid, everything))),
            Some(time) => {
                for Bounded { partition, start, end } in relation.bounded_partitions(time.clock) {
                    let partition = Relation::open(partition, Lock::AccessShare)?;
                    leaves.extend(partition.leaves()?.into_iter().map(|oid| leaf(oid, (start, end))));
                }
            }
        }
        let filter = Filter::of(&relation, &layout, &leaves.iter().map(|leaf| leaf.relation).collect::<Vec<_>>())?;
        Ok(Keys { root, arguments: arguments.clone(), leaves, tables: relation.with_partitions(), filter })
    }

    /// Notes that a row with this key is on its way, and says where others can be. Call it when the transaction has a number, and
    /// before the row is there.
    pub fn note(&self, hash: u64) -> Result<Where> {
        self.filter.as_ref().map_or(Ok(Where::Anywhere), |filter| filter.put(hash))
    }

    /// Does a part of what makes further notes more useful.
    pub fn improve(&self) -> Result<()> {
        self.filter.as_ref().map_or(Ok(()), |filter| filter.improve(&self.arguments))
    }

    /// Does all that makes further notes useful. The caller keeps others from writing to the table.
    pub fn prepare(&self) -> Result<()> {
        self.filter.as_ref().map_or(Ok(()), |filter| filter.cover_all(&self.arguments))
    }

    /// Looks for a row with the key of `wanted`, whose lock the caller holds, where one can be.
    pub fn look(&self, wanted: &Wanted, places: &Where) -> Result<Sought> {
        for leaf in &self.leaves {
            if !places.include(leaf.relation) {
                continue;
            }
            if wanted.window.is_some_and(|window| !window.overlaps(leaf.bounds.0, leaf.bounds.1)) {
                continue;
            }
            let sought = leaf.look(wanted, &self.arguments)?;
            if !matches!(sought, Sought::Nothing) {
                return Ok(sought);
            }
        }
        Ok(Sought::Nothing)
    }
}

impl Leaf {
    fn look(&self, wanted: &Wanted, arguments: &Arguments) -> Result<Sought> {
        let is_target = self.relation == wanted.target;
        let lock = if is_target { Lock::Held } else { Lock::AccessShare };
        // The lock comes first: it takes in whether the index is another one now.
        let relation = Relation::open(self.relation, lock)?;
        let opened = OPENED.with(|opened| opened.get(self.relation, || Opened::of(&relation, arguments)))?;
        // All partitions have the same key columns, possibly at other places.
        let place_in_row = |place: usize| {
            let in_key = opened.place_in_key.get(place).copied().flatten();
            in_key.map_or(place, |at| wanted.layout.key[at].column.place)
        };
        let own = wanted.own.filter(|_| is_target);
        Ok(opened.scan.find(wanted.row, place_in_row, lock, own, |held| match (wanted.window, opened.time) {
            (Some(window), Some(time)) => window.contains(time.clock.of_held(held, time.place)),
            _ => true,
        }))
    }
}

impl Opened {
    fn of(relation: &Relation, arguments: &Arguments) -> Result<Opened> {
        requirements::check_kind(relation)?;
        let layout = Layout::of(relation, arguments)?;
        let places = layout.places();
        let scan = DuplicateScan::new(relation, &places).ok_or_else(|| missing_index(relation, arguments))?;
        let in_key = |place| places.iter().position(|key| *key == place);
        let place_in_key = (0..relation.width()).map(in_key).collect();
        Ok(Opened { relation: relation.oid(), place_in_key, time: layout.time, scan })
    }
}

fn missing_index(relation: &Relation, arguments: &Arguments) -> Error {
    let columns = arguments.key.iter().map(quote::identifier).collect::<Vec<_>>().join(", ");
    Error::new(Class::State, format!("deduplicated table \"{}\" has no index on ({columns})", relation.name()))
        .hint(format!("CREATE INDEX ON {} ({columns});", relation.qualified_name()))
}

impl Derived for Keys {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.root || self.tables.contains(&relation)
    }
}

impl Derived for Opened {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}
