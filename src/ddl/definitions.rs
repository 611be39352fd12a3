//! `veritable.definitions`: what the features depend on, as it is at one moment.

use std::collections::BTreeMap;

use pgrx::pg_sys;

use crate::pg::lock;
use crate::pg::relation::exists;
use crate::pg::report::Result;
use crate::pg::spi::{self, Fetched, Kept};

/// Who depends on a definition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// A chained table.
    Chain,
    /// A packed table.
    Packing,
    /// A table whose documents are validated.
    Validation,
}

/// What a definition is of. What is said first when several are missing comes first.
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

/// What a row of the view is about.
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
}

thread_local! {
    /// Planning it takes longer than reading a few rows.
    static READ: Kept = Kept::new(
        "SELECT feature, kind, object, number, target, name, definition, fixed FROM veritable.definitions".to_string(),
    );
}

/// The rows of the view.
pub struct Definitions(BTreeMap<Key, Definition>);

impl Feature {
    /// As the view writes it.
    pub fn of(feature: &str) -> Option<Feature> {
        match feature {
            "chain" => Some(Feature::Chain),
            "packing" => Some(Feature::Packing),
            "validation" => Some(Feature::Validation),
            _ => None,
        }
    }
}

impl Kind {
    fn of(kind: &str) -> Option<Kind> {
        match kind {
            "trigger" => Some(Kind::Trigger),
            "late trigger" => Some(Kind::LateTrigger),
            "column" => Some(Kind::Column),
            "index" => Some(Kind::Index),
            "not null" => Some(Kind::NotNull),
            "type" => Some(Kind::Type),
            "excluded column" => Some(Kind::ExcludedColumn),
            "other column" => Some(Kind::OtherColumn),
            "partition" => Some(Kind::Partition),
            _ => None,
        }
    }

    /// It may be dropped.
    pub fn may_go(self) -> bool {
        matches!(self, Kind::LateTrigger | Kind::ExcludedColumn | Kind::OtherColumn | Kind::Partition)
    }
}

impl Key {
    /// The table that depends on it.
    pub fn table(&self) -> pg_sys::Oid {
        pg_sys::Oid::from(self.table)
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
    /// As they are now.
    pub fn read() -> Result<Definitions> {
        spi::connect(|session| {
            let found = READ.with(|read| read.query(session, &[]))?;
            let definition = |row: Fetched| {
                let key = Key {
                    feature: Feature::of(&row.get::<String>(0)?)?,
                    kind: Kind::of(&row.get::<String>(1)?)?,
                    object: u32::from(row.get::<pg_sys::Oid>(2)?),
                    number: row.get(3)?,
                    table: u32::from(row.get::<pg_sys::Oid>(4)?),
                };
                Some((key, Definition { name: row.get(5)?, text: row.get(6)?, fixed: row.get(7)? }))
            };
            Ok(Definitions(found.rows().filter_map(definition).collect()))
        })
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

    /// The partitions of chains that `others` does not have, by the command that is running.
    pub fn partitions_but_not(&self, others: &Definitions) -> Vec<pg_sys::Oid> {
        let partitions = self.but_not(others).filter(|(key, _)| key.kind == Kind::Partition);
        let ours = |partition: &pg_sys::Oid| exists(*partition) && lock::is_changing(*partition);
        partitions.map(|(key, _)| key.table()).filter(ours).collect()
    }

    /// The table of the key is guarded for its feature: a column is there that the feature depends on.
    pub fn guards(&self, key: &Key) -> bool {
        let columns = |other: &Key| other.kind == Kind::Column && other.feature == key.feature;
        self.0.keys().any(|other| columns(other) && other.table == key.table)
    }
}
