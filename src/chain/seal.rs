//! The sealing trigger: sets the seq of a new event, the previous event's hash, and the event's own hash.
//!
//! Sessions that append to one entity serialize on a lock. A session holds only one such lock, and not until commit, so
//! a transaction may touch any number of entities. After the lock is released, the row itself protects the chain: the
//! next session finds the uncommitted row through the index, and waits for its transaction to end.

use std::rc::Rc;

use veritable_core::chain::{LinkHash, Stored, recorded};

use super::arguments::Arguments;
use super::feature::{FEATURE, SEAL};
use super::head::{Head, Heads};
use super::layout::Layout;
use super::own_heads::{self, Name, Pointing};
use super::position::Positions;
use super::search::Before;
use super::{moves, pointers, triggers};
use crate::pg::cache::{Cache, Derived};
use crate::pg::clock;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::trigger::{Event, Firing, is_replica};
use crate::table::recorded as moment;
use crate::table::standing;

sql_function! {
    /// `veritable.seal()`: BEFORE INSERT FOR EACH ROW.
    veritable_seal = seal
}

/// The state for sealing rows of one relation.
pub struct Sealer {
    /// The relation that receives the rows.
    pub relation: Oid,
    /// The relation of the chain: for a partition, the partitioned table.
    root: Oid,
    /// The places of the chain's columns in these rows.
    pub layout: Layout,
    arguments: Arguments,
    /// The places of the chain columns in the root: seq, previous hash, hash, recorded time.
    root_columns: Vec<usize>,
    /// The source of positions, if the chain has a log.
    positions: Option<Positions>,
}

thread_local! {
    static SEALERS: Cache<Sealer> = Cache::default();
}

fn seal(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() || firing.event() != Event::Insert {
        return Err(FEATURE.misplaced(SEAL));
    }
    let sealer = Sealer::of(&firing)?;
    let mut row = firing.row(&sealer.layout.descriptor);
    if moves::are_open(sealer.root)? {
        sealer.check_may_supply(&row)?;
        return moves::put_back(&firing, row, &sealer.layout, &sealer.arguments, |row| sealer.check_own_hash(row));
    }
    if is_replica() && !row.is_null(sealer.layout.hash.place) {
        own_heads::forget();
        if sealer.is_partition() {
            pointers::void(sealer.root)?;
        }
        sealer.check_own_hash(&row)?;
        if let Some(positions) = &sealer.positions {
            positions.place_arrival(&sealer.layout, &mut row)?;
        }
        return Ok(row.into_answer());
    }
    sealer.check_may_supply(&row)?;
    sealer.check_possible(&row)?;
    let relation = firing.relation();
    let key = sealer.layout.key(sealer.root, &row)?;
    let entity = sealer.layout.entity_image(&row);
    let name = Name::of(key, &entity);
    // First what has changed: rows may have come to other partitions without being sealed.
    let heads = if sealer.is_partition() { Some(sealer.heads()?) } else { None };
    own_heads::settle(&relation);
    let standing = standing::take(relation.oid());
    let standing = standing.as_deref();
    let (head, known, has_waited) = match own_heads::head(name) {
        Some((head, pointing)) => (Some(head), Before::Own(pointing), false),
        None => match sealer.find_head(&firing, key, name, &entity, &row, standing)? {
            Some(found) => found,
            None => return Ok(Answer::VOID),
        },
    };
    let is_sealed = !row.is_null(sealer.layout.hash.place);
    let (mut row, head) = sealer.append(row, head, has_waited)?;
    if let Some(positions) = &sealer.positions {
        // After the entity's lock: the positions of an entity's events have the order of their seqs.
        positions.place(&sealer.layout, &mut row, is_sealed, || sealer.is_owned())?;
    }
    let pointing = match &heads {
        None => Some(Pointing::Unknown),
        Some(heads) => sealer.point(&firing, heads, key, &entity, known, head.seq, &row, standing)?,
    };
    let Some(pointing) = pointing else { return Ok(Answer::VOID) };
    own_heads::expect(&relation, name, &head, pointing);
    Ok(row.into_answer())
}

