//! The table of a history's events: a chained table with the columns of the recorded table and some of its own.

use super::arguments::Arguments;
use super::attach::named;
use super::layout::Layout;
use crate::pg::acting::{as_owner, as_owner_of};
use crate::pg::column::Column;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::role;
use crate::pg::snapshot::Latest;
use crate::pg::spi::Session;
use crate::pg::text::NAME_LENGTH;

/// The columns of the chain that are no part of the configuration.
pub struct Chain {
    /// The column of the previous event's hash.
    pub previous: String,
    /// The column of the event's hash.
    pub hash: String,
}

/// The name of a history.
pub struct Place {
    schema: String,
    name: String,
}

impl Place {
    /// The name that is given, or one by default.
    pub fn of(relation: &Relation, schema: String, name: Option<String>) -> Place {
        Place { schema, name: name.unwrap_or_else(|| with_suffix(&relation.name(), "_history")) }
    }

    /// The history with this name.
    pub fn existing(&self) -> Result<Oid> {
        crate::pg::spi::connect(|session| named(session, &self.qualified_name()))
    }

    fn qualified_name(&self) -> String {
        format!("{}.{}", quote::identifier(&self.schema), quote::identifier(&self.name))
    }
}

/// A name with a suffix, cut to the length of a name.
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let room = NAME_LENGTH - 1 - suffix.len();
    let end = (0..=room.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!("{}{suffix}", &name[..end])
}

/// Creates the table of events, for the owner of the recorded table, and chains it: an entity is a key.
pub fn create(
    session: &Session,
    relation: &Relation,
    place: &Place,
    arguments: &Arguments,
    chain: &Chain,
) -> Result<Oid> {
    let own = arguments.own.names();
    let added = own.into_iter().chain([&chain.previous, &chain.hash]);
    let columns = relation.columns();
    if let Some(taken) = added.into_iter().find(|name| columns.iter().any(|column| column.name == **name)) {
        return Err(Error::new(
            Class::DuplicateColumn,
            format!("column \"{taken}\" of table \"{}\" has the name of a column of the history", relation.name()),
        )
        .hint("Give that column of the history another name: add_history(…, operation => …, recorded => …, recorded_by => …, seq => …, previous => …, hash => …)."));
    }
    let mut definitions = column_definitions(session, relation.oid(), &all(relation))?;
    for (name, definition) in &mut definitions {
        if arguments.key.contains(name) {
            definition.push_str(" NOT NULL");
        }
    }
    let mut list: Vec<_> = definitions.into_iter().map(|(_, definition)| definition).collect();
    let [operation, recorded, by, seq] = own.map(quote::identifier);
    let [previous, hash] = [&chain.previous, &chain.hash].map(quote::identifier);
    list.extend([
        format!("{operation} pg_catalog.text NOT NULL"),
        format!("{recorded} pg_catalog.timestamptz NOT NULL"),
        format!("{by} pg_catalog.name NOT NULL"),
        format!("{seq} pg_catalog.int8 NOT NULL"),
        format!("{previous} pg_catalog.bytea"),
        format!("{hash} pg_catalog.bytea NOT NULL"),
    ]);
    let name = place.qualified_name();
    session.run(&format!("CREATE TABLE {name} ({})", list.join(", ")), &[])?;
    let history = named(session, &name)?;
    follow_owner(session, relation, history, role::caller())?;
    follow_row_security(session, relation, history)?;
    let comment = format!("events of table {}", relation.stable_name());
    session.run(&format!("COMMENT ON TABLE {name} IS {}", quote::literal(comment)), &[])?;
    let schema = extension_schema(session)?;
    session.query(
        &format!(
            "SELECT {schema}.add_chain($1::pg_catalog.regclass, entity => $2::pg_catalog.name[], seq => $3::pg_catalog.name,
                 previous => $4::pg_catalog.name, hash => $5::pg_catalog.name, recorded => $6::pg_catalog.name)"
        ),
        &[
            history.into(),
            arguments.key.clone().into(),
            arguments.own.seq.as_str().into(),
            chain.previous.as_str().into(),
            chain.hash.as_str().into(),
            arguments.own.recorded.as_str().into(),
        ],
    )?;
    Ok(history)
}

/// Checks that a table can hold the events: it is chained, with the key as the entity, and has all columns.
pub fn check(session: &Session, relation: &Relation, history: Oid, arguments: &Arguments) -> Result<()> {
    let events = Relation::open(history, Lock::AccessExclusive)?;
    if !events.is_heap() {
        return Err(Error::new(Class::WrongObject, format!("\"{}\" is not an ordinary table", events.name())));
    }
    Layout::of(relation, &events, arguments)?;
    let entity: Vec<String> = arguments.key.iter().map(|name| arguments.recorded_as(name).clone()).collect();
    let fits = session.query(
        "SELECT FROM veritable.chains
         WHERE target = $1::pg_catalog.regclass AND seq = $3::pg_catalog.name AND recorded = $4::pg_catalog.name
           AND exclude = '{}' AND entity <@ $2::pg_catalog.name[] AND entity @> $2::pg_catalog.name[]",
        &[history.into(), entity.into(), arguments.own.seq.as_str().into(), arguments.own.recorded.as_str().into()],
    )?;
    if !fits.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Class::State,
        format!("table \"{}\" is not chained as a history of \"{}\"", events.name(), relation.name()),
    )
    .detail("The entity of the chain must be the primary key, with the columns seq and recorded of the history."))
}

