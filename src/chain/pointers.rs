//! Where the newest events of entities are, for a chain in partitions: a pointer for each entity, in `veritable.heads`.
//!
//! **Every event of the entity with a seq at or above the pointer's is in one of the pointer's leaves.** A pointer may be ahead
//! of the table (its row was skipped, or pruned), and is never behind. `docs/design/partitions.md` proves it.
//!
//! Pointers belong to a *generation* of the chain. Rows that come without pointers make the generation void: one note, which
//! waits for nobody. A new generation begins when nobody can add such rows. It notes which leaves had rows then: an entity
//! without a pointer has its events there, or has none.

use std::cell::RefCell;
use std::rc::Rc;

use veritable_core::chain::LinkHash;

use super::arguments::Arguments;
use super::own_heads::{self, Pointing};
use super::{empty_leaves, generation_read, triggers};
use crate::pg::cache::{self, Cache};
use crate::pg::contents::has_rows;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::notes::{FoundNote, Note, Notes, RELATIONS_MAX};
use crate::pg::oid::Oid;
use crate::pg::open_transaction::OpenTransaction;
use crate::pg::random;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::transaction::{Moment, moment};
use crate::pg::types::{has_lasting_functions, is_deterministic};
use crate::table::keepers::{Keeper, Prunes, Told};
use crate::table::loosened::Listener;

/// The key of the notes that make a generation void. They come first in the index, so that a scan reads them first: a note that
/// is deleted while the scan goes on is deleted together with its generation.
const VOID: i64 = i64::MIN;
/// The key of the notes of generations.
const GENERATION: i64 = i64::MIN + 1;
/// The number of a void note and of a generation, which is no seq.
const NO_SEQ: i64 = 0;
/// The most leaves of a pointer; with more of them, it says "anywhere".
const LEAVES_MAX: usize = 4;

thread_local! {
    static NOTES: Cache<Notes> = Cache::default();
    /// The chains that this transaction has made void, each with the subtransaction that has.
    static VOIDED: RefCell<Vec<(Oid, Moment)>> = const { RefCell::new(Vec::new()) };
}

/// The pointers of a chain.
pub struct Pointers {
    /// The table of the notes. Who uses them opens them anew: their index may be another one by then.
    notes: Oid,
    root: Oid,
    /// What pointers depend on in the catalogs: the sealing trigger, and the types of the entity.
    identity: [u8; 16],
}

/// What is known of an entity before a search.
pub struct Known {
    /// The generation to which a new pointer belongs; none if no pointer is kept.
    generation: Option<i64>,
    /// The entity's image, hashed.
    image: [u8; 16],
    /// The newest versions of the entity's pointer: at most one, unless somebody has tampered with them.
    pointers: Vec<FoundNote>,
    /// Where the newest event is.
    pub place: Place,
}

/// Where the newest event of an entity is.
pub enum Place {
    /// In any leaf.
    Anywhere,
    /// In one of these leaves, if one has an event with this seq or a later one; else in any leaf.
    From(i64, Vec<Oid>),
    /// In one of these leaves, or there is no event.
    Only(Vec<Oid>),
}

/// The answer about an entity.
pub enum Knowing {
    /// Another open transaction has the pointer in work.
    InProgress(OpenTransaction),
    /// What is known.
    Known(Known),
}

/// The state of a chain.
struct State {
    /// The generation to which new pointers belong: valid, or begun by a transaction that is still open.
    generation: Option<i64>,
    /// The leaves of entities without a pointer, if the generation is valid: `None` is any leaf.
    valid: Option<Option<Vec<Oid>>>,
}

impl Pointers {
    /// The pointers of the chain in `root`, if it is a partitioned table whose entities have lasting hashes: else a pointer
    /// could be found again after events that were appended under another hash.
    pub fn of(root: &Relation, arguments: &Arguments) -> Result<Option<Pointers>> {
        if !root.is_partitioned() {
            return Ok(None);
        }
        let Some(notes) = notes_table() else { return Ok(None) };
        let seal = triggers::sealing_function()?;
        let trigger = root.triggers().into_iter().find(|trigger| trigger.function == seal);
        let mut identity = format!("{:?}", trigger.map(|trigger| u32::from(trigger.oid)));
        for column in root.columns().iter().filter(|column| arguments.entity.contains(&column.name)) {
            identity += &format!(" {} {}", u32::from(column.type_id), u32::from(column.collation));
            // The functions of other types can be replaced, and the order of a language changes with the operating system.
            if !has_lasting_functions(column.type_id) || !is_deterministic(column.collation) {
                return Ok(None);
            }
        }
        Ok(Some(Pointers { notes, root: root.oid(), identity: digest(identity.as_bytes()) }))
    }

