//! The demands of a deduplication on its table, except trigger and index: checked by `add_dedup()`, for triggers made by hand, and
//! after each command. A restored dump satisfies them before it creates the indexes of partitions.

use super::arguments::Arguments;
use super::feature::{DEDUPLICATE, DEDUPLICATES, FEATURE};
use super::layout::Layout;
use super::triggers;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};

/// Checks a relation that has the trigger: a table as a whole, a partition for its part.
pub fn check(relation: &Relation) -> Result<()> {
    if FEATURE.has_twice(relation)? {
        let error = FEATURE.duplicate(&relation.name());
        return Err(if relation.is_partition() {
            error.hint("Use drop_dedup() before it becomes a partition of a deduplicated table.")
        } else {
            error
        });
    }
    let Some(attached) = FEATURE.attached(relation)? else { return Ok(()) };
    let arguments = Arguments::parse(&attached.arguments)?;
    let root = triggers::root_of(relation)?;
    if root.is_none() {
        refuse_partition(relation)?;
    }
    check_part(root.as_ref().unwrap_or(relation), relation, &arguments)
}

/// Checks the part of the table `root` that consists of `part` and its partitions.
pub fn check_part(root: &Relation, part: &Relation, arguments: &Arguments) -> Result<()> {
    if root.oid() == part.oid() {
        check_time(root, arguments)?;
    }
    for table in part.with_partitions() {
        let table = Relation::open(table, Lock::AccessShare)?;
        check_kind(&table)?;
        let layout = Layout::of(&table, arguments)?;
        table.check_type_owners(layout.key.iter().map(|key| &key.column))?;
        check_filled(&table, arguments)?;
        FEATURE.check_late(&table, &name_on(&table)?)?;
    }
    Ok(())
}

/// Refuses a partition of a table that is not deduplicated: a row that an UPDATE moves into the partition would be lost if it
/// were skipped there.
pub fn refuse_partition(relation: &Relation) -> Result<()> {
    let Some(&root) = relation.ancestors().last() else { return Ok(()) };
    let root = Relation::open(root, Lock::AccessShare)?;
    let (name, root_name) = (relation.name(), root.name());
    Err(Error::new(Class::WrongObject, format!("\"{name}\" is a partition of table \"{root_name}\""))
        .detail("A partition cannot be deduplicated alone.")
        .hint(format!("SELECT add_dedup({}, …);", root.literal())))
}

/// The name of the trigger on a relation; the default name if the relation has none.
pub fn name_on(relation: &Relation) -> Result<String> {
    let function = FEATURE.oids()?[DEDUPLICATE];
    let trigger = relation.triggers().into_iter().find(|trigger| trigger.function == function);
    Ok(trigger.map_or(DEDUPLICATES.name.to_string(), |trigger| trigger.name))
}

/// Refuses a relation whose rows cannot be looked up: foreign tables, and access methods other than heap.
pub fn check_kind(relation: &Relation) -> Result<()> {
    if relation.is_partitioned() || relation.is_heap() {
        return Ok(());
    }
    Err(Error::new(Class::Unsupported, format!("table \"{}\" cannot be deduplicated", relation.name()))
        .detail("The rows of a key can be found in tables with access method heap only."))
}

/// Refuses a key of columns that a later trigger fills in: the key would not be known when it is looked up.
pub fn check_filled(relation: &Relation, arguments: &Arguments) -> Result<()> {
    match FEATURE.filled_later(relation)?.into_iter().find(|column| arguments.key.contains(column)) {
        None => Ok(()),
        Some(column) => Err(Error::new(
            Class::Unsupported,
            format!("column \"{column}\" of table \"{}\" cannot be in the key of a deduplication", relation.name()),
        )
        .detail("A later trigger fills it in.")),
    }
}

/// Refuses a bound in time for a table that is not partitioned by range of this time.
fn check_time(root: &Relation, arguments: &Arguments) -> Result<()> {
    let Some(within) = &arguments.within else { return Ok(()) };
    let column = spi::connect(|session| range_column(session, root.oid()))?;
    if column.as_ref() == Some(&within.by) { Ok(()) } else { Err(not_by_time(root)) }
}

/// The error of a table that is not partitioned by a time.
pub fn not_by_time(root: &Relation) -> Error {
    Error::new(Class::Unsupported, format!("table \"{}\" is not partitioned by range of one column", root.name()))
        .detail("A deduplication within an interval looks into the partitions that are near the row in time.")
        .hint("Leave \"within\" out.")
}

/// The column by whose ranges the table is partitioned, if it is one column.
pub fn range_column(session: &Session, table: Oid) -> Result<Option<String>> {
    let found = session.query_as_caller(
        "SELECT a.attname::pg_catalog.text
         FROM pg_catalog.pg_partitioned_table p
         JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
         WHERE p.partrelid = $1 AND p.partstrat = 'r' AND p.partnatts = 1",
        &[table.into()],
    )?;
    Ok(found.rows().next().and_then(|row| row.get(0)))
}
