//! `chain_line()`, and the layout of rows in function arguments.

use std::rc::Rc;

use super::layout::Layout;
use super::triggers::Chain;
use crate::pg::cache::{Cache, Derived};
use crate::pg::composite::Composite;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};

sql_function! {
    /// `chain_line(record) → text`
    veritable_chain_line = chain_line
}

/// The layout of the rows of a row type.
pub struct RowLayout {
    relation: Oid,
    /// The layout.
    pub layout: Layout,
}

impl Derived for RowLayout {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation
    }
}

thread_local! {
    static LAYOUTS: Cache<RowLayout> = Cache::default();
    static TABLES: Cache<RowLayout> = Cache::default();
}

impl RowLayout {
    fn of(relation: Oid) -> Result<RowLayout> {
        let relation = Relation::open(relation, Lock::AccessShare)?;
        let chain = Chain::required(&relation)?;
        Ok(RowLayout { relation: relation.oid(), layout: Layout::of(&relation, &chain.arguments)? })
    }
}

/// The layout of a composite value's rows; the value's type must be the row type of a chained table.
pub fn layout_of(value: &Composite) -> Result<Rc<RowLayout>> {
    let row_type = value.row_type();
    LAYOUTS.with(|layouts| {
        layouts.get(row_type, || {
            let relation = relation::of_row_type(row_type).ok_or_else(|| {
                Error::new(Class::WrongObject, "argument is not a row of a chained table")
                    .hint("Pass a whole row: SELECT chain_line(e) FROM entity_events AS e.")
            })?;
            RowLayout::of(relation)
        })
    })
}

/// The layout of a chained table's rows.
pub fn layout_of_table(table: Oid) -> Result<Rc<RowLayout>> {
    TABLES.with(|layouts| layouts.get(table, || RowLayout::of(table)))
}

fn chain_line(call: &Call) -> Result<Answer> {
    let Some(value) = call.composite(0) else { return Ok(Answer::NULL) };
    let found = layout_of(&value)?;
    let row = value.row(&found.layout.descriptor);
    found.layout.with_line(&row, Answer::text)
}