    /// What is known of the entity with this lock key and image, which the caller has locked. The next event comes to `leaf`, on which
    /// the transaction has a lock.
    pub fn look(&self, key: Key, entity: &[u8], leaf: Oid) -> Result<Knowing> {
        let image = digest(entity);
        let nothing = |place| Knowing::Known(Known { generation: None, image, pointers: Vec::new(), place });
        let notes = notes_in(self.notes)?;
        // The generation first, then the pointer.
        let (found, mut pointers) = notes.up_to_and_with(self.root, GENERATION, key.hash as i64);
        let (state, is_of_scan) = self.state(&notes, found)?;
        let Some(generation) = state.generation else { return Ok(nothing(Place::Anywhere)) };
        generation_read::note(self.root, generation, leaf);
        if !is_of_scan {
            pointers = notes.with_key(self.root, key.hash as i64);
        }
        pointers.retain(|found| found.note.number != NO_SEQ);
        if let Some(transaction) = pointers.iter().find_map(|found| found.inserter.or(found.deleter)) {
            return Ok(Knowing::InProgress(transaction));
        }
        let place = match (&pointers[..], state.valid) {
            (_, None) => Place::Anywhere,
            ([found], Some(_)) if found.note.generation == generation => match &found.note.relations {
                Some(leaves) if found.note.name == image => Place::From(found.note.number, leaves.clone()),
                // Another image of the entity, or another entity, has the pointer of this key.
                _ => Place::Anywhere,
            },
            ([] | [_], Some(Some(leaves))) => Place::Only(leaves),
            _ => Place::Anywhere,
        };
        Ok(Knowing::Known(Known { generation: Some(generation), image, pointers, place }))
    }

    /// What is known of the pointer of an entity whose head this transaction has made: the same as by [`look`](Pointers::look), except for the
    /// place, with less reading.
    pub fn look_at_own(&self, key: Key, entity: &[u8], leaf: Oid) -> Result<Knowing> {
        let Some(generation) = generation_read::of(self.root, leaf) else { return self.look(key, entity, leaf) };
        let mut pointers = notes_in(self.notes)?.with_key(self.root, key.hash as i64);
        pointers.retain(|found| found.note.number != NO_SEQ);
        if let Some(transaction) = pointers.iter().find_map(|found| found.inserter.or(found.deleter)) {
            return Ok(Knowing::InProgress(transaction));
        }
        let (generation, image) = (Some(generation), digest(entity));
        Ok(Knowing::Known(Known { generation, image, pointers, place: Place::Anywhere }))
    }

    /// Lets the pointer include the leaf that the event with this seq is about to come to. The caller has locked the entity, and
    /// knows that this is its next event; `searched_all` says that it has looked into all leaves for the one before.
    pub fn include(&self, key: Key, known: &Known, leaf: Oid, seq: i64, searched_all: bool) -> Result<Pointing> {
        let Some(generation) = known.generation else { return Ok(Pointing::At(leaf)) };
        let notes = notes_in(self.notes)?;
        let fresh = |number, leaves| Note {
            about: self.root,
            key: key.hash as i64,
            generation,
            number,
            name: known.image,
            relations: leaves,
        };
        let Some(found) = known.pointers.first() else {
            notes.insert(&fresh(seq, Some(vec![leaf])));
            return Ok(Pointing::At(leaf));
        };
        if known.pointers.len() == 1 && found.note.generation == generation && found.note.name == known.image {
            match &found.note.relations {
                // A version of this transaction is never replaced by a smaller list: PostgreSQL keeps each version until the
                // transaction ends, and a search reads them all.
                None if found.own => return Ok(self.anywhere(leaf)),
                Some(leaves) if leaves.contains(&leaf) && (found.own || !searched_all) => {
                    return Ok(Pointing::At(leaf));
                }
                Some(leaves) if found.own => {
                    let mut leaves = leaves.clone();
                    leaves.push(leaf);
                    let is_anywhere = leaves.len() > LEAVES_MAX;
                    notes.replace(found, &fresh(found.note.number, (!is_anywhere).then_some(leaves)));
                    return Ok(if is_anywhere { self.anywhere(leaf) } else { Pointing::At(leaf) });
                }
                _ => {}
            }
        }
        known.pointers[1..].iter().for_each(|other| notes.delete(other));
        notes.replace(found, &fresh(seq, Some(vec![leaf])));
        Ok(Pointing::At(leaf))
    }

