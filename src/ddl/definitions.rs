//! What the features depend on of some tables, as it is at one moment: `definitions.sql`.

use std::collections::BTreeMap;

use super::touched::Functions;
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Parameter, Session};

/// The feature that depends on a definition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// A chained table.
    Chain,
    /// A packed table.
    Packing,
    /// A table whose documents are validated.
    Validation,
}

/// What a definition is of, in the order in which violations are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A trigger of the feature.
    Trigger,
    /// Another trigger, which fires after the one that seals or validates.
    LateTrigger,
    /// A column that the feature depends on.
    Column,
    /// The index by which rows are found.
    Index,
    /// A column's being NOT NULL.
    NotNull,
    /// A part of the type of a column.
    Type,
    /// A column that a chain leaves out, by its name. It may go.
    ExcludedColumn,
    /// A column that a packing does not compare, or that a validation does not read. It may come and go.
    OtherColumn,
    /// A partition of a chain. They may come and go.
    Partition,
}

/// What a row is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    object: u32,
    number: i32,
    /// Who depends on it.
    pub feature: Feature,
    table: u32,
}

/// The rest of the row.
pub struct Definition {
    /// As messages say it, such as `column "payload"`.
    pub name: String,
    /// All of it that matters.
    pub text: String,
    /// It may not come new to a table that is chained already.
    pub fixed: bool,
    /// Of a part of a type, the owner of the type; of a partition, the owner of the table that it is a partition of.
    pub owner: Oid,
}

thread_local! {
    /// Planning it takes longer than reading a few rows.
    static READ: Kept = Kept::new(include_str!("definitions.sql").to_string());
}

/// The definitions of some tables.
pub struct Definitions(BTreeMap<Key, Definition>);

impl Feature {
    /// As statements of ours write it.
    pub fn of(feature: &str) -> Result<Feature> {
        match feature {
            "chain" => Ok(Feature::Chain),
            "packing" => Ok(Feature::Packing),
            "validation" => Ok(Feature::Validation),
            _ => Err(unknown("feature", feature)),
        }
    }
}

impl Kind {
    fn of(kind: &str) -> Result<Kind> {
        match kind {
            "trigger" => Ok(Kind::Trigger),
            "late trigger" => Ok(Kind::LateTrigger),
            "column" => Ok(Kind::Column),
            "index" => Ok(Kind::Index),
            "not null" => Ok(Kind::NotNull),
            "type" => Ok(Kind::Type),
            "excluded column" => Ok(Kind::ExcludedColumn),
            "other column" => Ok(Kind::OtherColumn),
            "partition" => Ok(Kind::Partition),
            _ => Err(unknown("kind", kind)),
        }
    }

    /// It may be dropped.
    pub fn may_go(self) -> bool {
        matches!(self, Kind::LateTrigger | Kind::ExcludedColumn | Kind::OtherColumn | Kind::Partition)
    }
}

impl Key {
    /// Of a partition, the table that it is a partition of; of an attribute, the relation of its type.
    pub fn parent(&self) -> Oid {
        Oid::from(self.object)
    }

    /// Of a column, that it is the one at this place.
    pub fn is_column(&self, place: usize) -> bool {
        self.object == self.table && usize::try_from(self.number).is_ok_and(|number| number == place + 1)
    }

    /// The table that depends on it.
    pub fn table(&self) -> Oid {
        Oid::from(self.table)
    }

    /// What a column is counted as when its name is not what it was: features know columns by their names.
    fn renamed(&self) -> Option<Key> {
        let kind = match self.kind {
            Kind::Column => Kind::OtherColumn,
            Kind::ExcludedColumn => Kind::Column,
            _ => return None,
        };
        Some(Key { kind, ..self.clone() })
    }
}

impl Definitions {
    /// Those of the tables, leaving out these indexes: as they are now, or, within
    /// [`crate::pg::snapshot::Mark::during`], as they were.
    pub fn read(session: &Session, functions: &Functions, tables: &[Oid], without: &[Oid]) -> Result<Definitions> {
        let tables = Parameter::from(tables.to_vec());
        let [seal, guard, pack, pack_early, validate] = functions.parameters();
        let parameters = [tables, seal, guard, pack, pack_early, validate, without.to_vec().into()];
        let found = READ.with(|read| read.query_as_caller(session, &parameters))?;
        found.rows().map(Definitions::row).collect::<Result<_>>().map(Definitions)
    }

    fn row(row: Fetched) -> Result<(Key, Definition)> {
        let text = |place| row.get::<String>(place).ok_or_else(|| unknown("row", "with a null"));
        let oid = |place| row.get::<Oid>(place).ok_or_else(|| unknown("row", "with a null"));
        let key = Key {
            feature: Feature::of(&text(0)?)?,
            kind: Kind::of(&text(1)?)?,
            object: u32::from(oid(2)?),
            number: row.get(3).ok_or_else(|| unknown("row", "with a null"))?,
            table: u32::from(oid(4)?),
        };
        let fixed = row.get(7).ok_or_else(|| unknown("row", "with a null"))?;
        Ok((key, Definition { name: text(5)?, text: text(6)?, fixed, owner: oid(8)? }))
    }

    /// All of them, in the order in which they are spoken of.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter()
    }

    /// The one with this key.
    pub fn get(&self, key: &Key) -> Option<&Definition> {
        self.0.get(key)
    }

    /// The column with this key is here, but by another name.
    pub fn has_renamed(&self, key: &Key) -> bool {
        key.renamed().is_some_and(|renamed| self.0.contains_key(&renamed))
    }

    /// Those that `others` does not have.
    pub fn but_not(&self, others: &Definitions) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter().filter(|(key, _)| !others.0.contains_key(key))
    }

    /// The table of the key is guarded for its feature: a column is there that the feature depends on.
    pub fn guards(&self, key: &Key) -> bool {
        let columns = |other: &Key| other.kind == Kind::Column && other.feature == key.feature;
        self.0.keys().any(|other| columns(other) && other.table == key.table)
    }
}

/// What this version does not know is not passed over: a guard that does not understand what it reads refuses.
fn unknown(what: &str, name: &str) -> Error {
    Error::new(Class::Corrupted, format!("unexpected {what} \"{name}\" in the definitions of guarded tables")).hint(
        "The extension's library and its objects may be of different versions: see ALTER EXTENSION veritable UPDATE.",
    )
}
