//! The guard: no role can change, delete or truncate sealed rows, unless a superuser has set `veritable.guard = off`.

use super::arguments::Arguments;
use super::erase;
use super::feature::{FEATURE, GUARD};
use super::layout::Layout;
use super::prune::{delete, prunings};
use super::triggers::root_of;
use super::{let_pass, moves, own_heads};
use crate::pg::cache::{Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::guc::{Description, SetBy, Switch};
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::transaction;
use crate::pg::trigger::{Event, Firing};

sql_function! {
    /// `veritable.guard()`: BEFORE UPDATE OR DELETE FOR EACH ROW, or BEFORE TRUNCATE FOR EACH STATEMENT.
    veritable_guard = guard
}

static GUARD_ROWS: Switch = Switch::new(true);

/// Defines the setting `veritable.guard` when the library is loaded.
pub fn define_setting() {
    let description = Description {
        name: c"veritable.guard",
        short: c"Refuses UPDATE, DELETE and TRUNCATE of sealed rows.",
        long: c"Off is for test databases: each is let through with a warning and an entry in the journal. Verification does not change.",
    };
    GUARD_ROWS.define(description, SetBy::Superuser);
}

struct Guarded {
    relation: Oid,
    layout: Layout,
    /// The names of the columns at `layout.sealed`.
    names: Vec<String>,
}

thread_local! {
    static GUARDED: Cache<Guarded> = Cache::default();
}

fn guard(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    match firing.event() {
        Event::Update if firing.is_before_row() => update(&firing),
        Event::Delete if firing.is_before_row() && delete::lets_pass(&firing) => Ok(firing.pass_row()),
        Event::Delete if firing.is_before_row() && is_pruned_elsewhere(&firing)? => Ok(firing.pass_row()),
        Event::Delete if firing.is_before_row() && GUARD_ROWS.get() && moves::take_out(&firing, gone)? => {
            Ok(firing.pass_row())
        }
        Event::Delete if firing.is_before() => refuse(&firing, || in_tests(refusal(&firing, "delete from"))),
        Event::Truncate if firing.is_before() => refuse(&firing, || in_tests(refusal(&firing, "truncate"))),
        _ => Err(FEATURE.misplaced(GUARD)),
    }
}

/// Whether a subscription deletes an event that was pruned where it comes from. The run came before, or the event does not go.
fn is_pruned_elsewhere(firing: &Firing) -> Result<bool> {
    if !transaction::is_of_subscription() {
        return Ok(false);
    }
    let guarded = GUARDED.with(|cache| cache.get(firing.relation_oid(), || Guarded::of(firing)))?;
    let relation = firing.relation();
    let root = root_of(&relation)?.map_or(relation.oid(), |root| root.oid());
    // The leaves of a log would have to be marked.
    if guarded.layout.position.is_some() {
        return Ok(false);
    }
    let is_pruned =
        prunings::has(root, &guarded.layout.genesis, &guarded.layout, &firing.row(&guarded.layout.descriptor))?;
    if is_pruned {
        own_heads::forget();
    }
    Ok(is_pruned)
}

/// Refuses an UPDATE of a hashed column; the other columns may change.
fn update(firing: &Firing) -> Result<Answer> {
    let guarded = GUARDED.with(|cache| cache.get(firing.relation_oid(), || Guarded::of(firing)))?;
    let old: Row = firing.row(&guarded.layout.descriptor);
    let new = firing.new_row(&guarded.layout.descriptor);
    if !guarded.layout.erasable.is_empty() && erase::lets_pass(guarded.relation, &guarded.layout, &old, &new) {
        return Ok(firing.pass_update());
    }
    let difference = match guarded.first_unreadable(firing)? {
        None => old.first_difference(&new, &guarded.layout.sealed),
        unreadable => unreadable,
    };
    match difference {
        None => Ok(firing.pass_update()),
        Some(position) => refuse(firing, || {
            refusal(firing, "update").detail(format!("Column \"{}\" is sealed.", guarded.names[position]))
        }),
    }
}

impl Guarded {
    fn of(firing: &Firing) -> Result<Guarded> {
        let relation = firing.relation();
        let layout = Layout::of(&relation, &Arguments::parse(&firing.arguments())?)?;
        let columns = relation.columns();
        let name =
            |place: &usize| columns.iter().find(|column| column.place == *place).map(|column| column.name.clone());
        let names = layout.sealed.iter().filter_map(name).collect();
        Ok(Guarded { relation: relation.oid(), layout, names })
    }

    /// The first sealed column that the UPDATE sets, unless the caller may read all the sealed columns that it sets. An
    /// UPDATE to the same value succeeds, so a caller without that privilege could guess values.
    fn first_unreadable(&self, firing: &Firing) -> Result<Option<usize>> {
        let set: Vec<usize> = (0..self.names.len()).filter(|i| firing.sets(self.layout.sealed[*i])).collect();
        let Some(first) = set.first() else { return Ok(None) };
        let relation = firing.relation();
        // The privileges are those of the whole table, in any partition; the columns have other places in the root.
        let root = root_of(&relation)?;
        let root = root.as_ref().unwrap_or(&relation);
        let is_set = |name: &String| set.iter().any(|i| self.names[*i] == *name);
        let places: Vec<usize> =
            root.columns().into_iter().filter(|column| is_set(&column.name)).map(|column| column.place).collect();
        Ok(if root.may_select(&places) { None } else { Some(*first) })
    }
}

impl Derived for Guarded {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}

/// Refuses the firing's event, or lets it pass if the guard is off.
fn refuse(firing: &Firing, refusal: impl FnOnce() -> Error) -> Result<Answer> {
    if GUARD_ROWS.get() {
        return Err(refusal());
    }
    let_pass::note(firing)?;
    Ok(match firing.event() {
        Event::Update => firing.pass_update(),
        Event::Delete if firing.is_before_row() => firing.pass_row(),
        _ => Answer::VOID,
    })
}

fn refusal(firing: &Firing, verb: &str) -> Error {
    refused(verb, &firing.relation().name())
}

fn refused(verb: &str, table: &str) -> Error {
    Error::new(Class::AppendOnly, format!("cannot {verb} chained table \"{table}\""))
        .hint("Insert a new event that corrects the old one.")
}

/// The refusal of a transaction that has deleted rows of a default partition for good.
fn gone(partition: &str) -> Error {
    refused("delete from", partition).hint(
        "Insert a new event that corrects the old one. Rows of a default partition can be moved: insert them again in the same transaction, with all their columns.",
    )
}

/// Test suites empty their tables between tests.
fn in_tests(refusal: Error) -> Error {
    refusal.hint(
        "Insert a new event that corrects the old one. In a test database, a superuser can let this pass: ALTER DATABASE … SET veritable.guard = off.",
    )
}
