//! The trigger that looks a row's key up, and skips or refuses the row if the key is taken.
//!
//! The protocol is that of sealing: lock the key, look. A row that another transaction is inserting or deleting, or a partition that it
//! has locked: release the lock, wait for the transaction, begin again. Otherwise the lock is kept until the row is in the table, at the
//! latest until the next row: then the row itself shows that the key is taken. docs/design/dedup.md has the proof.

use std::cell::Cell;
use std::rc::Rc;

use super::arguments::{Arguments, OnDuplicate};
use super::feature::{DEDUPLICATE, FEATURE};
use super::keys::{self, Keys, Wanted};
use super::layout::Layout;
use super::{requirements, triggers};
use crate::pg::cache::{self, Cache, Derived};
use crate::pg::column::Column;
use crate::pg::duplicate_scan::{Sought, Writer};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::glance;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::open_transaction::{has_number, take_number};
use crate::pg::relation::{Lock, Relation, is_free, release};
use crate::pg::relatives::is_new_partition;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::transaction::{Transaction, transaction};
use crate::pg::trigger::{Event, Firing, is_replica};
use crate::pg::version::{Command, Tid};
use crate::table::standing::{self, Again, Decision};

sql_function! {
    /// `veritable.deduplicate()`: BEFORE INSERT OR UPDATE FOR EACH ROW.
    veritable_deduplicate = deduplicate
}

/// The state for deduplicating the rows of one relation.
struct Deduplicator {
    /// The relation that receives the rows.
    relation: Oid,
    /// The relation of the deduplication: for a partition, the partitioned table.
    root: Oid,
    is_partitioned: bool,
    /// The transaction that has made the relation a partition, if that was open when this was read.
    new_in: Option<Transaction>,
    /// The columns that choose the partition of a row.
    routing: Vec<usize>,
    layout: Layout,
    arguments: Arguments,
    /// The name of the trigger, which is that of the constraint in errors.
    trigger: String,
}

/// The decision about a row.
#[derive(Clone, Copy)]
enum Decided {
    /// No other row has the key. The key's lock is held, unless a part of the key is NULL.
    Free,
    /// A row has the key, and whether the snapshot misses that row.
    Taken { is_newer: bool },
    /// The decision has to wait.
    Busy,
}

/// What a decision has to wait for.
enum Obstacle {
    /// The lock of the key.
    Key(Key),
    /// The end of another transaction.
    Writer(Writer),
    /// Another transaction's lock on a relation.
    Relation(Oid, Lock),
}

impl Obstacle {
    /// Waits without the locks of the row before and of this one, and then makes another attempt.
    fn wait<T>(self, relation: &Relation, attempt: impl FnOnce() -> Result<T>) -> Result<T> {
        lock::let_go();
        match self {
            Obstacle::Key(key) => lock::hold(key),
            Obstacle::Writer(writer) => writer.wait(relation),
            Obstacle::Relation(oid, lock) => {
                glance::wait_for(oid, lock);
                let answer = attempt()?;
                release(oid, lock);
                return Ok(answer);
            }
        }
        attempt()
    }
}

/// A command that may move rows of a table to other partitions: each by a DELETE and an INSERT.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moving {
    transaction: Transaction,
    command: Command,
    root: Oid,
}

thread_local! {
    static DEDUPLICATORS: Cache<Deduplicator> = Cache::default();
    static MOVING: Cell<Option<Moving>> = const { Cell::new(None) };
}

fn deduplicate(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() || !matches!(firing.event(), Event::Insert | Event::Update) {
        return Err(FEATURE.misplaced(DEDUPLICATE));
    }
    let own = Deduplicator::of(&firing)?;
    if own.new_in == Some(transaction()) {
        keys::arrive(own.root);
    }
    let relation = firing.relation();
    if is_replica() {
        // The publisher has looked the key up. A later row of this server's own has to find it.
        own.note(
            &relation,
            &if firing.event() == Event::Update {
                firing.new_row(&own.layout.descriptor)
            } else {
                firing.row(&own.layout.descriptor)
            },
        )?;
        return Ok(if firing.event() == Event::Update { firing.pass_update() } else { firing.pass_row() });
    }
    if firing.event() == Event::Update {
        let row = firing.new_row(&own.layout.descriptor);
        let before = firing.row(&own.layout.descriptor);
        // A row that moves to another partition is deleted here and inserted there. It would be lost if it were skipped there.
        let may_move = before.first_difference(&row, &own.routing).is_some();
        if may_move || !own.layout.is_same(&before, &row) {
            if matches!(own.decide(&relation, &row, Some(firing.old_place()), true)?, Decided::Taken { .. }) {
                return Err(own.taken(&row));
            }
            if may_move {
                MOVING.set(Some(own.moving()));
            }
        } else {
            // The new version may come to a block that was read for the filter, and the old one go from one that was not.
            own.note(&relation, &row)?;
        }
        return Ok(firing.pass_update());
    }
    let row = firing.row(&own.layout.descriptor);
    match own.decide(&relation, &row, None, true)? {
        Decided::Taken { is_newer } => {
            own.refuse(&row, is_newer)?;
            Ok(Answer::VOID)
        }
        Decided::Free | Decided::Busy => {
            standing::set(own.relation, Some(own));
            Ok(firing.pass_row())
        }
    }
}

