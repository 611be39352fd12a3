//! `read_events()`, and the reader of a log that consumers share.
//!
//! First the settled position is asked for, and then a new snapshot is taken, whatever the isolation level: so every event at
//! or below that position is seen. See `docs/design/log.md`.

use std::rc::Rc;

use super::found::Found;
use super::settled;
use crate::chain::layout::Layout;
use crate::chain::triggers;
use crate::pg::acting::as_owner;
use crate::pg::cache::{Cache, Derived};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::in_order::{Choice, Ordered};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, schema_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::result::Rows;
use crate::pg::row::Row;
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Fetched, Session};
use crate::table::topology::from_clause;

sql_function! {
    /// `read_events(anyelement, bigint, integer) → set of anyelement`
    veritable_read_events = read_events
}

fn read_events(call: &Call) -> Result<Answer> {
    let target = source(call)?;
    let after = call.integer(1).ok_or_else(|| Error::null_argument("after"))?;
    if after < 0 {
        return Err(Error::new(Class::Argument, "argument \"after\" must not be negative"));
    }
    let max = batch_size(call, 2)?;
    let mut rows = call.rows();
    let relation = Relation::open(target, Lock::AccessShare)?;
    let reader = Reader::of(&relation, "read_events")?;
    spi::connect(|session| {
        let settled = settled::of(session, target, &reader.found)?;
        reader.read(session, &relation, Span { after, settled }, max, &mut rows)
    })?;
    Ok(Answer::NULL)
}

/// The table whose row type the first argument has.
pub fn source(call: &Call) -> Result<Oid> {
    call.table_of_argument(0).ok_or_else(|| {
        Error::new(Class::WrongObject, "argument \"source\" is not a row of a table")
            .hint("Name the table by the type of a null row: NULL::entity_events.")
    })
}

/// The greatest number of events that the caller wants.
pub fn batch_size(call: &Call, position: usize) -> Result<i64> {
    match call.small_integer(position) {
        None => Err(Error::null_argument("max")),
        Some(max) if max < 1 => Err(Error::new(Class::Argument, "argument \"max\" must be at least 1")),
        Some(max) => Ok(max.into()),
    }
}

/// The events after a position, up to a position that is settled.
#[derive(Clone, Copy)]
pub struct Span {
    /// The position after which the events begin.
    pub after: i64,
    /// The last position. The snapshot that reads the events is later than the answer that it is settled.
    pub settled: i64,
}

/// A part of the entities.
#[derive(Clone, Copy)]
pub struct Share {
    /// The number of the part, from zero.
    pub member: u64,
    /// The number of parts.
    pub members: u64,
}

/// The queries for the events of one log, kept until the table changes.
pub struct Reader {
    relation: Oid,
    schema: Option<String>,
    /// The log.
    pub found: Found,
    layout: Layout,
    /// The place of the position.
    place: usize,
    events: Ordered,
    all_events: Ordered,
    newest: Ordered,
}

thread_local! {
    static READERS: Cache<Reader> = Cache::default();
}

impl Derived for Reader {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.relation || relation == self.found.positions.sequence
    }

    fn is_current(&self) -> bool {
        schema_of(self.relation) == self.schema
    }
}

impl Reader {
    /// The reader of a table's log, for a caller who may read the whole table. `function` is the one that the caller has called.
    pub fn of(relation: &Relation, function: &str) -> Result<Rc<Reader>> {
        relation.require_table()?;
        relation.require_whole("A log can be read only as a whole")?;
        // The type of the rows, not the table as a text.
        let root = || triggers::root_of(relation).ok().flatten().map(|root| root.qualified_name()).unwrap_or_default();
        Reader::kept(relation, |_| format!("SELECT * FROM {function}(NULL::{}, …);", root()))
    }

    /// The reader of a table's log, for the owner of the table. `how` gives the call for the table of which this is a partition.
    pub fn for_owner(relation: &Relation, how: impl FnOnce(&str) -> String) -> Result<Rc<Reader>> {
        relation.require_table()?;
        Reader::kept(relation, how)
    }

