//! The keys of a table: their rows, in any partition.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::arguments::Arguments;
use super::filter::{Filter, Where};
use super::layout::{Layout, Time, Window};
use super::requirements;
use crate::pg::bounds::Bounded;
use crate::pg::cache::{Cache, Derived};
use crate::pg::duplicate_scan::{DuplicateScan, Sought};
use crate::pg::glance::Glance;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::relatives::{leaves_now, newcomer};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::version::Tid;

/// The keys of one table, or of all partitions of a partitioned table. A backend keeps them once for the table.
pub struct Keys {
    root: Oid,
    arguments: Arguments,
    /// The relations that hold rows.
    leaves: Vec<Leaf>,
    /// The partitioned tables above them.
    above: Vec<Oid>,
    /// All of these.
    tables: HashSet<Oid>,
    filter: Option<Filter>,
}

/// A relation that holds rows.
struct Leaf {
    relation: Oid,
    /// The times that rows of the relation can have: from the first to before the second.
    bounds: (i128, i128),
    /// Opened at the first look into this relation.
    opened: OnceCell<Opened>,
}

struct Opened {
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
}

impl Keys {
    /// The keys of the table `root`, as far as this backend knows of its partitions; `None` if somebody else has locked the table.
    /// Nothing is waited for, and no lock is kept.
    pub fn of(root: Oid, arguments: &Arguments) -> Result<Option<Rc<Keys>>> {
        let derive = || Keys::derive(root, arguments).map_err(Some)?.ok_or(None);
        match KEYS.with(|keys| keys.get(root, derive)) {
            Ok(keys) => Ok(Some(keys)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    fn derive(root: Oid, arguments: &Arguments) -> Result<Option<Keys>> {
        let relation = match Relation::glance(root, Lock::AccessShare) {
            Glance::Open(relation) => relation,
            Glance::Locked => return Ok(None),
            Glance::Gone => return Relation::open(root, Lock::AccessShare).map(|_| None),
        };
        let layout = Layout::of(&relation, arguments)?;
        let (leaves, above) = relation.family_now();
        let leaf = |relation: Oid, bounds: (i128, i128)| Leaf { relation, bounds, opened: OnceCell::new() };
        let tables = leaves.iter().chain(&above).copied().collect();
        let filter = Filter::of(&relation, &layout, &leaves)?;
        let leaves = match layout.time.filter(|_| relation.is_partitioned()) {
            None => leaves.into_iter().map(|oid| leaf(oid, (i128::MIN, i128::MAX))).collect(),
            Some(time) => {
                let partitions = relation.bounded_partitions(time.clock).into_iter();
                let leaves = |Bounded { partition, start, end }| {
                    leaves_now(partition).into_iter().map(move |oid| leaf(oid, (start, end)))
                };
                partitions.flat_map(leaves).collect()
            }
        };
        Ok(Some(Keys { root, arguments: arguments.clone(), leaves, above, tables, filter }))
    }

    /// Whether no change is known since these keys were read.
    pub fn are_current(self: &Rc<Keys>) -> bool {
        KEYS.with(|keys| keys.keeps(self.root, self))
    }

    /// Lets this transaction note keys, if that needs no waiting. Otherwise answers the table to wait for.
    pub fn reserve(&self) -> Option<(Oid, Lock)> {
        self.filter.as_ref().and_then(Filter::reserve)
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

    /// Does all that makes further notes useful. The caller keeps others from writing to the table `root`.
    pub fn prepare(root: Oid, arguments: &Arguments) -> Result<()> {
        let Some(keys) = Keys::of(root, arguments)? else { return Ok(()) };
        let Some(filter) = &keys.filter else { return Ok(()) };
        match keys.reserve() {
            // Somebody is at the pages. Those who write to the table later prepare it.
            Some(_) => Ok(()),
            None => filter.cover_all(arguments),
        }
    }

    /// Looks for a row with the key of `wanted`, whose lock the caller holds, where one can be. Nothing is waited for, and no lock is
    /// kept. `None` if these keys are not current.
    pub fn look(self: &Rc<Keys>, wanted: &Wanted, places: &Where) -> Result<Option<Sought>> {
        for leaf in &self.leaves {
            if !places.include(leaf.relation) {
                continue;
            }
            if wanted.window.is_some_and(|window| !window.overlaps(leaf.bounds.0, leaf.bounds.1)) {
                continue;
            }
            let relation = if leaf.relation == wanted.target {
                Relation::open(leaf.relation, Lock::Held)?
            } else {
                match Relation::glance(leaf.relation, Lock::AccessShare) {
                    Glance::Open(relation) => relation,
                    Glance::Locked => return Ok(Some(Sought::Locked(leaf.relation))),
                    Glance::Gone => return Ok(None),
                }
            };
            // With the lock, the backend was told of all that was done to the relation before.
            if !self.are_current() {
                return Ok(None);
            }
            let sought = leaf.look(&relation, wanted, &self.arguments)?;
            if !matches!(sought, Sought::Nothing) {
                return Ok(Some(sought));
            }
        }
        // Where all is covered, who has put a row anywhere has put its key into the filter.
        if !places.is_nowhere() && self.may_have_arrivals() {
            let is_known = |table| self.tables.contains(&table);
            if let Some(transaction) = self.above.iter().find_map(|&parent| newcomer(parent, is_known)) {
                return Ok(Some(Sought::InProgress(transaction.into())));
            }
        }
        Ok(Some(Sought::Nothing))
    }
}

impl Keys {
    /// Whether another transaction may have put rows into a partition that it has attached: see [`arrive`].
    fn may_have_arrivals(&self) -> bool {
        let lock = arrivals(self.root);
        let is_free = lock::acquire(lock, Mode::Shared, false);
        if is_free {
            lock::release(lock, Mode::Shared);
        }
        !is_free
    }
}

/// Says until the end of the transaction that rows come to a partition of `root` which others cannot see yet. Who holds the other mode of
/// this lock waits for nobody.
pub fn arrive(root: Oid) {
    let lock = arrivals(root);
    if !lock::is_held_as(lock, Mode::ExcludesParts) {
        lock::acquire(lock, Mode::ExcludesParts, true);
    }
}

fn arrivals(root: Oid) -> Key {
    Key { kind: Kind::Arrivals, relation: root, hash: 0 }
}

impl Leaf {
    fn look(&self, relation: &Relation, wanted: &Wanted, arguments: &Arguments) -> Result<Sought> {
        let opened = match self.opened.get() {
            Some(opened) => opened,
            None => {
                // While these locks are held, nobody is waited for.
                let mut indexes = Vec::new();
                for index in relation.index_oids() {
                    match Relation::glance(index, Lock::AccessShare) {
                        Glance::Open(index) => indexes.push(index),
                        Glance::Locked => return Ok(Sought::Locked(index)),
                        Glance::Gone => {}
                    }
                }
                let opened = Opened::of(relation, arguments)?;
                self.opened.get_or_init(|| opened)
            }
        };
        // All partitions have the same key columns, possibly at other places.
        let place_in_row = |place: usize| {
            let in_key = opened.place_in_key.get(place).copied().flatten();
            in_key.map_or(place, |at| wanted.layout.key[at].column.place)
        };
        let own = wanted.own.filter(|_| self.relation == wanted.target);
        Ok(opened.scan.find(relation, wanted.row, place_in_row, own, |held| match (wanted.window, opened.time) {
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
        Ok(Opened { place_in_key: (0..relation.width()).map(in_key).collect(), time: layout.time, scan })
    }
}

fn missing_index(relation: &Relation, arguments: &Arguments) -> Error {
    let columns = arguments.key.iter().map(quote::identifier).collect::<Vec<_>>().join(", ");
    Error::new(Class::State, format!("deduplicated table \"{}\" has no index on ({columns})", relation.name()))
        .hint(format!("CREATE INDEX ON {} ({columns});", relation.qualified_name()))
}

impl Derived for Keys {
    fn depends_on(&self, relation: Oid) -> bool {
        self.tables.contains(&relation)
    }
}
