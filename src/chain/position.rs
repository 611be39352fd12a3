//! The positions of a log: the places of its events in one order of the whole table, given by a sequence.
//!
//! Position 7 can be committed before position 6. So a transaction's first append to a log takes a lock, shared, until its
//! end, whose tag says the *watermark*: the sequence's last value before the lock. All positions of the transaction are
//! above it. A transaction whose rows bring their positions, from a dump or a replica, takes a lock that says so.
//! `docs/design/log.md` proves what [`extent`] says.

use super::arguments::Log;
use super::layout::Layout;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::sequence;
use crate::pg::transaction;
use crate::table::columns::Columns;
use crate::table::moves;
use crate::table::of_transaction::OfTransaction;

/// A watermark has so many bits in the tag of its lock: some 10^12 positions while a transaction is open.
const MARK: i64 = (1 << 40) - 1;

/// A watermark that seems to be at most so far ahead is ahead, and all others are behind.
const AHEAD_MAX: i64 = 1 << 32;

/// The tag of a transaction that brings positions, which may be any: the bit above those of a watermark.
const BRINGS: u64 = 1 << 40;

/// What this transaction has appended to a log.
#[derive(Clone, Copy)]
struct Appended {
    /// The sequence's last value before the first append.
    watermark: i64,
    /// The last position, or the watermark.
    last: i64,
}

thread_local! {
    /// For each log, what this transaction has appended with positions of the sequence.
    static APPENDED: OfTransaction<Appended> = OfTransaction::default();
}

/// The source of a log's positions.
#[derive(Clone, Copy)]
pub struct Positions {
    /// The table of the log: for a partition, its root.
    root: Oid,
    /// The sequence.
    pub sequence: Oid,
    places_arrivals: bool,
}

impl Positions {
    /// The source of the positions of the log in `root`.
    pub fn of(root: &Relation, log: &Log) -> Result<Positions> {
        let place = Columns::of(root).find(&log.position)?.place;
        let sequence = sequence::of_column(root, place).ok_or_else(|| without_sequence(root))?;
        if !Relation::open(sequence, Lock::AccessShare)?.is_permanent() {
            return Err(Error::new(
                Class::State,
                format!("sequence of the log of table \"{}\" is unlogged", root.name()),
            )
            .detail("After a crash, it would give positions that it has given before.")
            .hint(format!(
                "ALTER SEQUENCE {} SET LOGGED;",
                Relation::open(sequence, Lock::AccessShare)?.qualified_name()
            )));
        }
        if !sequence::is_strict(sequence) {
            let name = Relation::open(sequence, Lock::AccessShare)?.qualified_name();
            return Err(Error::new(
                Class::State,
                format!("sequence of the log of table \"{}\" does not count up one by one", root.name()),
            )
            .detail("Positions would not be given once, in one order over all sessions.")
            .hint(format!("ALTER SEQUENCE {name} INCREMENT 1 CACHE 1 NO CYCLE;")));
        }
        Ok(Positions { root: root.oid(), sequence, places_arrivals: log.places_arrivals })
    }

    /// Puts a position into a new row, or checks the one that the row brings. `may_bring` says whether the caller may restore
    /// rows with their positions.
    pub fn place(
        &self,
        layout: &Layout,
        row: &mut Row,
        is_sealed: bool,
        may_bring: impl FnOnce() -> bool,
    ) -> Result<()> {
        let Some(place) = layout.position else { return Ok(()) };
        let Some(position) = row.integer(place) else {
            row.set_integer(place, self.next()?);
            return Ok(());
        };
        if position < 1 {
            return Err(Error::new(Class::Argument, "supplied position is less than 1").hint(LEAVE_OUT));
        }
        if !may_bring() {
            return Err(Error::new(Class::Privilege, "permission denied to supply a position")
                .detail("Only the owner of the table can restore events with their positions.")
                .hint(LEAVE_OUT));
        }
        if !is_sealed {
            return Err(Error::new(Class::Argument, "a position can be supplied together with the hash only")
                .detail("Events that are restored have both.")
                .hint(LEAVE_OUT));
        }
        self.bring();
        Ok(())
    }

