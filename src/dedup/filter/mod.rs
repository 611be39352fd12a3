//! A filter of all keys of a table, which all sessions share: what is not in it needs no search.
//!
//! **Every key that a row of a covered partition has, or that an open transaction has put there, is in the filter.** Who inserts a row
//! puts its key in first. What is in the filter besides, of rows that are gone or never came, costs time only. Nothing here waits: the
//! caller has taken [`Filter::reserve`], or the lock that it asks for. Without a filter the partitions are searched.
//! `docs/design/dedup.md` proves it.

mod bits;
mod build;
mod coverage;
mod directory;
mod parts;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bits::Put;
use build::Others;
use coverage::Part;
use directory::{Entry, Layer, NOT_YET, Place};
use veritable_core::chain::LinkHash;

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use crate::pg::database;
use crate::pg::glance::Glance;
use crate::pg::oid::Oid;
use crate::pg::open_transaction::{self, own_number, take_number};
use crate::pg::pages::Pages;
use crate::pg::random;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::Result;
use crate::pg::stack;
use crate::pg::types::{has_lasting_functions, is_deterministic};
use crate::table::keepers::{Keeper, Prunes};
use crate::table::loosened::Listener;

/// The pages of the first layer of a filter, and the most of a layer: 512 MB, for 350 million keys.
const LAYER_MIN: u32 = 8;
const LAYER_MAX: u32 = 65_536;
/// The factor by which layers grow.
const GROWTH: u32 = 4;
/// The number of keys that a block of a table is expected to have, when a filter begins.
const KEYS_OF_BLOCK: u64 = 64;
/// The number of blocks that one row covers, and that of rows before the next attempt after one that came to nothing.
const BLOCKS_AT_ONCE: u32 = 16;
const PAUSE: u32 = 32;
/// The number of blocks that are read before the session looks whether it is to stop.
const BLOCKS_UNTIL_INTERRUPT: u32 = 1024;
/// The lock on the directory.
const DIRECTORY: u64 = 0;

/// The filter of a table, as this backend knows it.
pub struct Filter {
    root: Oid,
    /// The table with the pages.
    table: Oid,
    identity: [u8; 16],
    leaves: Vec<Leaf>,
    place: Cell<Option<Place>>,
    /// The number of rows before the next attempt to cover more.
    pause: Cell<u32>,
    seen: RefCell<Seen>,
}

/// A relation that holds rows.
struct Leaf {
    relation: Oid,
    /// What can be covered of it: all, if its trigger fires in every session.
    part: Option<Part>,
}

/// The partitions that the filter did not cover when this was read.
#[derive(Default)]
struct Seen {
    of: Option<(u64, u64, u32)>,
    uncovered: Rc<Vec<Oid>>,
}

/// Where rows with a key can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// Anywhere.
    Anywhere,
    /// In one of these relations, which the filter does not cover.
    In(Rc<Vec<Oid>>),
}

impl Where {
    /// Whether there is no such row.
    pub fn is_nowhere(&self) -> bool {
        matches!(self, Where::In(relations) if relations.is_empty())
    }

    /// Whether a row can be in this relation.
    pub fn include(&self, relation: Oid) -> bool {
        match self {
            Where::Anywhere => true,
            Where::In(relations) => relations.contains(&relation),
        }
    }
}

impl Filter {
    /// The filter of the table `root` with these leaves. There is none for temporary tables, and none where the hash of a value can
    /// change: for types that are neither PostgreSQL's own nor enums, and collations that are not deterministic.
    pub fn of(root: &Relation, layout: &Layout, leaves: &[Oid]) -> Result<Option<Filter>> {
        // Before an update of the extension there is no such table.
        let Some(table) = relation::named(c"veritable", c"dedup_filters") else { return Ok(None) };
        if root.is_temporary() {
            return Ok(None);
        }
        let trigger = parts::of(&[root.oid()])?.first().map(|part| part.trigger);
        let mut identity = format!("{} {trigger:?}", database::MAJOR_VERSION);
        for key in &layout.key {
            let (type_id, collation) = (key.column.type_id, key.column.collation);
            if !has_lasting_functions(type_id) || !is_deterministic(collation) {
                return Ok(None);
            }
            identity += &format!(" {} {}", u32::from(type_id), u32::from(collation));
        }
        let parts = parts::of(leaves)?;
        let part_of = |leaf: Oid| parts.iter().find(|part| part.relation == u32::from(leaf)).copied();
        Ok(Some(Filter {
            root: root.oid(),
            table,
            identity: digest(identity.as_bytes()),
            leaves: leaves.iter().map(|&leaf| Leaf { relation: leaf, part: part_of(leaf) }).collect(),
            place: Cell::new(None),
            pause: Cell::new(0),
            seen: RefCell::default(),
        }))
    }