    fn kept(relation: &Relation, how: impl FnOnce(&str) -> String) -> Result<Rc<Reader>> {
        READERS.with(|readers| readers.get(relation.oid(), || Reader::new(relation, how)))
    }

    fn new(relation: &Relation, how: impl FnOnce(&str) -> String) -> Result<Reader> {
        let found = Found::of(relation, how)?;
        let layout = Layout::of(relation, &found.arguments)?;
        let place = layout.position.ok_or_else(|| super::found::without(relation))?;
        let alias = relation.alias("event");
        let from = from_clause(relation, &alias);
        let column = |name: &str| format!("{alias}.{}", quote::identifier(name));
        let position = column(&found.log.position);
        let span = format!("FROM {from} WHERE {position} > $1 AND {position} <= $2 ORDER BY {position}");
        Ok(Reader {
            relation: relation.oid(),
            schema: schema_of(relation.oid()),
            place,
            events: Ordered::new(format!("SELECT {alias}.* {span} LIMIT $3")),
            all_events: Ordered::new(format!("SELECT {alias}.* {span}")),
            newest: Ordered::new(format!("SELECT {position} FROM {from} ORDER BY {position} DESC LIMIT 1")),
            layout,
            found,
        })
    }

    /// Adds the first events of the span to the answer, and returns the last position that was examined.
    pub fn read(&self, session: &Session, relation: &Relation, span: Span, max: i64, rows: &mut Rows) -> Result<i64> {
        let Span { after, settled } = span;
        if after >= settled {
            return Ok(after);
        }
        let parameters = [after.into(), settled.into(), max.into()];
        let count = self.as_owner_now(relation, || rows.put_all(session, &self.events, &parameters))? as i64;
        self.examined(count, span, max, rows)
    }

    /// Adds the first events of a share of the entities, as [`Reader::read`] does.
    pub fn read_share(
        &self,
        session: &Session,
        relation: &Relation,
        span: Span,
        share: Share,
        max: i64,
        rows: &mut Rows,
    ) -> Result<i64> {
        let Span { after, settled } = span;
        if after >= settled {
            return Ok(after);
        }
        let mut count = 0;
        let choose = |event: &Row| {
            if self.layout.entity_hash(event) % share.members != share.member {
                return Choice::Leave;
            }
            count += 1;
            if count < max { Choice::Take } else { Choice::TakeLast }
        };
        let places: Vec<_> = self.layout.entity.iter().map(|column| column.place).collect();
        let parameters = [after.into(), settled.into()];
        self.as_owner_now(relation, || {
            rows.put_chosen(session, &self.all_events, &parameters, (&self.layout.descriptor, &places), choose)
        })?;
        self.examined(count, span, max, rows)
    }

    /// The last position of the span, or that of the last event in the answer.
    fn examined(&self, count: i64, span: Span, max: i64, rows: &Rows) -> Result<i64> {
        if count < max {
            return Ok(span.settled);
        }
        rows.last_integer(self.place).ok_or_else(|| Error::damaged("a position"))
    }

    /// The greatest position of an event that is committed, or of this transaction; 0 without events.
    pub fn newest(&self, session: &Session, relation: &Relation) -> Result<i64> {
        let newest = self.as_owner_now(relation, || number(session, &self.newest, &[]))?;
        Ok(newest.unwrap_or(0))
    }

    /// Reads as the owner of the table, with a new snapshot.
    fn as_owner_now<T>(&self, relation: &Relation, read: impl FnOnce() -> Result<T>) -> Result<T> {
        Latest::during(|_| as_owner(relation, |_| read()))
    }
}

fn number(session: &Session, query: &Ordered, parameters: &[spi::Parameter]) -> Result<Option<i64>> {
    let found = query.query(session, parameters)?;
    let first = found.rows().next();
    Ok(first.and_then(|row: Fetched| row.get(0)))
}