impl Deduplicator {
    fn of(firing: &Firing) -> Result<Rc<Deduplicator>> {
        DEDUPLICATORS.with(|all| {
            all.get(firing.relation_oid(), || {
                let relation = firing.relation();
                requirements::check_kind(&relation)?;
                let arguments = Arguments::parse(&firing.arguments())?;
                requirements::check_filled(&relation, &arguments)?;
                let root = triggers::root_of(&relation)?;
                let root = root.as_ref().unwrap_or(&relation);
                let mut routing = Vec::new();
                if root.is_partitioned() {
                    for table in
                        relation.ancestors().into_iter().take_while(|table| *table != root.oid()).chain([root.oid()])
                    {
                        let table = Relation::open(table, Lock::AccessShare)?;
                        let by = |column: &Column| table.is_partitioned_by(column.place);
                        let names: Vec<_> = table.columns().into_iter().filter(by).map(|column| column.name).collect();
                        let own = relation.columns().into_iter().filter(|column| names.contains(&column.name));
                        routing.extend(own.map(|column| column.place));
                    }
                }
                Ok(Deduplicator {
                    new_in: is_new_partition(relation.oid()).then(transaction),
                    routing,
                    relation: relation.oid(),
                    root: root.oid(),
                    is_partitioned: root.is_partitioned(),
                    layout: Layout::of(&relation, &arguments)?,
                    trigger: firing.trigger_name(),
                    arguments,
                })
            })
        })
    }

    /// Decides whether the row's key is free, and keeps other sessions from taking the key until the row is in the table. Only if
    /// the decision `may_wait`, the call waits, and no lock of an append is held meanwhile.
    fn decide(&self, relation: &Relation, row: &Row, own: Option<Tid>, may_wait: bool) -> Result<Decided> {
        let Some(key) = self.layout.lock(self.root, row) else { return Ok(Decided::Free) };
        let window = match self.layout.time {
            None => None,
            Some(time) => match time.window(row) {
                None => return Ok(Decided::Free),
                window => window,
            },
        };
        let wanted = Wanted { row, layout: &self.layout, target: self.relation, own, window };
        // An UPDATE that moves a row has locked its key already, and deleted the row: it must not be lost to another session.
        let has_moved = lock::is_held_as(key, Mode::Exclusive);
        let mut attempt = self.attempt(key, &wanted)?;
        loop {
            let obstacle = match attempt {
                Ok(decided) => return Ok(decided),
                Err(obstacle) => obstacle,
            };
            // Release the locks before waiting: the other transaction may need them for its own next row. The row before has landed.
            if !(has_moved && matches!(obstacle, Obstacle::Relation(..))) {
                lock::let_go_of(Kind::Unique);
            }
            if !may_wait {
                return Ok(Decided::Busy);
            }
            attempt = obstacle.wait(relation, || self.attempt(key, &wanted))?;
        }
    }

