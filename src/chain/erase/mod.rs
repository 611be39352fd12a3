//! `erase()`: the values of one entity in erasable columns become NULL, with their salts, for good.
//!
//! The commitments stay, and so do the lines and the hashes. Each erasure has a row in `veritable.erasures`, so that
//! verification tells it from a deletion by hand.

mod pass;
mod records;
pub mod search;

use std::collections::HashMap;

use veritable_core::chain::Stored;

pub use self::pass::lets_pass;
use self::pass::{Exactly, Pass};
use self::records::{Erased, Newest, Records};
use super::arguments::Arguments;
use super::erasable::{Committed, State};
use super::feature::FEATURE;
use super::head::{Heads, Look, Sought};
use super::layout::Layout;
use super::own_heads::Name;
use super::triggers::Chain;
use crate::pg::acting::as_owner;
use crate::pg::changing::Errors;
use crate::pg::equality::Equality;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock;
use crate::pg::oid::{Oid, types};
use crate::pg::open_transaction;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result, notice};
use crate::pg::row::Row;
use crate::pg::spi::{self, Parameter, Prepared, Session};
use crate::table::columns::Columns;
use crate::table::{journal, scan, topology};

sql_function! {
    /// `erase(regclass, text[], name[], bigint[]) → bigint`
    veritable_erase = erase
}

/// What is to be erased.
struct Request {
    /// The values that name the entity, as texts.
    entity: Vec<String>,
    /// The erasable columns.
    columns: Vec<String>,
    /// The seqs of the events; all events of the entity for `None`.
    seqs: Option<Vec<i64>>,
}

impl Request {
    fn of(call: &Call) -> Result<Request> {
        let value = |value: Option<String>| {
            value.ok_or_else(|| Error::new(Class::Argument, "a value of an entity must not be null"))
        };
        let entity = call.texts(1).ok_or_else(|| Error::null_argument("entity"))?;
        Ok(Request {
            entity: entity.into_iter().map(value).collect::<Result<_>>()?,
            columns: call.given_names(2)?.ok_or_else(|| Error::null_argument("columns"))?,
            seqs: call.integers(3)?,
        })
    }

    fn check(&self, table: &Relation, arguments: &Arguments) -> Result<()> {
        let (expected, given) = (arguments.entity.len(), self.entity.len());
        if expected != given {
            let message = format!("wrong number of entity values: expected {expected}, got {given}");
            return Err(Error::new(Class::Argument, message));
        }
        if self.columns.is_empty() {
            return Err(Error::new(Class::Argument, "no column is named"));
        }
        let columns = Columns::of(table);
        for name in &self.columns {
            columns.find(name)?;
            if !arguments.erasable.iter().any(|erasable| erasable.value == *name) {
                let erasable: Vec<_> = arguments.erasable.iter().map(|column| column.value.as_str()).collect();
                let message = format!("column \"{name}\" of table \"{}\" is not erasable", table.name());
                return Err(Error::new(Class::State, message).hint(if erasable.is_empty() {
                    "Erasable columns are named when the chain begins: add_chain(…, erasable => '{…}').".to_string()
                } else {
                    format!("The erasable columns are: {}.", erasable.join(", "))
                }));
            }
        }
        Ok(())
    }
}

fn erase(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let request = Request::of(call)?;
    let table = Relation::open_owned(target, Lock::RowExclusive)?;
    let chain = Chain::required(&table)?;
    FEATURE.refuse_partition(&table, |root| format!("SELECT erase({root}, …);"))?;
    request.check(&table, &chain.arguments)?;
    let records = Records::begin(&table)?;
    let done = spi::connect(|session| {
        // The owner's functions may run: triggers, and those of types and of indexes.
        as_owner(&table, |_| Eraser::of(session, &table, chain.arguments, &request)?.run(records))
    })?;
    if done.events == 0 {
        let entity = request.entity.join(", ");
        notice(format!("table \"{}\" has no event of the entity ({entity}) to erase from", table.name()));
    }
    if let Some(newest) = &done.newest {
        let detail = format!(
            "{{\"columns\": {}, \"values\": {}, \"records\": {{\"series\": {}, \"seq\": {}, \"hash\": \"{}\"}}}}",
            journal::json_list(&request.columns),
            done.values,
            journal::json_string(&newest.series),
            newest.seq,
            newest.hash
        );
        spi::connect(|session| journal::record(session, &table.stable_name(), "erase", None, Some(&detail)))?;
    }
    Ok(Answer::from(done.values))
}

