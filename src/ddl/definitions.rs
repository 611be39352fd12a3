//! The definitions that features depend on, at one moment. Each feature has a query, `definitions.sql` in its folder.
//! The queries read catalogs only, and call no function that uses the catalog caches: the caches know only the present.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::touched::{Functions, Touched};
use crate::pg::oid::Oid;
use crate::pg::relation::exists;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Parameter, Session};
use crate::table::feature::{self, Ddl, Feature, Kind};

/// The identity of a definition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind of the definition.
    pub kind: Kind,
    object: u32,
    number: i32,
    /// The place of the feature that depends on the definition. Of several features, the last in the list is reported first.
    feature: Reverse<usize>,
    table: u32,
}

/// The content of a definition.
pub struct Definition {
    /// The name of the definition in messages, such as `column "payload"`.
    pub name: String,
    /// All parts of the definition that matter, as text.
    pub text: String,
    /// The role of a column in the guarantee.
    pub role: Role,
    /// The name of a column.
    pub column: String,
    /// Whether existing rows have got a value with the definition, without being rewritten.
    pub filled: bool,
    /// For a column or a part of a type, the owner of the type; for a partition, the owner of the partitioned table; for a
    /// trigger, the other table that it names; for a sequence, the sequence.
    pub owner: Oid,
}

/// The role of a column in a guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The configuration names the column, and needs it.
    Named,
    /// The guarantee covers the column, which the configuration does not name.
    Covered,
    /// The configuration names the column as one that the guarantee does not cover.
    Excluded,
    /// The guarantee has nothing to do with the column, or the definition is not one of a column.
    Other,
}

impl Role {
    fn of(name: &str) -> Result<Role> {
        match name {
            "named" => Ok(Role::Named),
            "covered" => Ok(Role::Covered),
            "excluded" => Ok(Role::Excluded),
            "other" | "" => Ok(Role::Other),
            _ => Err(unknown("role", name)),
        }
    }

    /// Whether the guarantee is about the column's values.
    pub fn counts(self) -> bool {
        matches!(self, Role::Named | Role::Covered)
    }

    /// Whether the configuration names the column.
    pub fn is_in_configuration(self) -> bool {
        matches!(self, Role::Named | Role::Excluded)
    }
}

thread_local! {
    /// One statement for each feature, in list order; kept because planning takes longer than reading a few rows.
    static READ: Vec<Kept> =
        feature::all().iter().map(|listed| Kept::new(format!("{}{SHARED}", listed.ddl.definitions))).collect();
}

const SHARED: &str = include_str!("shared.sql");

/// The definitions of some tables.
pub struct Definitions(BTreeMap<Key, Definition>);

/// The kind of this name in the features' queries.
fn kind(name: &str) -> Result<Kind> {
    match name {
        "trigger" => Ok(Kind::Trigger),
        "index" => Ok(Kind::Index),
        "column" => Ok(Kind::Column),
        "place" => Ok(Kind::Place),
        "sequence" => Ok(Kind::Sequence),
        "type" => Ok(Kind::Type),
        "rows" => Ok(Kind::Rows),
        "partition" => Ok(Kind::Partition),
        "configuration" => Ok(Kind::Configuration),
        _ => Err(unknown("kind", name)),
    }
}

impl Key {
    /// The feature that depends on the definition.
    pub fn feature(&self) -> &'static Feature {
        feature::all()[self.feature.0].feature
    }

    /// The place of that feature in the list.
    pub fn feature_place(&self) -> usize {
        self.feature.0
    }

    /// The event triggers' callbacks of that feature.
    pub fn ddl(&self) -> &'static Ddl {
        feature::all()[self.feature.0].ddl
    }

    /// For a partition, the partitioned table; for an attribute, the relation of its type.
    pub fn parent(&self) -> Oid {
        Oid::from(self.object)
    }

    /// Whether the key is that of an attribute of a type that still exists.
    pub fn is_attribute_of_existing(&self) -> bool {
        self.number != 0 && exists(self.parent())
    }

    /// The key of a column that the configuration no longer names as another kind.
    pub fn as_column(&self) -> Key {
        Key { kind: Kind::Column, ..self.clone() }
    }

    /// The place of a column in its table.
    pub fn place(&self) -> Option<usize> {
        usize::try_from(self.number).ok()?.checked_sub(1)
    }

    /// The table that depends on the definition.
    pub fn table(&self) -> Oid {
        Oid::from(self.table)
    }
}

impl Definitions {
    /// Reads the definitions of the tables, without these indexes. Reads the present catalogs or, within
    /// [`crate::pg::snapshot::Mark::during`], the catalogs of that moment.
    pub fn read(session: &Session, functions: &Functions, touched: &Touched, without: &[Oid]) -> Result<Definitions> {
        let mut all = BTreeMap::new();
        for place in 0..feature::all().len() {
            let tables = touched.tables_of(place);
            if tables.is_empty() {
                continue;
            }
            let parameters: [Parameter; 3] =
                [tables.into(), functions.of(place).to_vec().into(), without.to_vec().into()];
            let found = READ.with(|read| read[place].query_as_caller(session, &parameters))?;
            for row in found.rows() {
                let (key, definition) = Definitions::row(place, &row)?;
                all.insert(key, definition);
            }
        }
        Ok(Definitions(all))
    }

    fn row(feature: usize, row: &Fetched) -> Result<(Key, Definition)> {
        let null = || unknown("row", "with a null");
        let text = |place| row.get::<String>(place).ok_or_else(null);
        let oid = |place| row.get::<Oid>(place).ok_or_else(null);
        let key = Key {
            kind: kind(&text(0)?)?,
            object: u32::from(oid(1)?),
            number: row.get(2).ok_or_else(null)?,
            feature: Reverse(feature),
            table: u32::from(oid(3)?),
        };
        let definition = Definition {
            name: text(4)?,
            text: text(5)?,
            role: Role::of(&text(6)?)?,
            column: text(7)?,
            filled: row.get(8).ok_or_else(null)?,
            owner: oid(9)?,
        };
        Ok((key, definition))
    }

    /// All definitions, in the order in which violations are reported.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter()
    }

    /// The definition with this key.
    pub fn get(&self, key: &Key) -> Option<&Definition> {
        self.0.get(key)
    }

    /// The definitions that are missing from `others`.
    pub fn but_not(&self, others: &Definitions) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter().filter(|(key, _)| !others.0.contains_key(key))
    }

    /// Leaves out all definitions of these guarantees: places of features, and tables.
    pub fn leave_out(&mut self, guarantees: &BTreeSet<(usize, u32)>) {
        self.0.retain(|key, _| !guarantees.contains(&(key.feature.0, key.table)));
    }

    /// Whether the columns of the key's table are known for the key's feature: the table has the trigger with the
    /// configuration. A restored dump can create the other triggers first.
    pub fn knows_columns_of(&self, key: &Key) -> bool {
        let is_column = |other: &Key| other.kind == Kind::Column && other.feature == key.feature;
        self.0.keys().any(|other| is_column(other) && other.table == key.table)
    }
}

/// The error of an unknown kind or feature: a guard that does not understand its input must refuse.
fn unknown(what: &str, name: &str) -> Error {
    Error::new(Class::Corrupted, format!("unexpected {what} \"{name}\" in the definitions of guarded tables")).hint(
        "The extension's library and its objects may be of different versions: see ALTER EXTENSION veritable UPDATE.",
    )
}