    /// Locks the key and decides, unless that has to wait.
    fn attempt(&self, key: Key, wanted: &Wanted) -> Result<std::result::Result<Decided, Obstacle>> {
        loop {
            if !lock::hold_if_free(key) {
                return Ok(Err(Obstacle::Key(key)));
            }
            if self.is_partitioned {
                // Another session may have attached a partition with rows since the statement began.
                cache::accept_changes();
            }
            let keys = match self.keys()? {
                Ok(keys) => keys,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let has_number = has_number();
            let places = keys.note(key.hash)?;
            let Some(sought) = keys.look(wanted, &places)? else { continue };
            return Ok(match sought {
                Sought::Nothing => {
                    // Or since the look began.
                    if self.is_partitioned && {
                        cache::accept_changes();
                        !keys.are_current()
                    } {
                        continue;
                    }
                    if !has_number {
                        // A filter that begins counts on those alone that had no number before it was there.
                        take_number();
                        keys.note(key.hash)?;
                    }
                    keys.improve()?;
                    Ok(Decided::Free)
                }
                Sought::Row { is_newer } => {
                    lock::let_go_of(Kind::Unique);
                    Ok(Decided::Taken { is_newer })
                }
                Sought::InProgress(writer) => Err(Obstacle::Writer(writer)),
                Sought::Locked(oid) => Err(Obstacle::Relation(oid, Lock::AccessShare)),
            });
        }
    }

    /// The keys of the table, in which this transaction may note more; or what to wait for.
    fn keys(&self) -> Result<std::result::Result<Rc<Keys>, Obstacle>> {
        // As a statement on the table itself: a partition with rows is compared with the table when all have ended that write to it.
        if self.is_partitioned && !is_free(self.root, Lock::RowExclusive) {
            return Ok(Err(Obstacle::Relation(self.root, Lock::RowExclusive)));
        }
        let Some(keys) = Keys::of(self.root, &self.arguments)? else {
            return Ok(Err(Obstacle::Relation(self.root, Lock::AccessShare)));
        };
        Ok(match keys.reserve() {
            None => Ok(keys),
            Some((table, lock)) => Err(Obstacle::Relation(table, lock)),
        })
    }

    /// Notes that a row is on its way, without looking for others.
    fn note(&self, relation: &Relation, row: &Row) -> Result<()> {
        let Some(key) = self.layout.lock(self.root, row) else { return Ok(()) };
        take_number();
        let mut keys = self.keys()?;
        loop {
            match keys {
                Ok(keys) => return keys.note(key.hash).map(|_| ()),
                Err(obstacle) => {
                    lock::let_go_of(Kind::Unique);
                    keys = obstacle.wait(relation, || self.keys())?;
                }
            }
        }
    }

    /// The running command, as one that may move rows.
    fn moving(&self) -> Moving {
        Moving { transaction: transaction(), command: Command::running(), root: self.root }
    }

    /// Refuses a row whose key is taken, unless such rows are skipped. One that is moved would be lost: its old version is deleted, and
    /// since its key was found to be free, triggers have run that may have changed the row, or have let its lock go to another row.
    fn refuse(&self, row: &Row, is_newer: bool) -> Result<()> {
        if MOVING.get() == Some(self.moving()) {
            return Err(self.taken(row));
        }
        match self.arguments.on_duplicate {
            OnDuplicate::Raise => Err(self.taken(row)),
            // As ON CONFLICT DO NOTHING: a transaction must not act upon a row that its snapshot misses.
            OnDuplicate::Skip if is_newer => {
                Err(Error::new(Class::Serialization, "could not serialize access due to concurrent update")
                    .hint("The transaction might succeed if retried."))
            }
            OnDuplicate::Skip => Ok(()),
        }
    }

    /// The error of a row whose key is taken, in the server's own words. Only a role that may read the key of all rows sees its
    /// values: they are the row's own, but the type may write equal values differently.
    fn taken(&self, row: &Row) -> Error {
        let message = format!("duplicate key value violates unique constraint \"{}\"", self.trigger);
        let error = Error::new(Class::Unique, message);
        let Ok(root) = Relation::open(self.root, Lock::AccessShare) else { return error };
        let error = error.constraint(&root, &self.trigger);
        let places = root.columns().into_iter().filter(|column| self.arguments.key.contains(&column.name));
        if root.are_readable(&places.map(|column| column.place).collect::<Vec<_>>()) {
            error.detail(format!("Key {} already exists.", self.layout.describe(row)))
        } else {
            error
        }
    }
}

impl Decision for Deduplicator {
    fn let_go(&self) {
        lock::let_go_of(Kind::Unique);
    }

    fn again(&self, relation: &Relation, row: &Row, may_wait: bool) -> Result<Again> {
        Ok(match self.decide(relation, row, None, may_wait)? {
            Decided::Free => Again::Insert,
            Decided::Busy => Again::Busy,
            Decided::Taken { is_newer } => {
                self.refuse(row, is_newer)?;
                Again::Skip
            }
        })
    }
}

impl Derived for Deduplicator {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation || relation == self.root
    }
}