/// How much was erased: values, and the events that were found; and the newest record of it.
#[derive(Default)]
struct Done {
    events: u64,
    values: i64,
    newest: Option<Newest>,
}

struct Eraser<'s> {
    session: &'s Session,
    table: &'s Relation,
    layout: Layout,
    arguments: Arguments,
    request: &'s Request,
}

impl<'s> Eraser<'s> {
    fn of(session: &'s Session, table: &'s Relation, arguments: Arguments, request: &'s Request) -> Result<Self> {
        let layout = Layout::of(table, &arguments)?;
        Ok(Eraser { session, table, layout, arguments, request })
    }

    fn run(self, mut records: Records) -> Result<Done> {
        let entity = self.layout.row_of_entity(&self.request.entity)?;
        self.keep_others_from_appending(&entity)?;
        let (sql, parameters) = self.query(&entity)?;
        let mut done = Done::default();
        done.events = self.pass(&sql, &parameters, &entity, &mut records, &mut done)?;
        // A row that another transaction was moving was met as deleted, when that had ended. The next statement finds it where it has
        // come. None moves any more then, since to put a row back takes the lock of the entity.
        done.events = self.pass(&sql, &parameters, &entity, &mut records, &mut done)?;
        records.write(self.session)?;
        done.newest = records.newest(self.session)?;
        Ok(done)
    }

