//! What a trigger of a reference needs to know of both tables, kept until one of them changes.

use std::rc::Rc;

use super::arguments::Arguments;
use super::feature::{FEATURE, REFER};
use super::find;
use super::layout::{Layout, Side};
use super::queries::{self, Query, Source};
use super::requirements;
use crate::pg::cache::{Cache, Derived};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, schema_of};
use crate::pg::report::Result;
use crate::pg::spi::Kept;
use crate::pg::trigger::Firing;

/// The state for checking what fires one trigger.
pub struct Checker {
    /// The tables and their columns.
    pub layout: Layout,
    /// Which of the functions the trigger executes.
    pub function: usize,
    /// The first query about the rows of the firing: [`queries::uncovered`], or [`queries::dependent`].
    pub first: Query,
    /// The same query about records.
    pub again: Query,
    /// The rows of the firing as records.
    pub records: Query,
    /// The records that are not covered.
    pub uncovered: Query,
    /// Whether the table that refers has a row.
    pub present: Kept,
}

thread_local! {
    static CHECKERS: Cache<Checker> = Cache::default();
}

impl Derived for Checker {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.layout.child.relation || relation == self.layout.parent.relation
    }

    fn is_current(&self) -> bool {
        let sides = [&self.layout.child, &self.layout.parent];
        sides.into_iter().all(|side| schema_of(side.relation).as_ref() == Some(&side.schema))
    }
}

impl Checker {
    /// The checker for a firing of this function.
    pub fn of(firing: &Firing, function: usize) -> Result<Rc<Checker>> {
        CHECKERS.with(|checkers| checkers.get(firing.trigger_oid(), || Checker::new(firing, function)))
    }

    fn new(firing: &Firing, function: usize) -> Result<Checker> {
        let relation = firing.relation();
        let arguments = Arguments::parse(&firing.arguments())?;
        let oid = FEATURE.oids()?[function];
        let mut named = relation.triggers().into_iter().filter(|trigger| {
            trigger.function == oid
                && Arguments::parse(&trigger.arguments).is_ok_and(|other| other.name == arguments.name)
        });
        let other = named.find_map(|trigger| trigger.referenced);
        let other = other.ok_or_else(|| find::without_table(&arguments.name, &relation))?;
        let other = Relation::open(other, Lock::AccessShare)?;
        let (child, parent) = if function == REFER { (&*relation, &other) } else { (&other, &*relation) };
        let layout = Layout::of(child, parent, &arguments)?;
        requirements::check_pair(child, parent, &layout)?;
        let (old, new) = firing.row_names();
        let source = match (function == REFER, old, new) {
            (_, None, None) => Source::Row,
            (true, Some(old), Some(new)) => Source::Changed(new, old),
            (false, Some(old), Some(new)) => Source::Changed(old, new),
            (_, Some(rows), None) | (_, None, Some(rows)) => Source::Named(rows),
        };
        let query = if function == REFER { queries::uncovered } else { queries::dependent };
        Ok(Checker {
            function,
            first: query(&layout, &source),
            again: query(&layout, &Source::Records),
            records: queries::records(Checker::side_of(&layout, function), &source),
            uncovered: queries::uncovered(&layout, &Source::Records),
            present: Kept::new(queries::present(&layout)),
            layout,
        })
    }

    fn side_of(layout: &Layout, function: usize) -> &Side {
        if function == REFER { &layout.child } else { &layout.parent }
    }

    /// The table of the trigger.
    pub fn side(&self) -> &Side {
        Checker::side_of(&self.layout, self.function)
    }
}