    /// The knowledge that a pointer says "anywhere". It counts only for who keeps generations from beginning meanwhile: an entity
    /// would need a pointer of the new one. For the same leaf it would not, because this transaction holds a lock on the leaf.
    fn anywhere(&self, leaf: Oid) -> Pointing {
        if lock::is_held_as(whole(self.root), Mode::Shared) {
            return Pointing::Anywhere;
        }
        keep(self.root);
        Pointing::At(leaf)
    }

    /// The state of the chain, from the notes about it; and whether that is the answer, or one of later.
    fn state(&self, notes: &Notes, found: Vec<FoundNote>) -> Result<(State, bool)> {
        let state = self.state_of(notes, found)?;
        if state.generation.is_some() || is_voided_here(self.root, |_| true) {
            return Ok((state, true));
        }
        if let Some(state) = self.begin(notes)? {
            return Ok((state, false));
        }
        // The row comes without a pointer: no generation may begin before this transaction ends. One may have begun just now.
        keep(self.root);
        Ok((self.read(notes)?, false))
    }

    fn read(&self, notes: &Notes) -> Result<State> {
        self.state_of(notes, notes.up_to(self.root, GENERATION))
    }

    fn state_of(&self, notes: &Notes, found: Vec<FoundNote>) -> Result<State> {
        let (void, generations): (Vec<_>, Vec<_>) =
            found.iter().filter(|found| found.note.number == NO_SEQ).partition(|found| found.note.key == VOID);
        let stands = |found: &&&FoundNote| {
            found.note.name == self.identity && void.iter().all(|void| void.note.generation != found.note.generation)
        };
        let mut standing: Vec<_> = generations.iter().filter(stands).collect();
        if let Some(valid) = standing.iter().position(|found| found.inserter.is_none()) {
            let valid = standing.swap_remove(valid);
            if standing.iter().any(|other| other.inserter.is_none()) {
                // Two cannot be.
                make_void(self.root, notes);
                return Ok(State { generation: None, valid: None });
            }
            return Ok(State { generation: Some(valid.note.generation), valid: Some(valid.note.relations.clone()) });
        }
        Ok(State { generation: standing.first().map(|found| found.note.generation), valid: None })
    }

    /// Begins a generation, if nobody can be adding rows without pointers.
    fn begin(&self, notes: &Notes) -> Result<Option<State>> {
        if !lock::acquire(whole(self.root), Mode::Exclusive, false) {
            return Ok(None);
        }
        let state = self.begin_locked(notes);
        lock::release(whole(self.root), Mode::Exclusive);
        state
    }

    fn begin_locked(&self, notes: &Notes) -> Result<Option<State>> {
        // Another transaction may have begun one just before.
        let state = self.read(notes)?;
        if state.generation.is_some() {
            return Ok(Some(state));
        }
        // Whoever holds the table exclusively may wait for the lock that is held here.
        if !relation::is_free(self.root, Lock::AccessShare) {
            return Ok(None);
        }
        cache::accept_changes();
        let (leaves, _) = Relation::open(self.root, Lock::Held)?.family_now();
        for former in notes.up_to(self.root, GENERATION) {
            if former.note.number == NO_SEQ && former.inserter.is_none() && former.deleter.is_none() {
                notes.delete(&former);
            }
        }
        let generation = i64::from_ne_bytes(random::bytes()?);
        let (empty, others) = empty_leaves::lock(&leaves)?;
        let others = (others.len() <= RELATIONS_MAX).then_some(others);
        notes.insert(&Note {
            about: self.root,
            key: GENERATION,
            generation,
            number: NO_SEQ,
            name: self.identity,
            relations: others.clone(),
        });
        // From here on, whoever gets at an empty leaf finds the generation, and makes pointers.
        empty.into_iter().for_each(|leaf| relation::release(leaf, Lock::Share));
        // What this transaction knows of pointers is about those of the generation before.
        own_heads::forget();
        generation_read::forget();
        Ok(Some(State { generation: Some(generation), valid: Some(others) }))
    }
}