    /// Erases what one statement finds, and returns the number of events that it has found.
    fn pass(
        &self,
        sql: &str,
        parameters: &[Parameter],
        entity: &Row,
        records: &mut Records,
        done: &mut Done,
    ) -> Result<u64> {
        let hash = self.layout.entity_hash(entity);
        let cursor = self.session.cursor(sql, parameters, false)?;
        let mut updates: HashMap<Oid, Prepared> = HashMap::new();
        let mut events = 0;
        scan::each(&cursor, |fetched| {
            let (Some(leaf), Some(event)) = (fetched.get::<Oid>(0), fetched.composite(2)) else {
                return Err(Error::damaged("the rows of a chain"));
            };
            let row = event.row(&self.layout.descriptor);
            events += 1;
            let Some(erased) = self.to_erase(&row)? else { return Ok(()) };
            let update = match updates.entry(leaf) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => entry.insert(self.update(leaf)?),
            };
            {
                let columns = self.request.columns.clone();
                let _errors = Errors::refer_to_constraints();
                let _pass = Pass::begin(Exactly { leaf, entity: hash, seq: row.integer(self.layout.seq), columns });
                // One row, if it is as it should be after all triggers of the table.
                if update.run(&[fetched.tid(1)])? != 1 {
                    let message = format!("a trigger of table \"{}\" keeps a value from being erased", name_of(leaf));
                    return Err(Error::new(Class::State, message)
                        .hint("See the BEFORE UPDATE triggers of the table, and of its partitions."));
                }
            }
            done.values += erased.columns.len() as i64;
            records.add(self.session, erased)
        })?;
        Ok(events)
    }

    /// Waits until the fate of each event of the entity is known, and keeps other sessions from appending another one until
    /// this transaction appends to a chain itself, or ends.
    fn keep_others_from_appending(&self, entity: &Row) -> Result<()> {
        let key = self.layout.key(self.table.oid(), entity)?;
        let heads = Heads::of(self.table.oid(), &self.arguments)?;
        let image = self.layout.entity_image(entity);
        let name = Name::of(key, &image);
        let sought = Sought { key, name, image: &image, row: entity, layout: &self.layout, target: self.table.oid() };
        loop {
            lock::hold(key);
            match heads.look(&sought)? {
                Look::Head(..) => return Ok(()),
                Look::InProgress(transaction) => {
                    // Released before the wait: the other transaction may need the lock for its own next event.
                    lock::let_go();
                    open_transaction::wait_for(transaction, self.table);
                }
                Look::Locked(partition) => {
                    lock::let_go();
                    // It may be gone by then.
                    drop(Relation::open(partition, Lock::AccessShare));
                }
            }
        }
    }

    /// The query for the events: the relation of each, its place there, the row. It locks them.
    fn query<'p>(&self, entity: &'p Row) -> Result<(String, Vec<Parameter<'p>>)> {
        let alias = self.table.alias("event");
        let columns = self.table.columns();
        let (mut conditions, mut parameters) = (Vec::new(), Vec::new());
        for part in &self.layout.entity {
            let column = columns.iter().find(|column| column.place == part.place);
            let (column, equality) = column
                .and_then(|column| Some((column, Equality::of(column)?)))
                .ok_or_else(|| Error::damaged("the columns of an entity"))?;
            parameters.push(entity.parameter(part.place));
            let value = format!("{alias}.{}", quote::identifier(&part.name));
            let (equals, cast, number) = (equality.sql(), equality.cast_of(column), parameters.len());
            conditions.push(format!("{value}{cast} {equals} ${number}{cast}"));
            // The same for the index, which is in the order of bytes. Other types, such as citext, hold other texts equal then.
            if column.has_language() && [types::TEXT, types::VARCHAR, types::BPCHAR].contains(&column.type_id) {
                conditions.push(format!("{value} COLLATE pg_catalog.\"C\" {equals} ${number}"));
            }
        }
        let seq = format!("{alias}.{}", quote::identifier(&self.arguments.seq));
        if let Some(seqs) = &self.request.seqs {
            parameters.push(seqs.iter().map(i64::to_string).collect::<Vec<_>>().into());
            conditions.push(format!("{seq} OPERATOR(pg_catalog.=) ANY (${}::pg_catalog.int8[])", parameters.len()));
        }
        let condition =
            if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        let from = topology::from_clause(self.table, &alias);
        let sql = format!(
            "SELECT {alias}.tableoid, {alias}.ctid, {alias} FROM {from} {condition} ORDER BY {seq} FOR UPDATE OF {alias}"
        );
        Ok((sql, parameters))
    }

    /// What an event has to erase; `None` for nothing.
    fn to_erase(&self, row: &Row) -> Result<Option<Erased>> {
        let mut erased = Erased {
            seq: row.integer(self.layout.seq),
            event: match self.layout.hash.stored(row) {
                Stored::Hash(hash) => hash.as_bytes().to_vec(),
                _ => Vec::new(),
            },
            columns: Vec::new(),
            altered: Vec::new(),
        };
        let is_asked = |column: &&Committed| self.request.columns.contains(&column.name);
        let is_event = self.is_event(row)?;
        for column in self.layout.erasable.iter().filter(is_asked) {
            let state = match self.layout.state(row, column) {
                // A value that a line cannot hold was not sealed.
                Err(error) if error.is_about_value() => State::Altered,
                state => state?,
            };
            if matches!(state, State::Sealed | State::Altered) {
                erased.columns.push(column.name.clone());
            }
            if state == State::Altered || state == State::Sealed && !is_event {
                erased.altered.push(column.name.clone());
            }
        }
        Ok((!erased.columns.is_empty()).then_some(erased))
    }

    /// Whether the row is the event that its hash names. Values that fit the commitments of a row prove nothing of an event whose hash
    /// somebody has put there.
    fn is_event(&self, row: &Row) -> Result<bool> {
        match self.layout.hash_of(row) {
            Err(error) if error.is_about_value() => Ok(false),
            computed => Ok(self.layout.hash.stored(row) == Stored::Hash(computed?)),
        }
    }

    /// The UPDATE of one row of a leaf. It counts if the values and the salts are NULL after all triggers.
    fn update(&self, leaf: Oid) -> Result<Prepared<'s>> {
        let (rows, condition) = topology::rows_of(self.table, &Relation::open(leaf, Lock::RowExclusive)?);
        let is_asked = |name: &String| self.request.columns.contains(name);
        let erasable = self.arguments.erasable.iter().filter(|column| is_asked(&column.value));
        let columns: Vec<_> =
            erasable.flat_map(|column| [&column.value, &column.salt]).map(quote::identifier).collect();
        let set: Vec<_> = columns.iter().map(|column| format!("{column} = NULL")).collect();
        self.session.prepare(
            &format!(
                "WITH erased AS (
                     UPDATE {rows} SET {} WHERE {condition} AND ctid = $1 RETURNING pg_catalog.num_nonnulls({}) AS left_over)
                 SELECT FROM erased WHERE left_over = 0",
                set.join(", "),
                columns.join(", ")
            ),
            &[types::TID],
        )
    }
}