impl Sealer {
    fn of(firing: &Firing) -> Result<Rc<Sealer>> {
        SEALERS.with(|sealers| {
            sealers.get(firing.relation_oid(), || {
                let relation = firing.relation();
                triggers::check_table(&relation)?;
                let arguments = Arguments::parse(&firing.arguments())?;
                let root = triggers::root_of(&relation)?;
                if root.is_none() {
                    // For a partition, `Heads` notices changes.
                    own_heads::forget();
                }
                let root = root.as_ref().unwrap_or(&relation);
                Ok(Sealer {
                    relation: relation.oid(),
                    root: root.oid(),
                    root_columns: places_of_chain(root, &arguments),
                    layout: Layout::of(&relation, &arguments)?,
                    positions: arguments.log.as_ref().map(|log| Positions::of(root, log)).transpose()?,
                    arguments,
                })
            })
        })
    }

    /// Whether the rows of the chain are spread over partitions.
    pub fn is_partition(&self) -> bool {
        self.relation != self.root
    }

    /// Where the heads of the chain are found.
    pub fn heads(&self) -> Result<Rc<Heads>> {
        Heads::of(self.root, &self.arguments)
    }

    /// Seals `row` as the event after `head`, and returns the row with its future head.
    fn append<'d>(&self, mut row: Row<'d>, head: Option<Head>, has_waited: bool) -> Result<(Row<'d>, Head)> {
        let layout = &self.layout;
        let seq = match &head {
            None => 1,
            Some(head) => head
                .seq
                .checked_add(1)
                .ok_or_else(|| Error::new(Class::Limit, "sequence number of the chain exhausted"))?,
        };
        self.check_supplied(&row, seq, head.as_ref().map(|head| head.hash), has_waited)?;
        row.set_integer(layout.seq, seq);
        layout.previous.put(&mut row, head.as_ref().map_or(&layout.genesis, |head| &head.hash));
        let before = head.and_then(|head| head.recorded);
        let hash = if row.is_null(layout.hash.place) {
            if let Some(column) = layout.recorded {
                // The server chooses a strictly increasing time. `now()` would be the start of the transaction, so that
                // a transaction that waited would sort before the one that it waited for.
                let now = moment::now(self.root);
                let time = recorded::next(now, before, column.unit).ok_or_else(|| self.no_time_left())?;
                row.set_integer(column.place, time);
            }
            layout.refuse_supplied(&row)?;
            layout.commit(&mut row)?;
            let hash = layout.hash_of(&row)?;
            layout.hash.put(&mut row, &hash);
            hash
        } else {
            let hash = self.check_own_hash(&row)?;
            self.check_own_time(&row, before)?;
            hash
        };
        let recorded = layout.recorded.and_then(|column| row.integer(column.place));
        Ok((row, Head { seq, hash, recorded }))
    }

    /// Refuses chain columns from a caller who may not read them. Supplied values are compared with the entity's newest
    /// event, so success or failure reveals that event. The check asks for privileges on the root, whose rows the
    /// answer is about, not on the partition that receives the row.
    fn check_may_supply(&self, row: &Row) -> Result<()> {
        let layout = &self.layout;
        if [layout.seq, layout.previous.place, layout.hash.place].iter().all(|place| row.is_null(*place)) {
            return Ok(());
        }
        let root = Relation::open(self.root, Lock::AccessShare)?;
        if root.are_readable(&self.root_columns) {
            return Ok(());
        }
        Err(Error::new(
            Class::Privilege,
            format!("permission denied to supply chain columns of table \"{}\"", root.name()),
        )
        .hint("Leave them out to have the row sealed. Supplying them takes the privilege to read them, of all rows."))
    }

    /// Refuses a supplied seq or previous hash that no chain can have.
    fn check_possible(&self, row: &Row) -> Result<()> {
        if let Some(seq @ ..=0) = row.integer(self.layout.seq) {
            let name = &self.arguments.seq;
            return Err(Error::new(Class::Argument, "supplied seq is less than 1")
                .detail(format!("The seq is {seq}. The first event of an entity has seq 1."))
                .hint(format!("Leave column \"{name}\" out, or set it to null, to have the row sealed.")));
        }
        if self.layout.previous.stored(row) == Stored::Malformed {
            let name = &self.arguments.previous;
            return Err(Error::new(Class::Argument, "supplied previous hash is not a hash")
                .detail("A hash is 32 bytes, or 64 lower-case hexadecimal digits.")
                .hint(format!("Leave column \"{name}\" out, or set it to null, to have the row sealed.")));
        }
        Ok(())
    }

    /// Refuses a supplied seq or previous hash that does not follow the current head: the client knows a stale head.
    ///
    /// A seq that has passed never comes again, so it is no serialization failure: who retries those would do so for ever.
    fn check_supplied(&self, row: &Row, seq: i64, previous: Option<LinkHash>, has_waited: bool) -> Result<()> {
        let stale = |column: &str, detail: String| {
            let error = Error::new(Class::Serialization, format!("supplied {column} does not continue the chain"))
                .hint("Somebody else may have appended first: read the newest event again and retry, or leave the column out.");
            if self.may_show() { error.detail(detail) } else { error }
        };
        if let Some(supplied) = row.integer(self.layout.seq)
            && supplied != seq
        {
            // A client that has waited for another one could not know better.
            if supplied < seq && !has_waited {
                let error = Error::new(Class::Check, "supplied seq has passed")
                    .hint("Read the newest event again, or leave the column out to append after it.");
                return Err(if self.may_show() {
                    error.detail(format!("The next seq of this entity is {seq}, not {supplied}."))
                } else {
                    error
                });
            }
            return Err(stale("seq", format!("The next seq of this entity is {seq}, not {supplied}.")));
        }
        let supplied = self.layout.previous.stored(row);
        if supplied != Stored::Null && supplied != Stored::Hash(previous.unwrap_or(self.layout.genesis)) {
            let head = previous.map_or_else(
                || {
                    format!(
                        "This entity has no event yet: the first links to the chain's configuration, {}.",
                        self.layout.genesis
                    )
                },
                |hash| format!("The hash of this entity's newest event is {hash}."),
            );
            return Err(stale("previous hash", head));
        }
        Ok(())
    }

    /// Refuses a row from a dump or a replica whose hash does not match the row.
    fn check_own_hash(&self, row: &Row) -> Result<LinkHash> {
        let computed = self.layout.hash_of(row)?;
        if self.layout.hash.stored(row) == Stored::Hash(computed) {
            return match self.layout.first_altered(row)? {
                None => Ok(computed),
                Some(column) => Err(Error::new(
                    Class::Check,
                    format!("supplied value of erasable column \"{}\" does not match its commitment", column.name),
                )
                .hint("Leave the hash, the salt and the commitment out to have the row sealed.")),
            };
        }
        let error = Error::new(Class::Check, "supplied hash is not the hash of the row")
            .hint("Leave the column out to have the row sealed.");
        Err(if self.may_show() { error.detail(format!("The hash of the row is {computed}.")) } else { error })
    }

    /// Refuses the recorded time of a row with a supplied hash, unless that time is possible.
    fn check_own_time(&self, row: &Row, before: Option<i64>) -> Result<()> {
        let Some(column) = self.layout.recorded else { return Ok(()) };
        let time = row.integer(column.place);
        if time.is_some_and(|time| recorded::is_between(time, before, clock::now(), column.unit)) {
            return Ok(());
        }
        let error = Error::new(Class::Check, "supplied recorded time does not continue the chain")
            .hint("Leave the hash out to have the row recorded now.");
        Err(if self.may_show() {
            error.detail("It must be after that of the entity's newest event, and not after the clock.")
        } else {
            error
        })
    }

    fn no_time_left(&self) -> Error {
        let error = Error::new(Class::TimeRange, "recorded time out of range");
        if self.may_show() {
            error
                .detail(
                    "The entity's newest event was recorded at infinity, or at the end of what timestamptz can hold.",
                )
                .hint("SELECT * FROM verify_chain() names events that were recorded at infinity.")
        } else {
            error
        }
    }

    /// Whether the caller owns the root.
    fn is_owned(&self) -> bool {
        Relation::open(self.root, Lock::AccessShare).is_ok_and(|root| root.is_owned_by_caller())
    }

    /// Whether the caller may read the root, which stands for rows in all partitions.
    fn may_show(&self) -> bool {
        Relation::open(self.root, Lock::AccessShare).is_ok_and(|root| root.is_readable())
    }
}

/// The places of the chain columns that exist; resolving the layout reports a missing column.
fn places_of_chain(root: &Relation, arguments: &Arguments) -> Vec<usize> {
    let chain = [&arguments.seq, &arguments.previous, &arguments.hash];
    let is_ours = |name: &String| chain.contains(&name) || arguments.recorded.as_ref() == Some(name);
    root.columns().into_iter().filter(|column| is_ours(&column.name)).map(|column| column.place).collect()
}

impl Derived for Sealer {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
            || relation == self.root
            || self.positions.is_some_and(|positions| positions.sequence == relation)
    }

    fn has_changed(&self) {
        own_heads::forget();
    }
}