    /// Puts a position into a row that a subscription applies or a replica role inserts, unless the row keeps its own. A restore can
    /// act as a replica, too, and brings positions of this log.
    pub fn place_arrival(&self, layout: &Layout, row: &mut Row) -> Result<()> {
        match layout.position {
            Some(place) if row.is_null(place) || self.places_arrivals && transaction::is_of_subscription() => {
                row.set_integer(place, self.next()?);
            }
            Some(_) => self.bring(),
            None => {}
        }
        Ok(())
    }

    /// Takes the lock of a transaction that brings positions, until its end.
    fn bring(&self) {
        let key = Key { kind: Kind::Appending, relation: self.root, hash: BRINGS };
        if !lock::is_held_as(key, Mode::Shared) {
            lock::acquire(key, Mode::Shared, true);
        }
    }

    fn next(&self) -> Result<i64> {
        let appended = match APPENDED.with(|appended| appended.get(self.root)) {
            Some(appended) => appended,
            None => self.begin()?,
        };
        let position = sequence::next(self.sequence);
        // Readers begin after position 0.
        let last = appended.last.max(0);
        if position <= last {
            return Err(Error::new(Class::State, "sequence of the log was set back")
                .detail(format!("It gave position {position} after {last}."))
                .hint("Set it to the greatest position of the table, with setval()."));
        }
        APPENDED.with(|all| all.put(self.root, Appended { last: position, ..appended }));
        Ok(position)
    }

    /// Takes the lock until the end of the transaction, also if the savepoint of the append is rolled back.
    fn begin(&self) -> Result<Appended> {
        // With the lock that taking a value needs, so that there is one lock of the sequence for each transaction.
        let watermark = sequence::last(&Relation::open(self.sequence, Lock::RowExclusive)?);
        let key = Key { kind: Kind::Appending, relation: self.root, hash: (watermark & MARK).cast_unsigned() };
        lock::acquire(key, Mode::Shared, true);
        let appended = Appended { watermark, last: watermark };
        APPENDED.with(|all| all.put(self.root, appended));
        Ok(appended)
    }
}

const LEAVE_OUT: &str = "Leave the column out to have the event placed after all others.";

/// The error of a log without its sequence.
fn without_sequence(root: &Relation) -> Error {
    Error::new(Class::State, format!("log of table \"{}\" has no sequence", root.name()))
        .hint("Make one that belongs to the column of the position, ALTER SEQUENCE … OWNED BY, and set it to the greatest position.")
}

/// How far a log is.
#[derive(Clone, Copy)]
pub struct Extent {
    /// The last position that the sequence has given.
    pub last: i64,
    /// The greatest position of which is known: nobody can add an event at or below it any more, and every snapshot that is taken
    /// from now on sees all events there. Zero while an open transaction brings positions.
    pub settled: i64,
}

/// How far a log is. No crash can undo the answer.
pub fn extent(positions: &Positions) -> Result<Extent> {
    // Rows that this transaction has taken out are there for all others, and not for itself.
    if moves::are_open(positions.root)? {
        let table = name_of(positions.root);
        return Err(Error::new(
            Class::State,
            format!("cannot read the log of table \"{table}\" while its rows are moved"),
        )
        .detail("This transaction has deleted rows of a default partition, and has not put them back yet.")
        .hint("Insert these rows first, with all their columns; or read the log in another transaction."));
    }
    // In this order: whoever has taken a position up to this one had its lock before.
    let last = sequence::last_durable(&Relation::open_sequence(positions.sequence)?);
    let open = lock::tags(Kind::Appending, positions.root);
    if open.iter().any(|tag| tag & BRINGS != 0) {
        return Ok(Extent { last, settled: 0 });
    }
    let settled = open.into_iter().map(|mark| watermark(mark.cast_signed(), last)).fold(last, i64::min);
    // A tag has too few bits for a sequence that its owner sets forward. What this transaction sees of its own is never settled.
    let own = APPENDED.with(|appended| appended.get(positions.root));
    Ok(Extent { last, settled: own.map_or(settled, |own| settled.min(own.watermark)) })
}

/// The watermark in a tag, if it is below `last`. A transaction that has begun since `last` was read has one above, which does
/// not matter.
fn watermark(mark: i64, last: i64) -> i64 {
    let behind = last.wrapping_sub(mark) & MARK;
    if behind > MARK - AHEAD_MAX { last } else { last - behind }
}
