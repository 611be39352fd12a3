//! Rows of chained tables as functions see them: the line of one, and the order-free check of many.

use std::rc::Rc;

use pgrx::pg_sys;
use veritable_core::chain::{Balance, BalanceKey};

use super::layout::Layout;
use super::triggers::Chain;
use crate::pg::cache::{Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Composite;

sql_function! {
    /// `chain_line(record) → text`
    veritable_chain_line / pg_finfo_veritable_chain_line = chain_line
}
sql_function! {
    /// The transition function of `veritable.intact(record, bytea)`.
    veritable_balance_add / pg_finfo_veritable_balance_add = balance_add
}
sql_function! {
    /// The combine function of `veritable.intact`.
    veritable_balance_merge / pg_finfo_veritable_balance_merge = balance_merge
}
sql_function! {
    /// The serialization function of `veritable.intact`.
    veritable_balance_save / pg_finfo_veritable_balance_save = balance_save
}
sql_function! {
    /// The deserialization function of `veritable.intact`.
    veritable_balance_load / pg_finfo_veritable_balance_load = balance_load
}
sql_function! {
    /// The final function of `veritable.intact`.
    veritable_balance_events / pg_finfo_veritable_balance_events = balance_events
}

/// The layout of the rows of a row type.
pub struct RowLayout {
    relation: pg_sys::Oid,
    /// The layout.
    pub layout: Layout,
}

impl Derived for RowLayout {
    fn depends_on(&self, relation: pg_sys::Oid) -> bool {
        relation == self.relation
    }
}

thread_local! {
    static LAYOUTS: Cache<RowLayout> = Cache::default();
}

/// The layout of a composite value's rows: its type must be that of a chained table.
pub fn layout_of(value: &Composite) -> Result<Rc<RowLayout>> {
    let row_type = value.row_type();
    LAYOUTS.with(|layouts| {
        layouts.get(row_type, || {
            let relation = relation::of_row_type(row_type).ok_or_else(|| {
                Error::new(Class::WrongObject, "argument is not a row of a chained table")
                    .hint("Pass a whole row: SELECT chain_line(e) FROM entity_events AS e.")
            })?;
            let relation = Relation::open(relation, Lock::AccessShare)?;
            let chain = Chain::required(&relation)?;
            Ok(RowLayout { relation: relation.oid(), layout: Layout::of(&relation, &chain.arguments)? })
        })
    })
}

fn chain_line(call: &Call) -> Result<Answer> {
    let Some(value) = call.composite(0) else { return Ok(Answer::NULL) };
    let found = layout_of(&value)?;
    let row = value.row(&found.layout.descriptor);
    found.layout.with_line(&row, Answer::text)
}

/// `intact(event, key)`: the number of events of one chain, or NULL where the chain has a fault. The key is that of
/// `veritable_core::chain::Balance`: drawn for one run, so that nobody can have prepared rows for it.
fn balance_add(call: &Call) -> Result<Answer> {
    let state = call.state::<Balance>()?;
    let (Some(value), Some(key)) = (call.composite(1), call.bytes(2)) else { return Ok(Answer::state(state)) };
    let key = key.try_into().map_err(|_| Error::new(Class::Argument, "the key must have 16 bytes"))?;
    let found = layout_of(&value)?;
    let row = value.row(&found.layout.descriptor);
    state.add(&BalanceKey::new(key), &found.layout.genesis, &found.layout.event(&row)?);
    Ok(Answer::state(state))
}

fn balance_merge(call: &Call) -> Result<Answer> {
    let state = call.state::<Balance>()?;
    if let Some(other) = call.other_state::<Balance>(1) {
        state.merge(other);
    }
    Ok(Answer::state(state))
}

fn balance_save(call: &Call) -> Result<Answer> {
    Ok(Answer::bytes(&call.state::<Balance>()?.to_bytes()))
}

fn balance_load(call: &Call) -> Result<Answer> {
    let bytes = call.bytes(0).unwrap_or_default();
    let state = Balance::from_bytes(bytes).ok_or_else(|| Error::new(Class::Corrupted, "invalid aggregate state"))?;
    Ok(Answer::state(call.new_state(state)?))
}

fn balance_events(call: &Call) -> Result<Answer> {
    let intact = call.state::<Balance>()?.intact();
    Ok(intact.and_then(|events| i64::try_from(events).ok()).into())
}