    /// Takes the lock on the pages until the transaction ends, if that needs no waiting. Otherwise answers the table to wait for.
    pub fn reserve(&self) -> Option<(Oid, Lock)> {
        (!relation::is_free(self.table, Pages::LOCK)).then_some((self.table, Pages::LOCK))
    }

    /// Puts a key into the filter, and says where rows with the key can be that were there before. The caller has locked the key.
    pub fn put(&self, hash: u64) -> Result<Where> {
        let Some(pages) = Pages::open(self.table) else { return Ok(Where::Anywhere) };
        let Some((place, entry)) = self.entry(&pages)? else { return Ok(Where::Anywhere) };
        Ok(match self.put_in(&pages, place, &entry, hash) {
            Put::New { .. } => Where::In(self.uncovered(&pages, &entry)),
            Put::There | Put::Gone => Where::Anywhere,
        })
    }

    /// Covers some more of the table, if the filter did not cover it all at the last look.
    pub fn improve(&self, arguments: &Arguments) -> Result<()> {
        let seen = self.seen.borrow();
        if seen.of.is_some() && seen.uncovered.is_empty() {
            return Ok(());
        }
        drop(seen);
        match self.pause.get() {
            0 => {
                if !self.cover(arguments, BLOCKS_AT_ONCE, Others::MayWrite)? {
                    self.pause.set(PAUSE);
                }
            }
            pause => self.pause.set(pause - 1),
        }
        Ok(())
    }

    /// Covers all of the table, which is locked: nobody else writes to it.
    pub fn cover_all(&self, arguments: &Arguments) -> Result<()> {
        while self.cover(arguments, BLOCKS_UNTIL_INTERRUPT, Others::KeptOut)? {
            stack::check_for_interrupts();
        }
        Ok(())
    }

    fn put_in(&self, pages: &Pages, place: Place, entry: &Entry, hash: u64) -> Put {
        let put = bits::put(pages, entry, hash);
        match put {
            Put::New { is_full: true } => self.grow(pages, place, entry),
            Put::Gone => directory::free(pages, place, entry.name, true),
            _ => {}
        }
        put
    }

    /// The entry of the table, which is added if there is none.
    fn entry(&self, pages: &Pages) -> Result<Option<(Place, Entry)>> {
        if let Some(found) = self.find(pages) {
            return Ok(Some(found));
        }
        let name = u64::from_ne_bytes(random::bytes()?);
        directory::alone(self.table, DIRECTORY, || self.begin(pages, name)).unwrap_or(Ok(()))?;
        Ok(self.find(pages))
    }

    fn find(&self, pages: &Pages) -> Option<(Place, Entry)> {
        let known = self.place.get().and_then(|place| Some((place, directory::at(pages, place, self.root)?)));
        let (place, entry) = known.or_else(|| {
            let place = directory::find(pages, self.root)?;
            Some((place, directory::at(pages, place, self.root)?))
        })?;
        self.place.set(Some(place));
        (entry.identity == self.identity).then_some((place, entry))
    }

    /// Adds an entry. The caller is alone.
    fn begin(&self, pages: &Pages, name: u64) -> Result<()> {
        if let Some(place) = directory::find(pages, self.root) {
            match directory::at(pages, place, self.root) {
                Some(entry) if entry.identity == self.identity => return Ok(()),
                // Of a deduplication that has ended, or another one of the same table.
                Some(entry) => directory::free(pages, place, entry.name, false),
                None => {}
            }
        }
        sweep(pages)?;
        let blocks: u64 = self.leaves.iter().map(|leaf| u64::from(blocks_of(leaf.relation))).sum();
        let wanted = (blocks * KEYS_OF_BLOCK / u64::from(bits::KEYS_OF_PAGE)).next_power_of_two();
        let wanted = u32::try_from(wanted).unwrap_or(LAYER_MAX).clamp(LAYER_MIN, LAYER_MAX);
        let maker = own_number();
        directory::add(pages, wanted, |free| match free {
            None => {
                let coverage = pages.add(1, |_, bytes| coverage::begin(bytes, name, 1));
                let mut entry = Entry::new(self.root, self.identity, name, maker, coverage);
                entry.push(Layer {
                    start: pages.add(wanted, |page, bytes| bits::begin(bytes, name, 0, page)),
                    pages: wanted,
                });
                entry
            }
            Some(free) => {
                pages.change(free.coverage, |bytes| (coverage::begin(bytes, name, 1), true));
                let mut entry = Entry::new(self.root, self.identity, name, maker, free.coverage);
                for (number, &layer) in (0..).zip(free.layers()) {
                    for page in 0..layer.pages {
                        pages.change(layer.start + page, |bytes| (bits::begin(bytes, name, number, page), true));
                    }
                    entry.push(layer);
                }
                entry
            }
        });
        Ok(())
    }

