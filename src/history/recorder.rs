//! The state for recording the changes of one table, cached until the table or its history changes.

use std::rc::Rc;

use super::feature::FEATURE;
use super::layout::Layout;
use super::triggers::History;
use crate::pg::cache::{Cache, Derived};
use crate::pg::equality::Equality;
use crate::pg::key_scan::KeyScan;
use crate::pg::last_row::LastRow;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Kept;
use crate::pg::trigger::Firing;
use crate::table::columns::Columns;

/// The state for recording the changes of one table.
pub struct Recorder {
    /// The relation whose rows change: a table, a partitioned table, or a partition.
    relation: Oid,
    /// The table of the history's trigger: the relation, or the partitioned table above it.
    pub root: Oid,
    /// The history.
    pub history: Oid,
    /// The places of the columns.
    pub layout: Layout,
    /// The search for the newest event of a key.
    pub newest: LastRow,
    /// The search for the present row of a key.
    pub present: Present,
    /// `INSERT` of an array of events.
    pub insert: Kept,
    /// `INSERT` of one event: a statement that changes one row should not pay for a set.
    pub insert_one: Kept,
    /// The query for the rows of the relation itself.
    pub rows: String,
}

/// The search for the present row of a key.
pub enum Present {
    /// By the primary key of the table.
    Index(KeyScan),
    /// By a query, which finds the partition.
    Query(Kept),
}

thread_local! {
    static RECORDERS: Cache<Recorder> = Cache::default();
}

impl Derived for Recorder {
    fn depends_on(&self, relation: Oid) -> bool {
        let index = match &self.present {
            Present::Index(scan) => Some(scan.index()),
            Present::Query(_) => None,
        };
        [self.relation, self.root, self.history].contains(&relation) || index == Some(relation)
    }
}

impl Recorder {
    /// The recorder for the relation of a firing.
    pub fn of(firing: &Firing) -> Result<Rc<Recorder>> {
        let get =
            || RECORDERS.with(|recorders| recorders.get(firing.relation_oid(), || Recorder::new(&firing.relation())));
        // The lock takes in whether the index of the history is another one now.
        drop(Relation::open(get()?.history, Lock::AccessShare)?);
        get()
    }

    /// A recorder for a relation.
    pub fn new(relation: &Relation) -> Result<Recorder> {
        let (root, History { arguments, table, .. }) = History::of_root(relation)?;
        let history = Relation::open(table, Lock::AccessShare)?;
        check_owners(&root, &history)?;
        let layout = Layout::of(relation, &history, &arguments)?;
        let newest = newest(&history, &layout)?;
        let present = if relation.is_partitioned() {
            Present::Query(Kept::new(present_sql(relation, &arguments.key)?))
        } else {
            let scan = KeyScan::of_primary_key(relation).ok_or_else(|| without_key(relation))?;
            Present::Index(scan)
        };
        let names = layout.columns.iter().map(|recorded| quote::identifier(&recorded.name));
        let [operation, by] = [&arguments.own.operation, &arguments.own.by].map(quote::identifier);
        let list: Vec<_> = names.chain([operation.clone()]).collect();
        let from = |alias: &str| list.iter().map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ");
        let (name, table, alias) = (history.qualified_name(), relation.qualified_name(), relation.alias("t"));
        Ok(Recorder {
            relation: relation.oid(),
            root: root.oid(),
            history: history.oid(),
            newest,
            present,
            insert: Kept::new(format!(
                "INSERT INTO {name} ({}, {by}) SELECT {}, SESSION_USER FROM pg_catalog.unnest($1) AS e",
                list.join(", "),
                from("e")
            )),
            insert_one: Kept::new(format!(
                "INSERT INTO {name} ({}, {by}) SELECT {}, SESSION_USER",
                list.join(", "),
                from("($1)")
            )),
            rows: format!("SELECT {alias} FROM ONLY {table} AS {alias}"),
            layout,
        })
    }
}

/// The search for the newest event of a row's key, by the index of the chain.
fn newest(history: &Relation, layout: &Layout) -> Result<LastRow> {
    let key: Vec<usize> = layout.key.iter().map(|key| key.event).collect();
    let mut indexes = history.indexes();
    indexes.sort_by_key(|index| (!index.unique, index.columns.len()));
    let scan = |index| LastRow::new(history, index, &key, layout.seq);
    indexes.iter().find_map(scan).ok_or_else(|| {
        let name = history.literal();
        Error::new(Class::State, format!("history \"{}\" has no index on its key and its seq", history.name()))
            .hint(format!("Use add_chain({name}, …) to make it anew."))
    })
}

/// The query for the row of a key, whose values are `$1`, ….
fn present_sql(relation: &Relation, key: &[String]) -> Result<String> {
    let (columns, alias) = (Columns::of(relation), relation.alias("t"));
    let condition = |(number, name): (usize, &String)| {
        let column = columns.find(name)?;
        let equality = Equality::of(column).ok_or_else(|| without_key(relation))?;
        let (name, operator, cast) = (quote::identifier(name), equality.sql(), equality.cast_of(column));
        Ok(format!("{alias}.{name}{cast} {operator} ${}{cast}", number + 1))
    };
    let conditions = key.iter().enumerate().map(condition).collect::<Result<Vec<_>>>()?.join(" AND ");
    Ok(format!("SELECT {alias} FROM {} AS {alias} WHERE {conditions}", relation.qualified_name()))
}

/// Refuses a history of another role: its triggers and the functions in its indexes would run as the owner of the table, or
/// those of the table as the owner of the history.
pub fn check_owners(table: &Relation, history: &Relation) -> Result<()> {
    if table.has_same_owner(history) {
        return Ok(());
    }
    Err(Error::new(
        Class::State,
        format!("table \"{}\" and its history \"{}\" have different owners", table.name(), history.name()),
    )
    .hint("Give both to one role: ALTER TABLE … OWNER TO …."))
}

/// The error of a table whose primary key is gone.
pub fn without_key(relation: &Relation) -> Error {
    Error::new(Class::State, format!("table \"{}\" with a history has no primary key", relation.name()))
        .hint("Events belong to the row of a key. Create the primary key again, or use drop_history().")
}

/// The error of a recording trigger that is fired in a wrong way.
pub fn misplaced() -> Error {
    FEATURE.misplaced(super::feature::RECORD)
}
