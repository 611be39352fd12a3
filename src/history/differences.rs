//! The differences between a table and the newest events of its history: what `verify_history()` reports, and what
//! `add_history(…, existing => true)` records.

use super::arguments::Arguments;
use super::layout::{Layout, Operation};
use super::record::Events;
use super::recorder::Recorder;
use crate::pg::acting::as_owner;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::Session;
use crate::table::{recorded, scan, topology};

/// The comparison in SQL.
pub struct Comparison {
    /// The alias of the table's rows.
    pub row: String,
    /// The FROM and WHERE clauses: the rows whose newest event is another, rows without one, and newest events without a
    /// row. The newest event is `e`, with the columns `key1`, …, `c1`, … and `seq`; `e.event` is the whole event.
    pub from: String,
    /// The query for two numbers: of the newest events, and of those among them that say what the table holds. PostgreSQL can
    /// run it in parallel.
    pub counts: String,
    /// The columns of the key in the table's row, in SQL.
    pub key: Vec<String>,
    /// The columns that are compared: their names, and what differs, in SQL.
    pub compared: Vec<(String, String)>,
}

impl Comparison {
    /// The comparison of a table with its history.
    pub fn of(relation: &Relation, history: &Relation, layout: &Layout, arguments: &Arguments) -> Comparison {
        let (row, event) = (relation.alias("t"), history.alias("h"));
        let column = |alias: &str, name: &str| format!("{alias}.{}", quote::identifier(name));
        let recorded = |place: usize| layout.columns.iter().find(|recorded| recorded.column.place == place);
        let keys: Vec<_> = layout.key.iter().filter_map(|key| Some((key, recorded(key.place)?))).collect();
        let names: Vec<_> = keys.iter().map(|(_, recorded)| column(&event, &recorded.name)).collect();
        let [operation, seq] = [&arguments.own.operation, &arguments.own.seq].map(|name| column(&event, name));
        let numbered = |prefix: &str, names: &[String]| {
            let each = names.iter().enumerate().map(|(number, name)| format!("{name} AS {prefix}{}", number + 1));
            each.collect::<Vec<_>>().join(", ")
        };
        let compared: Vec<_> = layout.columns.iter().filter(|recorded| !recorded.ignored).collect();
        let values: Vec<_> = compared.iter().map(|recorded| column(&event, &recorded.name)).collect();
        let equals = |place: usize, one: &str, other: &str| {
            let (key, recorded) = &keys[place];
            let (operator, cast) = (key.equality.sql(), key.equality.cast_of(&recorded.column));
            format!("{one}{cast} {operator} {other}{cast}")
        };
        let key: Vec<_> = keys.iter().map(|(_, recorded)| column(&row, &recorded.column.name)).collect();
        let each_key = |one: &dyn Fn(usize) -> String, other: &dyn Fn(usize) -> String| {
            (0..keys.len()).map(|place| equals(place, &one(place), &other(place))).collect::<Vec<_>>().join(" AND ")
        };
        let newest = each_key(&|place| names[place].clone(), &|place| format!("n.key{}", place + 1));
        let same = each_key(&|place| key[place].clone(), &|place| format!("e.key{}", place + 1));
        let of_row: Vec<_> = compared.iter().map(|recorded| column(&row, &recorded.column.name)).collect();
        let of_event: Vec<_> = (1..=compared.len()).map(|number| format!("e.c{number}")).collect();
        let differs = |one: &str, other: &str| format!("pg_catalog.record_image_ne(ROW({one}), ROW({other}))");
        let live = |columns: &str| {
            format!(
                "SELECT {columns}{seq} AS seq, {}, {}
                 FROM ONLY {} AS {event}
                 JOIN (SELECT {}, pg_catalog.max({seq}) AS seq FROM ONLY {} AS {event} GROUP BY {}) AS n
                   ON {newest} AND {seq} OPERATOR(pg_catalog.=) n.seq
                 WHERE {operation} OPERATOR(pg_catalog.<>) 'delete'",
                numbered("key", &names),
                numbered("c", &values),
                history.qualified_name(),
                numbered("key", &names),
                history.qualified_name(),
                names.join(", "),
            )
        };
        let differs_in_any = differs(&of_row.join(", "), &of_event.join(", "));
        let table = topology::from_clause(relation, &row);
        let counts = format!(
            "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE {} IS NOT NULL AND NOT {differs_in_any})
             FROM ({}) AS e LEFT JOIN {table} ON {same}",
            key[0],
            live("")
        );
        let from = format!(
            "FROM {table} FULL JOIN ({}) AS e ON {same}
             WHERE {} IS NULL OR e.key1 IS NULL OR {differs_in_any}",
            live(&format!("{event} AS event, ")),
            key[0],
        );
        let compared = compared.iter().zip(of_row.iter().zip(&of_event));
        let compared =
            compared.map(|(recorded, (one, other))| (recorded.column.name.clone(), differs(one, other))).collect();
        Comparison { row, from, counts, key, compared }
    }
}

