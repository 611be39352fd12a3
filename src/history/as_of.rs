//! The generated function `…_as_of()`: the table as it was known at a moment.

use super::arguments::Arguments;
use super::events::with_suffix;
use super::layout::Layout;
use super::triggers::History;
use crate::pg::oid::{Oid, types};
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi::Session;
pub use crate::pg::types::element_of;
use crate::table::feature::Renamed;
use crate::table::generated::{self, Found, Generated, Parameter};
use crate::table::known;
use crate::table::makers::Maker;

/// What the function is, in its first line.
const KIND: &str = "as of history";

/// The number of rows that the planner expects if it does not inline the function.
const ROWS: u32 = 1000;

/// Generates the function for a table with this history: with this name, or with the name that it has, or with one by
/// default.
pub fn generate(session: &Session, target: Oid, history: Oid, arguments: &Arguments, name: Option<&str>) -> Result<()> {
    let former = find(session, target)?.into_iter().next();
    let function = {
        let (relation, events) =
            (Relation::open(target, Lock::AccessShare)?, Relation::open(history, Lock::AccessShare)?);
        let layout = Layout::of(&relation, &events, arguments)?;
        let (schema, name) = match (name, &former) {
            (Some(name), _) => (relation.schema(), name.to_string()),
            (None, Some(former)) => (former.schema.clone(), former.name.clone()),
            (None, None) => (relation.schema(), with_suffix(&relation.name(), "_as_of")),
        };
        function(session, &relation, &events, &layout, arguments, (schema, name))?
    };
    if former.as_ref().is_some_and(|former| former.is(&function)) {
        return Ok(());
    }
    generated::create(session, &function)
}

/// Drops the function.
pub fn drop(session: &Session, target: Oid) -> Result<()> {
    find(session, target)?.iter().try_for_each(|found| generated::drop(session, found))
}

/// The function that follows its table: see `table::makers`.
pub const MAKER: Maker = Maker { kind: KIND, drop: "drop_history", make };

/// The function as it should be now; `None` while the history lacks columns of the table.
fn make(session: &Session, target: Oid, found: &[Found], _: &[Renamed]) -> Result<Option<Vec<Generated>>> {
    let relation = Relation::open(target, Lock::AccessShare)?;
    let (Ok(Some(history)), Some(found)) = (History::of(&relation), found.first()) else { return Ok(None) };
    let events = Relation::open(history.table, Lock::AccessShare)?;
    let Ok(layout) = Layout::of(&relation, &events, &history.arguments) else { return Ok(None) };
    let place = (found.schema.clone(), found.name.clone());
    Ok(Some(vec![function(session, &relation, &events, &layout, &history.arguments, place)?]))
}

fn find(session: &Session, target: Oid) -> Result<Vec<Found>> {
    let found = generated::find(session, target)?.into_iter();
    Ok(found.filter(|found| found.kind == KIND).collect())
}

fn function(
    session: &Session,
    relation: &Relation,
    history: &Relation,
    layout: &Layout,
    arguments: &Arguments,
    (schema, name): (String, String),
) -> Result<Generated> {
    let of = |name: &String| format!("h.{}", quote::identifier(name));
    let known = Parameter {
        name: "known_at".to_string(),
        type_id: types::TIMESTAMPTZ,
        default: Some("'infinity'".to_string()),
    };
    let valid = match &arguments.valid {
        None => None,
        Some(valid) => {
            let recorded = layout.columns.iter().find(|recorded| recorded.column.name == *valid);
            let recorded = recorded.ok_or_else(|| Error::damaged("the configuration of a history"))?;
            let type_id = element_of(recorded.column.type_id).ok_or_else(|| Error::damaged("pg_range"))?;
            Some((Parameter { name: "valid_at".to_string(), type_id, default: None }, of(&recorded.name)))
        }
    };
    // The index on key and seq is read backwards: first the newest event of each key.
    let key: Vec<_> = arguments.key.iter().map(|name| of(arguments.recorded_as(name))).collect();
    let order: Vec<_> = key.iter().map(|column| format!("{column} DESC")).collect();
    let [operation, recorded, seq] = [&arguments.own.operation, &arguments.own.recorded, &arguments.own.seq].map(&of);
    let columns: Vec<_> = layout.columns.iter().map(|recorded| of(&recorded.name)).collect();
    let (condition, at) = match &valid {
        Some((_, period)) => (format!(" AND {period} OPERATOR(pg_catalog.@>) $1"), 2),
        None => (String::new(), 1),
    };
    let known_since = known::condition(session, history.oid(), &format!("${at}"))?;
    let body = format!(
        "SELECT {}\nFROM (\n    SELECT DISTINCT ON ({}) h.*\n    FROM ONLY {} AS h\n    WHERE {recorded} OPERATOR(pg_catalog.<=) ${at}{known_since}\n    ORDER BY {}, {seq} DESC\n) AS h\nWHERE {operation} OPERATOR(pg_catalog.<>) 'delete'{condition}",
        columns.join(", "),
        key.join(", "),
        history.qualified_name(),
        order.join(", "),
    );
    let table = relation.stable_name();
    let comment = match &valid {
        Some(_) => format!(
            "Returns the rows of {table} that are valid at valid_at, as the table was known at known_at. Needs the privilege SELECT on the history."
        ),
        None => format!(
            "Returns the rows of {table} as the table was known at known_at. Needs the privilege SELECT on the history."
        ),
    };
    Ok(Generated {
        schema,
        name,
        parameters: valid.into_iter().map(|(parameter, _)| parameter).chain([known]).collect(),
        table: relation.oid(),
        kind: KIND,
        configuration: Vec::new(),
        body,
        rows: ROWS,
        comment,
    })
}
