//! The sealing trigger: gives a new event its seq, the hash of the event before it, and its own hash.
//!
//! Two sessions that append to one entity take turns by a lock; but no lock is kept until the commit for each entity,
//! so that a transaction may touch any number of them. What makes the turn safe after the lock is gone is the row
//! itself: whoever comes next finds it through the index, in progress, and waits for its transaction to end.

use std::cell::OnceCell;
use std::rc::Rc;

use pgrx::pg_sys;
use veritable_core::chain::{LinkHash, Stored};

use super::arguments::Arguments;
use super::head::{Head, Heads, Look};
use super::layout::Layout;
use super::{recent, triggers};
use crate::pg::cache::{self, Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock::{self, Key};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::trigger::{Event, Firing, is_replica};
use crate::pg::{index, system};

sql_function! {
    /// `veritable.seal()`: BEFORE INSERT FOR EACH ROW.
    veritable_seal / pg_finfo_veritable_seal = seal
}

/// What sealing a row of one relation needs.
struct Sealer {
    /// The relation whose rows come.
    relation: pg_sys::Oid,
    /// The relation whose chain it is: the partitioned table, for a partition.
    root: pg_sys::Oid,
    layout: Layout,
    /// Found out when a row is appended: a row that a replica applies needs no head, and no index to find it by.
    heads: OnceCell<Heads>,
}

thread_local! {
    static SEALERS: Cache<Sealer> = Cache::default();
}

fn seal(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() || firing.event() != Event::Insert {
        return Err(Error::new(Class::TriggerProtocol, triggers::MISPLACED_SEAL));
    }
    let sealer = Sealer::of(&firing)?;
    let row = firing.row(&sealer.layout.descriptor);
    if is_replica() && !row.is_null(sealer.layout.hash.place) {
        recent::forget();
        sealer.check_own_hash(&row)?;
        return Ok(row.into_answer());
    }
    let relation = firing.relation();
    let key = sealer.layout.key(sealer.root, &row)?;
    let entity = sealer.layout.entity_image(&row);
    let head = match recent::head(&relation, key, &entity) {
        Some(head) => Some(head),
        None => sealer.find_head(&firing, key, &row)?,
    };
    let (row, head) = sealer.append(row, head)?;
    recent::expect(&relation, key, entity, head);
    Ok(row.into_answer())
}

impl Sealer {
    fn of(firing: &Firing) -> Result<Rc<Sealer>> {
        SEALERS.with(|sealers| {
            sealers.get(firing.relation_oid(), || {
                recent::forget();
                let relation = firing.relation();
                triggers::check_table(&relation)?;
                let arguments = Arguments::parse(&firing.arguments())?;
                let root = triggers::root_of(&relation)?;
                Ok(Sealer {
                    relation: relation.oid(),
                    root: root.as_ref().unwrap_or(&relation).oid(),
                    layout: Layout::of(&relation, &arguments)?,
                    heads: OnceCell::new(),
                })
            })
        })
    }

    fn heads(&self, firing: &Firing) -> Result<&Heads> {
        if let Some(heads) = self.heads.get() {
            return Ok(heads);
        }
        let root = Relation::open(self.root, Lock::AccessShare)?;
        let heads = Heads::of(&root, self.relation, &Arguments::parse(&firing.arguments())?)?;
        Ok(self.heads.get_or_init(|| heads))
    }

    /// Finds the newest event of the row's entity, and keeps others from appending to it until this row is inserted.
    fn find_head(self: &Rc<Self>, firing: &Firing, key: Key, row: &Row) -> Result<Option<Head>> {
        let mut current = Rc::clone(self);
        loop {
            lock::hold(key);
            if current.heads(firing)?.are_partitioned() {
                // A partition may have been attached since the statement began, and have taken events.
                cache::accept_changes();
                current = Sealer::of(firing)?;
            }
            match current.heads(firing)?.look(key, row, &self.layout)? {
                Look::None => return Ok(None),
                Look::Head(head) => return Ok(Some(head)),
                Look::InProgress(transaction) => {
                    // Let go first: that transaction may need the lock for its own next event.
                    lock::let_go();
                    index::wait_for(transaction, &firing.relation());
                }
            }
        }
    }

    /// Seals `row` as the event after `head`, and gives it back as the head that it will be.
    fn append<'d>(&self, mut row: Row<'d>, head: Option<Head>) -> Result<(Row<'d>, Head)> {
        let layout = &self.layout;
        let seq = match &head {
            None => 1,
            Some(head) => head.seq.checked_add(1).ok_or_else(|| Error::new(Class::Limit, "the chain is full"))?,
        };
        self.check_supplied(&row, seq, head.as_ref().map(|head| head.hash))?;
        row.set_integer(layout.seq, seq);
        layout.previous.put(&mut row, head.as_ref().map(|head| &head.hash));
        let hash = if row.is_null(layout.hash.place) {
            if let Some(place) = layout.recorded {
                // Not the client's to choose, and strictly increasing: `now()` would be the start of the transaction,
                // so that a writer who waited would sort before the one it waited for.
                let before = head.and_then(|head| head.recorded);
                let earliest = before.map_or(i64::MIN, |recorded| recorded.saturating_add(1));
                row.set_integer(place, system::clock().max(earliest));
            }
            let hash = layout.hash_of(&row)?;
            layout.hash.put(&mut row, Some(&hash));
            hash
        } else {
            self.check_own_hash(&row)?
        };
        let recorded = layout.recorded.and_then(|place| row.integer(place));
        Ok((row, Head { seq, hash, recorded }))
    }

    /// A client that supplies the seq or the previous hash says which head it knows. Another head is a stale one.
    fn check_supplied(&self, row: &Row, seq: i64, previous: Option<LinkHash>) -> Result<()> {
        let stale = |column: &str, detail: String| {
            let error = Error::new(Class::Serialization, format!("supplied {column} does not continue the chain"))
                .hint("Somebody else may have appended first: read the newest event again and retry, or leave the column out.");
            if self.may_show() { error.detail(detail) } else { error }
        };
        if let Some(supplied) = row.integer(self.layout.seq)
            && supplied != seq
        {
            return Err(stale("seq", format!("The next seq of this entity is {seq}, not {supplied}.")));
        }
        let supplied = self.layout.previous.stored(row);
        if supplied != Stored::Null && supplied != Stored::from(previous) {
            let head = previous.map_or("This entity has no event yet.".to_string(), |hash| {
                format!("The hash of this entity's newest event is {hash}.")
            });
            return Err(stale("previous hash", head));
        }
        Ok(())
    }

    /// A row that comes with its hash, from a dump or a replica, must match it.
    fn check_own_hash(&self, row: &Row) -> Result<LinkHash> {
        let computed = self.layout.hash_of(row)?;
        if self.layout.hash.stored(row) == Stored::Hash(computed) {
            return Ok(computed);
        }
        let error = Error::new(Class::Check, "supplied hash is not the hash of the row")
            .hint("Leave the column out to have the row sealed.");
        Err(if self.may_show() { error.detail(format!("The hash of the row is {computed}.")) } else { error })
    }

    fn may_show(&self) -> bool {
        Relation::open(self.relation, Lock::Held).is_ok_and(|relation| relation.is_readable())
    }
}

impl Derived for Sealer {
    fn depends_on(&self, relation: pg_sys::Oid) -> bool {
        relation == self.relation
            || relation == self.root
            || self.heads.get().is_some_and(|heads| heads.include(relation))
    }
}
