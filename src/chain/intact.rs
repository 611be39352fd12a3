//! The order-free check of chains as aggregates over one entity's events, and the filter for chains that are then read
//! in order.
//!
//! The hash of the values identifies an entity. Two entities with the same hash are read together, which is harmless.
//! No operator is looked up by its name, which an owner's casts could make ambiguous.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use veritable_core::chain::{Anchor, Balance, BalanceKey, LinkHash, Run};

use super::layout::Whole;
use super::line::{layout_of, layout_of_table};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};

sql_function! {
    /// The transition function of `veritable.intact(record, bytea)` and `veritable.broken(record, bytea)`.
    veritable_balance_add = balance_add
}
sql_function! {
    /// The transition function of `veritable.intact_pruned(record, bytea, bigint, bigint, bytea, bytea, bytea)`.
    veritable_balance_add_pruned = balance_add_pruned
}
sql_function! {
    /// The combine function of the aggregates.
    veritable_balance_merge = balance_merge
}
sql_function! {
    /// The serialization function of the aggregates.
    veritable_balance_save = balance_save
}
sql_function! {
    /// The deserialization function of the aggregates.
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
sql_function! {
    /// `veritable.is_sought_key(bigint, bigint) → boolean`
    veritable_is_sought_key = is_sought_key
}
sql_function! {
    /// `veritable.entity_key(record) → bigint`
    veritable_entity_key = entity_key
}
sql_function! {
    /// `veritable.entity_key(regclass, text[]) → bigint`
    veritable_entity_key_of = entity_key_of
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

/// Adds an event. The key of `veritable_core::chain::Balance` is random for each run, so an attacker cannot prepare rows for it.
fn balance_add(call: &Call) -> Result<Answer> {
    let mut group = call.state::<Group>()?;
    let (Some(value), Some(key)) = (call.composite(1), call.bytes(2)) else { return Ok(Answer::state(group)) };
    let key = key.try_into().map_err(|_| Error::new(Class::Argument, "the key must have 16 bytes"))?;
    let found = layout_of(&value)?;
    let row = value.row(&found.layout.descriptor);
    let event = match found.layout.whole_event(&row) {
        // A row whose line cannot be written was not sealed in this form; the check of the other chains goes on.
        Err(error) if error.is_about_value() => found.layout.unwritable_event(&row),
        event => match event? {
            Whole::Event(event) => event,
            Whole::Altered(_) => found.layout.unwritable_event(&row),
        },
    };
    group.balance.add(&BalanceKey::new(key), &Anchor::genesis(found.layout.genesis), &event);
    if group.entity.is_none() {
        group.entity = Some(found.layout.entity_hash(&row));
    }
    Ok(Answer::state(group))
}

/// Adds an event, or a run of pruned events: the arguments after those of [`balance_add`] are first and last seq, the hashes before
/// and through the run, and the genesis. What is no run does not count, so that the chain has a gap.
fn balance_add_pruned(call: &Call) -> Result<Answer> {
    let (Some(first), Some(last)) = (call.integer(3), call.integer(4)) else { return balance_add(call) };
    let mut group = call.state::<Group>()?;
    let hash = |position| call.bytes(position).and_then(LinkHash::from_bytes);
    let (Some(key), Some(genesis)) = (call.bytes(2).and_then(|key| key.try_into().ok()), hash(7)) else {
        return Err(Error::new(Class::Argument, "the key must have 16 bytes, and the genesis 32"));
    };
    if let (Some(before), Some(through)) = (hash(5), hash(6))
        && let Some(run) = Run::new((first, last), before, through)
    {
        group.balance.add_run(&BalanceKey::new(key), &Anchor::genesis(genesis), &run);
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

/// A set of sought entities, by their hashes or by their keys, registered until the drop of this value.
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
    Ok(is_among(found.layout.entity_hash(&value.row(&found.layout.descriptor)), number).into())
}

/// As [`is_sought`], by the key under which prunings are found.
fn is_sought_key(call: &Call) -> Result<Answer> {
    let (Some(key), Some(number)) = (call.integer(0), call.integer(1)) else { return Ok(Answer::NULL) };
    Ok(is_among(key.cast_unsigned(), number).into())
}

fn is_among(entity: u64, number: i64) -> bool {
    let is_among = |Entities(entities, asked): &mut Entities| {
        *asked = true;
        entities.contains(&entity)
    };
    SOUGHT.with_borrow_mut(|sought| sought.get_mut(&number).is_some_and(is_among))
}

fn entity_key(call: &Call) -> Result<Answer> {
    let Some(value) = call.composite(0) else { return Ok(Answer::NULL) };
    let found = layout_of(&value)?;
    Ok(Some(found.layout.entity_key(&value.row(&found.layout.descriptor))).into())
}

/// As [`entity_key`], from the values of the entity as texts.
fn entity_key_of(call: &Call) -> Result<Answer> {
    let (Some(table), Some(values)) = (call.oid(0), call.texts(1)) else { return Ok(Answer::NULL) };
    let relation = Relation::open(table, Lock::AccessShare)?;
    let found = layout_of_table(table)?;
    let places: Vec<_> = found.layout.entity.iter().map(|column| column.place).collect();
    if !relation.may_select(&places) {
        return Err(Error::new(Class::Privilege, format!("permission denied for table {}", relation.name())));
    }
    let _pinned = Pinned::new();
    Ok(Some(found.layout.key_of_texts(&values)?).into())
}
