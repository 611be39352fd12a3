//! Inheritance bypasses triggers. A parent contains its children's rows, but the parent's triggers do not fire for
//! them; a command on a parent fires no statement triggers of its children, whether partitions or not.

use super::touched::Functions;
use crate::pg::oid::Oid;
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Mark;
use crate::pg::spi::{Fetched, Kept, Session};
use crate::table::feature::{Feature, Inheritance};

thread_local! {
    /// The forbidden pairs of parent and child with one of some tables ($1), each with a function of the feature that forbids
    /// it. $2: the functions of features that allow no relatives; $3: of features that allow no children but partitions.
    static FORBIDDEN: Kept = Kept::new(
        "SELECT DISTINCT t.tgfoid, t.tgrelid = i.inhparent, i.inhrelid, i.inhparent
         FROM (SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1)
               UNION
               SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits WHERE inhparent = ANY ($1)) AS i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_trigger t ON t.tgrelid IN (i.inhrelid, i.inhparent)
         WHERE t.tgfoid = ANY ($2) OR t.tgfoid = ANY ($3) AND t.tgrelid = i.inhparent AND NOT c.relispartition"
            .to_string(),
    );
}

/// The feature that forbids the pair, whether the feature's table is the parent, the child, the parent.
type Pair = (&'static Feature, bool, Oid, Oid);

/// Refuses children of a guarded table and parents of a packed one, if one of `tables` is the parent or the child and
/// has become so since `start`. Older pairs are not this command's doing.
pub fn check(session: &Session, functions: &Functions, start: Mark, tables: &[Oid]) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let after = super::running::now().during(|| forbidden(session, functions, tables))?;
    if after.is_empty() {
        return Ok(());
    }
    let before = start.during(|| forbidden(session, functions, tables))?;
    after.iter().find(|pair| !before.iter().any(|other| is_same(pair, other))).map_or(Ok(()), |pair| Err(refusal(pair)))
}

/// Refuses a table with parents or children that its features do not allow.
pub fn refuse(session: &Session, functions: &Functions, table: Oid) -> Result<()> {
    let found = super::running::now().during(|| forbidden(session, functions, &[table]))?;
    found.first().map_or(Ok(()), |pair| Err(refusal(pair)))
}

fn is_same(one: &Pair, other: &Pair) -> bool {
    one.0.name == other.0.name && (one.1, one.2, one.3) == (other.1, other.2, other.3)
}

fn forbidden(session: &Session, functions: &Functions, tables: &[Oid]) -> Result<Vec<Pair>> {
    let no_relatives = functions.of_features(|feature| matches!(feature.inheritance, Inheritance::None(..)));
    let no_children = functions.of_features(|feature| matches!(feature.inheritance, Inheritance::NoChildren(_)));
    let parameters = [tables.to_vec().into(), no_relatives.into(), no_children.into()];
    let found = FORBIDDEN.with(|forbidden| forbidden.query_as_caller(session, &parameters))?;
    let pair = |row: Fetched| {
        let feature = functions.feature_of(row.get(0)?)?;
        Some((feature, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    found.rows().map(|row| pair(row).ok_or_else(|| Error::damaged("pg_inherits"))).collect()
}

fn refusal((feature, is_parent, child, parent): &Pair) -> Error {
    let (child, parent) = (name_of(*child), name_of(*parent));
    let (child_noun, parent_noun) =
        if *is_parent { ("table".to_string(), feature.noun()) } else { (feature.noun(), "table".to_string()) };
    let message = format!("{child_noun} \"{child}\" cannot inherit from {parent_noun} \"{parent}\"");
    let error = Error::new(Class::Unsupported, message);
    match feature.inheritance {
        Inheritance::NoChildren(detail) => {
            let error = error.hint("Use declarative partitioning.");
            if let Some(detail) = detail { error.detail(detail) } else { error }
        }
        Inheritance::None(_, of_parent) if *is_parent => error.detail(of_parent),
        Inheritance::None(of_child, _) => error.detail(of_child),
    }
}