/// Records what the table holds and the history does not say, and returns the number of events.
pub fn record(session: &Session, target: Oid, history: Oid, arguments: &Arguments, has_events: bool) -> Result<u64> {
    let (relation, events) = (Relation::open(target, Lock::Held)?, Relation::open(history, Lock::Held)?);
    let layout = Layout::of(&relation, &events, arguments)?;
    as_owner(&relation, |_| {
        recorded::in_one_moment(|| {
            // A snapshot that the transaction keeps misses rows that came before the table was locked: only the comparison does not use it.
            if has_events || snapshot::is_kept() {
                record_differences(session, &relation, &events, &layout, arguments)
            } else {
                record_rows(session, &relation, &events, &layout, arguments)
            }
        })
    })
}

/// Records all rows of the table, in one statement.
fn record_rows(
    session: &Session,
    relation: &Relation,
    history: &Relation,
    layout: &Layout,
    arguments: &Arguments,
) -> Result<u64> {
    let alias = relation.alias("t");
    let names: Vec<_> = layout.columns.iter().map(|recorded| quote::identifier(&recorded.name)).collect();
    let values = layout.columns.iter().map(|recorded| format!("{alias}.{}", quote::identifier(&recorded.column.name)));
    let [operation, by] = [&arguments.own.operation, &arguments.own.by].map(quote::identifier);
    session.run(
        &format!(
            "INSERT INTO {} ({}, {operation}, {by}) SELECT {}, 'insert', SESSION_USER FROM {}",
            history.qualified_name(),
            names.join(", "),
            values.collect::<Vec<_>>().join(", "),
            topology::from_clause(relation, &alias)
        ),
        &[],
    )
}

/// Records the rows that the newest events do not say, and the deletion of those that are gone.
fn record_differences(
    session: &Session,
    relation: &Relation,
    history: &Relation,
    layout: &Layout,
    arguments: &Arguments,
) -> Result<u64> {
    let comparison = Comparison::of(relation, history, layout, arguments);
    let recorder = Recorder::new(relation)?;
    let mut count = 0;
    Latest::during(|_| {
        let sql = format!("SELECT {}, e.event {}", comparison.row, comparison.from);
        let cursor = session.cursor(&sql, &[], true)?;
        let mut events = Events::new(&recorder, session, false);
        scan::each(&cursor, |fetched| {
            let (row, event) = (fetched.composite(0), fetched.composite(1));
            let layout = &recorder.layout;
            match (&row, &event) {
                (Some(row), event) => {
                    let operation = if event.is_some() { Operation::Update } else { Operation::Insert };
                    events.push(&layout.event(&row.row(&layout.descriptor), operation))?;
                }
                (None, Some(event)) => {
                    events.push(&layout.event_again(&event.row(&layout.events), Operation::Delete))?;
                }
                (None, None) => return Err(Error::damaged("a row of the table")),
            }
            count += 1;
            Ok(())
        })?;
        events.end()
    })?;
    Ok(count)
}