/// Notes that rows come to the chain in `root` without pointers, in this transaction: none of its pointers is believed any more.
/// Call it before the rows are there. Waits for nobody.
pub fn void(root: Oid) -> Result<()> {
    if is_voided_here(root, Moment::is_open) {
        return Ok(());
    }
    if let Some(table) = notes_table() {
        make_void(root, notes_in(table)?.as_ref());
    }
    Ok(())
}

/// The pointers of a chain depend on its triggers, and on the hashes of its values.
pub const LISTENER: Listener = |table| void_chain_of(&Relation::open(table, Lock::AccessShare)?);

/// Calls [`void`] for the chain that the relation is or belongs to, if it has partitions.
pub fn void_chain_of(relation: &Relation) -> Result<()> {
    partitioned(relation)?.map_or(Ok(()), void)
}

/// Notes that a partition has come to a chain, maybe with rows. Nobody else sees the partition before this transaction ends, so no
/// generation may begin before.
pub fn arrive(partition: &Relation) -> Result<()> {
    let Some(root) = partitioned(partition)? else { return Ok(()) };
    keep(root);
    if partition.has_rows_of_its_own() && has_rows(partition.oid())? { void(root) } else { Ok(()) }
}

/// The root of the chain that the relation is or belongs to, if it has partitions.
fn partitioned(relation: &Relation) -> Result<Option<Oid>> {
    let root = triggers::root_of(relation)?;
    let root = root.as_ref().unwrap_or(relation);
    Ok(root.is_partitioned().then(|| root.oid()))
}

/// Keeps generations from beginning until this transaction ends: what was read of them before may be out of date, and is forgotten.
fn keep(root: Oid) {
    if !lock::is_held_as(whole(root), Mode::Shared) {
        lock::acquire(whole(root), Mode::Shared, true);
        generation_read::forget();
    }
}

fn make_void(root: Oid, notes: &Notes) {
    keep(root);
    generation_read::forget();
    let found = notes.up_to(root, GENERATION);
    let found = || found.iter().filter(|found| found.note.number == NO_SEQ);
    for generation in found().filter(|found| found.note.key == GENERATION).map(|found| found.note.generation) {
        // The note of another open transaction may be rolled back.
        let is_void = |found: &FoundNote| {
            found.note.key == VOID && found.note.generation == generation && found.inserter.is_none()
        };
        if !found().any(is_void) {
            notes.insert(&Note { about: root, key: VOID, generation, number: NO_SEQ, name: [0; 16], relations: None });
        }
    }
    VOIDED.with_borrow_mut(|voided| {
        voided.retain(|(_, moment)| moment.is_of_this_transaction());
        voided.push((root, moment()));
    });
}

/// The pointers of a chain go with it.
pub const KEEPER: Keeper = Keeper { forget, prunes: Prunes::NOTHING };

/// Deletes the pointers of chains that have ended. The caller holds a lock on each that keeps everybody out.
pub fn forget(_session: &Session, tables: &[Oid]) -> Result<Vec<Told>> {
    if let Some(table) = notes_table() {
        let notes = notes_in(table)?;
        tables.iter().for_each(|table| notes.delete_all(*table));
    }
    Ok(Vec::new())
}

/// Whether this transaction has made the chain void, in a subtransaction of which `is_meant` holds.
fn is_voided_here(root: Oid, is_meant: impl Fn(&Moment) -> bool) -> bool {
    VOIDED.with_borrow(|voided| {
        voided.iter().any(|(other, moment)| *other == root && moment.is_of_this_transaction() && is_meant(moment))
    })
}

/// The lock on what is known of a chain: shared by those who need that no generation begins.
fn whole(root: Oid) -> Key {
    Key { kind: Kind::Heads, relation: root, hash: 0 }
}

/// The table of the notes; before an update of the extension there is none.
fn notes_table() -> Option<Oid> {
    relation::named(c"veritable", c"heads")
}

/// The notes in this table. The lock comes first: it takes in whether their index is another one now, and keeps it until the
/// transaction ends. Without an index nobody learns which pointers are void, so that none may be left unread.
fn notes_in(table: Oid) -> Result<Rc<Notes>> {
    let table = Relation::open(table, Lock::AccessShare)?;
    let missing = || Error::new(Class::State, "table \"veritable.heads\" has no index on (chain, key)");
    NOTES.with(|notes| notes.get(table.oid(), || Notes::of(&table).ok_or_else(missing)))
}

/// The first half of a SHA-256: nobody finds two images with the same.
fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&LinkHash::of_line(bytes).as_bytes()[..16]);
    digest
}