    /// Adds a layer to a filter that is full, if nobody else does.
    fn grow(&self, pages: &Pages, place: Place, entry: &Entry) {
        let number = entry.layers().len();
        let Some(last) = entry.layers().last().filter(|_| number < directory::LAYERS_MAX) else { return };
        directory::alone(self.table, DIRECTORY, || {
            let current = directory::at(pages, place, self.root);
            if current.is_none_or(|current| current.name != entry.name || current.layers().len() != number) {
                return;
            }
            let count = last.pages.saturating_mul(GROWTH).min(LAYER_MAX);
            let start = pages.add(count, |page, bytes| bits::begin(bytes, entry.name, number as u32, page));
            directory::change(pages, place, entry.name, |current| {
                current.push(Layer { start, pages: count });
                true
            });
        });
    }

    /// The leaves that the filter does not cover.
    fn uncovered(&self, pages: &Pages, entry: &Entry) -> Rc<Vec<Oid>> {
        let of = Some((entry.name, entry.epoch, entry.changes));
        if self.seen.borrow().of == of {
            return Rc::clone(&self.seen.borrow().uncovered);
        }
        let parts = coverage::read(pages, entry).unwrap_or_default();
        let is_covered = |leaf: &Leaf| leaf.part.is_some_and(|part| parts.contains(&part.covered()));
        let uncovered = self.leaves.iter().filter(|leaf| !is_covered(leaf)).map(|leaf| leaf.relation);
        let uncovered = Rc::new(uncovered.collect::<Vec<_>>());
        self.seen.replace(Seen { of, uncovered: Rc::clone(&uncovered) });
        uncovered
    }
}

/// The blocks of a relation; none if somebody else has locked it.
fn blocks_of(relation: Oid) -> u32 {
    match Relation::glance(relation, Lock::AccessShare) {
        Glance::Open(relation) => relation.blocks(),
        Glance::Locked | Glance::Gone => 0,
    }
}

/// Frees the filters of tables that are not deduplicated and of which nobody has told: the table or its trigger was taken back, or an
/// event trigger did not fire. The caller is alone. The transaction that has made an entry may be the only one that sees its table, so
/// the entry stays as long as that is open, unless it is this one.
fn sweep(pages: &Pages) -> Result<()> {
    let mut entries = directory::all(pages, |entry| entry.target != 0);
    entries.retain(|(_, entry)| !open_transaction::is_open_elsewhere(entry.maker));
    if entries.is_empty() {
        return Ok(());
    }
    let targets: Vec<_> = entries.iter().map(|(_, entry)| Oid::from(entry.target)).collect();
    let present = parts::of(&targets)?;
    for (place, entry) in entries {
        if !present.iter().any(|part| part.relation == entry.target) {
            directory::free(pages, place, entry.name, false);
        }
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&LinkHash::of_line(bytes).as_bytes()[..16]);
    digest
}

/// A filter covers a table as long as its triggers see each row, and its values keep their hashes.
pub const LISTENER: Listener = |table| {
    let relation = Relation::open(table, Lock::AccessShare)?;
    if !FEATURE.is_on(&relation)? {
        return Ok(());
    }
    let root = FEATURE.root_of(&relation)?;
    void(root.as_ref().unwrap_or(&relation).oid());
    Ok(())
};

/// Says that rows may come to the table whose keys are not put into its filter, from now on and until this transaction ends.
fn void(root: Oid) {
    with_entry(root, |pages, place, entry| {
        // Nothing is covered again before this transaction ends.
        take_number();
        directory::change(pages, place, entry.name, |entry| {
            (entry.epoch, entry.horizon) = (entry.epoch + 1, NOT_YET);
            entry.changes = entry.changes.wrapping_add(1);
            true
        });
    });
}

/// Frees the filters of tables that are deduplicated no longer.
pub fn forget(tables: &[Oid]) {
    for &table in tables {
        with_entry(table, |pages, place, entry| directory::free(pages, place, entry.name, false));
    }
}

/// The filters go with the tables.
pub const KEEPER: Keeper = Keeper {
    forget: |_, tables| {
        forget(tables);
        Ok(Vec::new())
    },
    prunes: Prunes::NOTHING,
};

fn with_entry(target: Oid, act: impl FnOnce(&Pages, Place, &Entry)) {
    let Some(table) = relation::named(c"veritable", c"dedup_filters") else { return };
    if Relation::open(table, Pages::LOCK).is_err() {
        return;
    }
    let Some(pages) = Pages::open(table).filter(|pages| pages.count() > 0) else { return };
    if let Some(place) = directory::find(&pages, target)
        && let Some(entry) = directory::at(&pages, place, target)
    {
        act(&pages, place, &entry);
    }
}
