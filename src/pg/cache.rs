//! What a backend keeps between statements, and when the backend must forget it.
//!
//! PostgreSQL tells every backend which relations have changed; an entry derived from a changed relation is dropped
//! before its next use. The callback only takes a note, because PostgreSQL may call it in the middle of anything.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::pg_sys;

/// The maximum number of entries: a backend that works on more relations derives some of the entries again.
const ENTRIES_MAX: usize = 1024;

/// The maximum number of notes: with more of them, the backend forgets all entries.
const NOTES_MAX: usize = 64;

/// A value derived from relations.
pub trait Derived {
    /// Whether a change of this relation invalidates the value.
    fn depends_on(&self, relation: pg_sys::Oid) -> bool;

    /// Whether the value is still right in what PostgreSQL tells no backend of: the name of a schema.
    fn is_current(&self) -> bool {
        true
    }

    /// Notes that a change has made the value invalid.
    fn has_changed(&self) {}
}

/// Values derived from relations, by the oid of the relation or trigger that each value is for.
pub struct Cache<T> {
    entries: RefCell<HashMap<pg_sys::Oid, Rc<T>>>,
    seen: std::cell::Cell<u64>,
}

struct Notes {
    registered: bool,
    /// The number of notes ever taken.
    count: u64,
    /// The most recent notes.
    changed: Vec<pg_sys::Oid>,
}

thread_local! {
    static NOTES: RefCell<Notes> = const { RefCell::new(Notes { registered: false, count: 0, changed: Vec::new() }) };
}

unsafe extern "C-unwind" fn note_change(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    // `borrow` does not fail: no code calls PostgreSQL while holding the notes.
    NOTES.with(|notes| {
        if let Ok(mut notes) = notes.try_borrow_mut() {
            notes.count += 1;
            if notes.changed.len() == NOTES_MAX {
                notes.changed.remove(0);
            }
            notes.changed.push(relation);
        }
    });
}

/// Tells all backends, as soon as the transaction has committed, that what they have derived from the relation must be derived
/// anew.
pub fn tell_of_change(relation: pg_sys::Oid) {
    // SAFETY: takes the oid of a relation, or raises an error if there is none.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(relation) };
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Cache { entries: RefCell::default(), seen: std::cell::Cell::new(0) }
    }
}

impl<T: Derived> Cache<T> {
    /// The kept value for `oid`, or a new value from `derive`.
    pub fn get<E>(&self, oid: pg_sys::Oid, derive: impl FnOnce() -> Result<T, E>) -> Result<Rc<T>, E> {
        register();
        self.forget_changed();
        if let Some(entry) = self.entries.borrow().get(&oid).filter(|entry| entry.is_current()) {
            return Ok(Rc::clone(entry));
        }
        let entry = Rc::new(derive()?);
        let mut entries = self.entries.borrow_mut();
        if entries.len() >= ENTRIES_MAX
            && let Some(any) = entries.keys().next().copied()
        {
            entries.remove(&any);
        }
        entries.insert(oid, Rc::clone(&entry));
        Ok(entry)
    }

    /// Whether `value` is the kept value for `oid`, and no change is known that has made it invalid.
    pub fn keeps(&self, oid: pg_sys::Oid, value: &Rc<T>) -> bool {
        self.forget_changed();
        self.entries.borrow().get(&oid).is_some_and(|entry| Rc::ptr_eq(entry, value))
    }

    fn forget_changed(&self) {
        NOTES.with_borrow(|notes| {
            let unseen = (notes.count - self.seen.get()) as usize;
            if unseen == 0 {
                return;
            }
            self.seen.set(notes.count);
            let mut entries = self.entries.borrow_mut();
            let is_known = unseen <= notes.changed.len();
            let changed = &notes.changed[notes.changed.len() - unseen.min(notes.changed.len())..];
            // Relation zero stands for all relations.
            let changes = |entry: &T| changed.iter().any(|&oid| oid == pg_sys::InvalidOid || entry.depends_on(oid));
            entries.retain(|_, entry| {
                let has_changed = !is_known || changes(entry);
                if has_changed {
                    entry.has_changed();
                }
                !has_changed
            });
        });
    }
}

fn register() {
    let first = NOTES.with_borrow_mut(|notes| !std::mem::replace(&mut notes.registered, true));
    if first {
        // SAFETY: the callback is a function of this library, which is never unloaded; it raises no error.
        unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(note_change), pg_sys::Datum::null()) };
    }
}

/// Receives the changes that other sessions have committed. PostgreSQL receives them when it takes a lock; within one
/// statement it may take none.
pub fn accept_changes() {
    // SAFETY: a transaction is open.
    unsafe { pg_sys::AcceptInvalidationMessages() };
}

/// Tells every session that its values derived from the relation are out of date. This session learns that at its next
/// command, and again after a rollback; other sessions learn it once the transaction is committed.
pub fn invalidate(relation: pg_sys::Oid) {
    // SAFETY: a transaction is open; takes any relation's oid.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(relation) };
}
