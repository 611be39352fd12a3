//! Creating, dropping and renaming the triggers of a reference, on both tables.
//!
//! The caller's privileges are checked first. Then PostgreSQL's own role acts: to name another table in a trigger takes the
//! privilege TRIGGER on that table, and a reference needs only REFERENCES.

use super::arguments::Arguments;
use super::feature::{FEATURE, GUARD, REFER};
use super::find::{self, Reference};
use crate::pg::acting::as_system;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::pg::spi::Session;
use crate::pg::text::NAME_LENGTH;
use crate::table::feature::{Bereft, Part, Renamed};
use crate::table::{columns, triggers};

/// A name that is not too long: its end is cut off before the ending.
pub fn clipped(name: &str, ending: &str) -> String {
    let room = NAME_LENGTH - 1 - ending.len();
    let end = (0..=room.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!("{}{ending}", &name[..end])
}

/// A name that is not taken: the name itself, or the name with a number.
pub fn free(name: &str, ending: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (1..).map(|number| clipped(name, &format!("{number}{ending}")));
    std::iter::once(clipped(name, ending)).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Creates the triggers of one table for a reference. `other` is the other table's name in SQL.
pub fn create(
    session: &Session,
    relation: &Relation,
    kit: &[Part],
    arguments: &Arguments,
    other: &str,
    reserved: &[String],
) -> Result<Vec<String>> {
    let mut taken: Vec<_> = relation.triggers().into_iter().map(|trigger| trigger.name).collect();
    taken.extend(reserved.iter().cloned());
    let table = relation.qualified_name();
    let list = arguments.render();
    let mut names = Vec::new();
    for part in kit {
        // Users name a deferrable constraint in SET CONSTRAINTS.
        let is_constraint = part.rows.starts_with("DEFERRABLE");
        let wanted = if is_constraint { arguments.name.clone() } else { format!("{}{}", part.name, arguments.name) };
        let ending = match part.timing {
            "AFTER INSERT" => "_insert",
            "AFTER UPDATE" => "_update",
            "AFTER DELETE" if !part.refers => "_delete",
            "AFTER TRUNCATE" => "_truncate",
            _ => "",
        };
        let name = free(&wanted, ending, |name| taken.iter().any(|other| other == name));
        names.push((part, name.clone()));
        taken.push(name);
    }
    as_system(|| {
        names.iter().try_for_each(|(part, name)| {
            let names_other = part.refers || part.rows.starts_with("DEFERRABLE");
            part.create_referring(session, &FEATURE, &table, name, &list, names_other.then_some(other))
        })
    })?;
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// Drops the triggers of one table for a reference.
pub fn drop(session: &Session, table: &str, reference: &Reference) -> Result<()> {
    let names = reference.triggers.iter().filter(|trigger| !trigger.clone).map(|trigger| trigger.name.clone());
    as_system(|| triggers::drop(session, table, names))
}

/// The reference to or from `table` that belongs to one of the other table.
pub fn counterpart(other: &Relation, table: Oid, reference: &Reference) -> Result<Option<Reference>> {
    let function = if reference.function == REFER { GUARD } else { REFER };
    let is_it = |found: &Reference| {
        found.function == function && found.arguments.name == reference.arguments.name && found.other == Some(table)
    };
    Ok(find::of(other)?.into_iter().find(is_it))
}

/// Renames the columns of the configurations, on both tables. A reference cannot do without any of its columns.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    let references = find::of(&Relation::open(table, Lock::AccessShare)?)?;
    let functions = FEATURE.oids()?;
    let mut tables: Vec<_> = references.iter().filter_map(|reference| reference.other).chain([table]).collect();
    tables.sort_by_key(|table| u32::from(*table));
    tables.dedup();
    for changed in tables.into_iter().filter(|changed| exists(*changed)) {
        let of_other: Vec<_> = find::of(&Relation::open(changed, Lock::AccessShare)?)?;
        as_system(|| {
            triggers::rearm(session, &FEATURE, changed, |trigger| {
                let mut arguments = Arguments::parse(&trigger.arguments)?;
                let is_of = |reference: &&Reference| {
                    functions[reference.function] == trigger.function && reference.arguments.name == arguments.name
                };
                let Some(reference) = of_other.iter().find(is_of) else {
                    return Ok((trigger.name.clone(), trigger.arguments.clone()));
                };
                // Which of the two tables has the columns that were renamed: both, if the table refers to itself.
                let (child, parent) = if reference.function == REFER {
                    (changed == table, reference.other == Some(table))
                } else {
                    (reference.other == Some(table), changed == table)
                };
                if child {
                    let names = arguments.columns.iter_mut().chain([&mut arguments.period]);
                    names.for_each(|column| columns::follow(column, renamed));
                }
                if parent {
                    let names = arguments.referenced_columns.iter_mut().chain([&mut arguments.referenced_period]);
                    names.for_each(|column| columns::follow(column, renamed));
                }
                Ok((trigger.name.clone(), arguments.render()))
            })
        })?;
    }
    Ok(())
}

/// The references of a table that have lost their other table, and whether the table refers to it.
pub fn lost(relation: &Relation) -> Result<Vec<Bereft>> {
    let lost = find::of(relation)?.into_iter().filter(|reference| reference.other.is_none());
    Ok(lost.map(|reference| (reference.arguments.name, reference.function == REFER)).collect())
}

/// Drops what is left of references that have lost their other table.
pub fn clear_lost(session: &Session, table: Oid) -> Result<()> {
    let (name, lost) = {
        let relation = Relation::open(table, Lock::AccessExclusive)?;
        let lost = find::of(&relation)?.into_iter().filter(|reference| reference.other.is_none());
        (relation.qualified_name(), lost.collect::<Vec<_>>())
    };
    lost.iter().try_for_each(|reference| drop(session, &name, reference))
}