/// Adds to the history the columns that the recorded table has and the history has not. Returns their names in the table. A
/// column with the name of one that is gone gets another name in the history, which `arguments` then hold.
pub fn adopt_columns(
    session: &Session,
    relation: &Relation,
    history: Oid,
    arguments: &mut Arguments,
) -> Result<Vec<String>> {
    let mut names = all(&Relation::open(history, Lock::AccessShare)?);
    let is_new = |name: &String| {
        let is_renamed = arguments.renamed.iter().any(|(column, _)| column == name);
        // The history has a column of this name that is about another one: one that is gone, or has another name by now.
        let is_taken = arguments.retired.contains(name) || arguments.renamed.iter().any(|(_, event)| event == name);
        !is_renamed && is_taken || !names.contains(arguments.recorded_as(name))
    };
    let new: Vec<String> = all(relation).into_iter().filter(is_new).collect();
    if new.is_empty() {
        return Ok(new);
    }
    let mut add = Vec::new();
    for (name, definition) in column_definitions(session, relation.oid(), &new)? {
        let free =
            (1..).map(|number| if number == 1 { name.clone() } else { with_suffix(&name, &format!("_{number}")) });
        let free = free.into_iter().find(|free| !names.contains(free)).unwrap_or_else(|| name.clone());
        let definition = definition.strip_prefix(&quote::identifier(&name)).unwrap_or_default().to_string();
        add.push(format!("ADD COLUMN {}{definition}", quote::identifier(&free)));
        if free != name {
            arguments.renamed.push((name, free.clone()));
        }
        names.push(free);
    }
    let name = Relation::open(history, Lock::AccessShare)?.qualified_name();
    // As the owner, whoever has run the command: PostgreSQL checks the domain of a new column, with functions of the owner's.
    as_owner_of(history, |_| session.run(&format!("ALTER TABLE {name} {}", add.join(", ")), &[]))??;
    Ok(new)
}

/// The columns of a history whose column of the table has another type by now.
pub fn retyped_columns(relation: &Relation, history: &Relation) -> Vec<String> {
    let columns = relation.columns();
    let is_other =
        |event: &Column| columns.iter().any(|column| column.name == event.name && column.type_id != event.type_id);
    history.columns().into_iter().filter(is_other).map(|event| event.name).collect()
}

fn all(relation: &Relation) -> Vec<String> {
    relation.columns().into_iter().map(|column| column.name).collect()
}

/// The columns of the table with these names, as a CREATE TABLE writes them: without type modifier, default and constraint.
fn column_definitions(session: &Session, table: Oid, names: &[String]) -> Result<Vec<(String, String)>> {
    let found = session.query(
        "SELECT a.attname::pg_catalog.text,
                pg_catalog.concat(pg_catalog.quote_ident(a.attname), ' ', pg_catalog.format_type(a.atttypid, -1),
                    CASE WHEN a.attcollation <> y.typcollation
                         THEN (SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, c.collname)
                               FROM pg_catalog.pg_collation c
                               JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
                               WHERE c.oid = a.attcollation) END)
         FROM pg_catalog.pg_attribute a
         JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
         WHERE a.attrelid = $1 AND a.attname = ANY ($2) AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY a.attnum",
        &[table.into(), names.to_vec().into()],
    )?;
    let column = |row: crate::pg::spi::Fetched| Some((row.get(0)?, row.get(1)?));
    found.rows().map(|row| column(row).ok_or_else(|| Error::damaged("pg_attribute"))).collect()
}

/// Gives the history to the owner of the table, if it is that of the former owner of the table.
pub fn follow_owner(session: &Session, relation: &Relation, history: Oid, former: Oid) -> Result<()> {
    let name = {
        let events = Relation::open(history, Lock::AccessShare)?;
        events.is_owned_by(former).then(|| events.qualified_name())
    };
    let owner = quote::identifier(relation.owner_name());
    name.map_or(Ok(()), |name| session.run(&format!("ALTER TABLE {name} OWNER TO {owner}"), &[]).map(drop))
}

/// Hides the events from other roles as soon as row-level security hides rows of the table: no policy of the table applies to
/// the history. The owner can create policies for it.
pub fn follow_row_security(session: &Session, relation: &Relation, history: Oid) -> Result<()> {
    let name = {
        let events = Relation::open(history, Lock::AccessShare)?;
        (relation.has_row_security() && !events.has_row_security()).then(|| events.qualified_name())
    };
    name.map_or(Ok(()), |name| session.run(&format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"), &[]).map(drop))
}

/// The schema of the extension's public functions, in SQL.
pub fn extension_schema(session: &Session) -> Result<String> {
    let schema = session.query(
        "SELECT pg_catalog.quote_ident(n.nspname)
         FROM pg_catalog.pg_extension e
         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
         WHERE e.extname = 'veritable'",
        &[],
    )?;
    schema.rows().next().and_then(|row| row.get(0)).ok_or_else(|| Error::damaged("pg_extension"))
}

/// Whether any row of the table has a value in one of these columns.
pub fn has_values(session: &Session, relation: &Relation, columns: &[String]) -> Result<bool> {
    let alias = relation.alias("t");
    let values: Vec<_> = columns.iter().map(|name| format!("{alias}.{}", quote::identifier(name))).collect();
    let sql = format!(
        "SELECT FROM {} WHERE pg_catalog.num_nonnulls({}) > 0 LIMIT 1",
        crate::table::topology::from_clause(relation, &alias),
        values.join(", ")
    );
    as_owner(relation, |_| Latest::during(|_| Ok(!session.query_as_caller(&sql, &[])?.is_empty())))
}
