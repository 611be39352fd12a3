//! The order-free check of chains as aggregates over one entity's events, and the filter for chains that are then read
//! in order.
//!
//! The hash of the values identifies an entity. Two entities with the same hash are read together, which is harmless.
//! No operator is looked up by its name, which an owner's casts could make ambiguous.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use veritable_core::chain::{Anchor, Balance, BalanceKey};

use super::line::layout_of;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

sql_function! {
    /// The transition function of `veritable.intact(record, bytea)` and `veritable.broken(record, bytea)`.
    veritable_balance_add = balance_add
}
sql_function! {
    /// The combine function of both aggregates.
    veritable_balance_merge = balance_merge
}
sql_function! {
    /// The serialization function of both aggregates.
    veritable_balance_save = balance_save
}
sql_function! {
    /// The deserialization function of both aggregates.
    veritable_balance_load = balance_load
}
sql_function! {
    /// The final function of `veritable.intact`.
    veritable_balance_events = balance_events
}
sql_function! {
    /// The final function of `veritable.broken`.
    veritable_balance_broken = balance_broken
}
sql_function! {
    /// `veritable.is_sought(record, bigint) → boolean`
    veritable_is_sought = is_sought
}

/// The check of one entity's events.
#[derive(Default)]
struct Group {
    balance: Balance,
    /// The hash of the entity; `None` before the first event.
    entity: Option<u64>,
}

impl Group {
    const LENGTH: usize = Balance::LENGTH + 1 + 8;

    fn to_bytes(&self) -> [u8; Group::LENGTH] {
        let mut bytes = [0; Group::LENGTH];
        bytes[..Balance::LENGTH].copy_from_slice(&self.balance.to_bytes());
        bytes[Balance::LENGTH] = self.entity.is_some().into();
        bytes[Balance::LENGTH + 1..].copy_from_slice(&self.entity.unwrap_or(0).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Group> {
        let (balance, rest) = bytes.split_at_checked(Balance::LENGTH)?;
        let (&is_known, entity) = rest.split_first()?;
        let entity = u64::from_le_bytes(entity.try_into().ok()?);
        Some(Group { balance: Balance::from_bytes(balance)?, entity: (is_known == 1).then_some(entity) })
    }
}

/// Refuses aggregates that are not made of this library's functions: SQL finds the aggregates by name.
pub fn require_own(session: &Session) -> Result<()> {
    let found = session.query_as_caller(
        "SELECT pg_catalog.count(*)
         FROM pg_catalog.pg_aggregate a
         JOIN pg_catalog.pg_proc f
           ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn)
         JOIN pg_catalog.pg_language l ON l.oid = f.prolang
         WHERE a.aggfnoid IN ('veritable.intact'::pg_catalog.regproc, 'veritable.broken'::pg_catalog.regproc)
           AND l.lanname = 'c' AND f.probin = '$libdir/veritable' AND f.prosrc = pg_catalog.concat('veritable_', f.proname)",
        &[],
    )?;
    match found.rows().next().and_then(|row| row.get::<i64>(0)) {
        Some(10) => Ok(()),
        _ => Err(Error::damaged("the aggregates of verification")),
    }
}

/// Adds an event. The key of `veritable_core::chain::Balance` is random for each run, so an attacker cannot prepare rows for it.
fn balance_add(call: &Call) -> Result<Answer> {
    let mut group = call.state::<Group>()?;
    let (Some(value), Some(key)) = (call.composite(1), call.bytes(2)) else { return Ok(Answer::state(group)) };
    let key = key.try_into().map_err(|_| Error::new(Class::Argument, "the key must have 16 bytes"))?;
    let found = layout_of(&value)?;
    let row = value.row(&found.layout.descriptor);
    let event = match found.layout.event(&row) {
        // A row whose line cannot be written was not sealed in this form; the check of the other chains goes on.
        Err(error) if error.is_about_value() => found.layout.unwritable_event(&row),
        event => event?,
    };
    group.balance.add(&BalanceKey::new(key), &Anchor::genesis(found.layout.genesis), &event);
    if group.entity.is_none() {
        group.entity = Some(found.layout.entity_hash(&row));
    }
    Ok(Answer::state(group))
}

fn balance_merge(call: &Call) -> Result<Answer> {
    let mut group = call.state::<Group>()?;
    if let Some(other) = call.other_state::<Group>(1)? {
        group.balance.merge(&other.balance);
        group.entity = group.entity.or(other.entity);
    }
    Ok(Answer::state(group))
}

fn balance_save(call: &Call) -> Result<Answer> {
    Ok(Answer::bytes(&call.state::<Group>()?.to_bytes()))
}

fn balance_load(call: &Call) -> Result<Answer> {
    let bytes = call.bytes(0).unwrap_or_default();
    let group = Group::from_bytes(bytes).ok_or_else(|| Error::new(Class::Corrupted, "invalid aggregate state"))?;
    Ok(Answer::state(call.new_state(group)?))
}

fn balance_events(call: &Call) -> Result<Answer> {
    let intact = call.state::<Group>()?.balance.intact();
    Ok(intact.and_then(|events| i64::try_from(events).ok()).into())
}

fn balance_broken(call: &Call) -> Result<Answer> {
    let group = call.state::<Group>()?;
    Ok(if group.balance.intact().is_some() { Answer::NULL } else { group.entity.map(u64::cast_signed).into() })
}

thread_local! {
    /// The sought entities by number, because an owner's function may start a verification while another verification runs.
    static SOUGHT: RefCell<HashMap<i64, Entities>> = RefCell::default();
    static LAST: Cell<i64> = const { Cell::new(0) };
}

/// The hashes of entities, and whether an event was compared with them.
struct Entities(HashSet<u64>, bool);

/// A set of sought entities, registered until the drop of this value.
pub struct Sought {
    /// The number of the set, as an argument of `veritable.is_sought`.
    pub number: i64,
}

impl Sought {
    /// Registers the entities with these hashes.
    pub fn new(entities: HashSet<u64>) -> Sought {
        let number = LAST.get() + 1;
        LAST.set(number);
        SOUGHT.with_borrow_mut(|sought| sought.insert(number, Entities(entities, false)));
        Sought { number }
    }

    /// Whether any event was compared with the set.
    pub fn was_asked(&self) -> bool {
        SOUGHT.with_borrow(|sought| sought.get(&self.number).is_some_and(|Entities(_, asked)| *asked))
    }
}

impl Drop for Sought {
    fn drop(&mut self) {
        SOUGHT.with_borrow_mut(|sought| sought.remove(&self.number));
    }
}

fn is_sought(call: &Call) -> Result<Answer> {
    let (Some(value), Some(number)) = (call.composite(0), call.integer(1)) else { return Ok(Answer::NULL) };
    let found = layout_of(&value)?;
    let entity = found.layout.entity_hash(&value.row(&found.layout.descriptor));
    let is_among = |Entities(entities, asked): &mut Entities| {
        *asked = true;
        entities.contains(&entity)
    };
    Ok(SOUGHT.with_borrow_mut(|sought| sought.get_mut(&number).is_some_and(is_among)).into())
}
