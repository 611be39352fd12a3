//! Rows that a transaction takes out of a table and puts back: the same rows, in other partitions.
//!
//! A table whose rows must stay lets a row go for the moment, and takes it back without judging it anew. At the commit the rows
//! taken and the rows put back must be the same, as often. No row is remembered: each subtransaction has a digest of the rows that
//! are out, for each table, so a rollback to a savepoint takes its part back.
//!
//! A row counts as out when it is about to be deleted, which nothing may prevent any more. It counts as back only when it has
//! reached the table: `ON CONFLICT DO NOTHING` could skip it. PostgreSQL's own counters tell, before anything else is done here.
//! Whatever they do not tell apart counts as not back, and the transaction cannot commit.

use std::cell::{Cell, OnceCell, RefCell};

use veritable_core::multiset::{Multiset, MultisetKey};

use crate::pg::nesting::{self, Depth, Ends, Nested};
use crate::pg::oid::Oid;
use crate::pg::random;
use crate::pg::relation::{Counts, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::Firing;

/// The rows of one table that one subtransaction has taken out and not put back.
struct Part {
    of: Nested,
    /// The table, for a partition that above all others.
    root: Oid,
    out: Multiset,
    /// Whether a row that was to be put back did not reach the table, or nobody knows.
    is_broken: bool,
    /// The refusal, if the rows do not come back, without its detail.
    refusal: fn(&str) -> Error,
    /// The name of the partition from which a row was taken.
    from: String,
}

/// A row that is about to be put back.
struct Arriving {
    of: Nested,
    root: Oid,
    row: Multiset,
    depth: Depth,
    /// The relation that receives the row, and its counters before.
    relation: Oid,
    counts: Counts,
}

thread_local! {
    static PARTS: RefCell<Vec<Part>> = const { RefCell::new(Vec::new()) };
    static ARRIVING: RefCell<Option<Arriving>> = const { RefCell::new(None) };
    /// The secret of this process.
    static KEY: OnceCell<MultisetKey> = const { OnceCell::new() };
    static IS_WATCHING: Cell<bool> = const { Cell::new(false) };
}

static ENDS: Ends = Ends {
    before_commit: finish,
    before_release: || {
        // The row of an outer one may be on its way: a function of a CHECK constraint may have a block that catches errors.
        let is_own = ARRIVING.with_borrow(|arriving| arriving.as_ref().is_some_and(|one| one.of == nesting::current()));
        if is_own { settle() } else { Ok(()) }
    },
    released: |own, around| {
        PARTS.with_borrow_mut(|parts| parts.iter_mut().filter(|part| part.of == own).for_each(|part| part.of = around));
        tidy();
    },
    rolled_back: |own| {
        PARTS.with_borrow_mut(|parts| parts.retain(|part| part.of != own));
        ARRIVING.with_borrow_mut(|arriving| *arriving = arriving.take().filter(|arriving| arriving.of != own));
    },
    ended: || {
        PARTS.with_borrow_mut(Vec::clear);
        ARRIVING.with_borrow_mut(|arriving| *arriving = None);
    },
};

/// Notes that a row of `from`, a partition of `root`, is being deleted. `image` says all that is in the row, and `refusal` makes the
/// error about the partition of that name if the row does not come back.
pub fn take_out(root: Oid, from: &Relation, image: &[u8], refusal: fn(&str) -> Error) -> Result<()> {
    if !IS_WATCHING.replace(true) {
        nesting::watch(&ENDS);
    }
    settle()?;
    let (of, row, name) = (nesting::current(), digest(image)?, from.name());
    PARTS.with_borrow_mut(|parts| match parts.iter_mut().find(|part| part.of == of && part.root == root) {
        Some(part) => part.out.add(&row),
        None => parts.push(Part { of, root, out: row, is_broken: false, refusal, from: name }),
    });
    Ok(())
}

/// Notes that a row is about to be inserted into `relation`, a partition of `root`, while rows of that are out.
pub fn put_back(root: Oid, relation: &Relation, image: &[u8]) -> Result<()> {
    settle()?;
    let row = digest(image)?;
    let (of, depth) = (nesting::current(), nesting::depth());
    let Some(counts) = relation.counts_at(depth) else {
        return Err(Error::new(
            Class::State,
            "rows cannot be moved between partitions while PostgreSQL does not count rows",
        )
        .hint("SET track_counts = on;"));
    };
    let arriving = Arriving { of, depth, root, row, relation: relation.oid(), counts };
    ARRIVING.with_borrow_mut(|place| *place = Some(arriving));
    Ok(())
}

/// Whether rows of the table `root` are out.
pub fn are_open(root: Oid) -> Result<bool> {
    if PARTS.with_borrow(Vec::is_empty) {
        return Ok(false);
    }
    settle()?;
    Ok(balance(root).is_some_and(|total| total.is_broken || !total.out.is_empty()))
}

/// Whether the firing's row is being put back, and was under the same trigger before: rows are out of a table that has the trigger,
/// or that is below the one that has it.
pub fn stays_under(firing: &Firing) -> Result<bool> {
    if PARTS.with_borrow(Vec::is_empty) || !firing.is_of_clone() {
        return Ok(false);
    }
    settle()?;
    let (relation, name) = (firing.relation(), firing.trigger_name());
    let ancestors = relation.ancestors();
    let is_out = |oid: &Oid| PARTS.with_borrow(|parts| parts.iter().any(|part| part.root == *oid));
    let Some(place) = ancestors.iter().position(is_out) else { return Ok(false) };
    for (i, ancestor) in ancestors.iter().enumerate() {
        let ancestor = Relation::open(*ancestor, Lock::AccessShare)?;
        if ancestor.triggers().iter().any(|trigger| trigger.name == name && !trigger.clone) {
            return Ok(i >= place);
        }
    }
    Ok(false)
}

fn digest(image: &[u8]) -> Result<Multiset> {
    KEY.with(|key| {
        if let Some(key) = key.get() {
            return Ok(Multiset::of(key, image));
        }
        let random = MultisetKey::new(random::bytes()?);
        Ok(Multiset::of(key.get_or_init(|| random), image))
    })
}

/// Counts the row that was to be put back last, if it has reached the table. When as many rows are back as were taken, they must be
/// the same.
fn settle() -> Result<()> {
    let Some(arriving) = ARRIVING.with_borrow_mut(Option::take) else { return Ok(()) };
    let relation = Relation::open(arriving.relation, Lock::Held).ok();
    // The subtransaction that was to insert the row is still open: its end settles, or takes the row back.
    let counts = relation.and_then(|relation| relation.counts_at(arriving.depth));
    let is_back = counts == Some(arriving.counts.with_one_more_row());
    PARTS.with_borrow_mut(|parts| {
        let mut of_root: Vec<&mut Part> = parts.iter_mut().filter(|part| part.root == arriving.root).collect();
        let place = of_root.iter().position(|part| part.of == arriving.of);
        if let Some(place) = place {
            let part = &mut of_root[place];
            part.out.remove(&arriving.row);
            part.is_broken |= !is_back;
        } else if let Some(first) = of_root.first() {
            let (refusal, from) = (first.refusal, first.from.clone());
            let mut out = Multiset::default();
            out.remove(&arriving.row);
            parts.push(Part { of: arriving.of, root: arriving.root, out, is_broken: !is_back, refusal, from });
        }
    });
    tidy();
    match balance(arriving.root) {
        Some(total) if total.is_broken || total.out.count() == 0 && !total.out.is_empty() => Err(total.error()),
        _ => Ok(()),
    }
}

/// All that a transaction has out of one table.
struct Total {
    out: Multiset,
    is_broken: bool,
    refusal: fn(&str) -> Error,
    from: String,
}

fn balance(root: Oid) -> Option<Total> {
    PARTS.with_borrow(|parts| {
        let mut of_root = parts.iter().filter(|part| part.root == root);
        let first = of_root.next()?;
        let (out, is_broken, refusal) = (first.out, first.is_broken, first.refusal);
        let mut total = Total { out, is_broken, refusal, from: first.from.clone() };
        for part in of_root {
            total.out.add(&part.out);
            total.is_broken |= part.is_broken;
        }
        Some(total)
    })
}

impl Total {
    fn error(&self) -> Error {
        let detail = match self.out.count() {
            _ if self.is_broken => "A row that the transaction put back did not reach the table.".to_string(),
            count @ 1.. => format!("The transaction has not put back {count} of the rows that it has taken out."),
            _ => "The rows that the transaction put back are not the rows that it has taken out.".to_string(),
        };
        (self.refusal)(&self.from).detail(detail)
    }
}

/// Joins the parts of one subtransaction and one table, and forgets the tables of which nothing is out: what one subtransaction took
/// out, another may have put back.
fn tidy() {
    PARTS.with_borrow_mut(|parts| {
        let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
        for part in parts.drain(..) {
            match joined.iter_mut().find(|one| one.of == part.of && one.root == part.root) {
                Some(one) => {
                    one.out.add(&part.out);
                    one.is_broken |= part.is_broken;
                }
                None => joined.push(part),
            }
        }
        joined.retain(|part| part.is_broken || !part.out.is_empty());
        *parts = joined;
    });
}

/// Refuses the commit unless all rows are back.
fn finish() -> Result<()> {
    settle()?;
    let root = PARTS.with_borrow(|parts| parts.first().map(|part| part.root));
    // What is out in one subtransaction only, by a savepoint that was released, was joined.
    root.and_then(balance).map_or(Ok(()), |total| Err(total.error()))
}
