//! What the features depend on of some tables, as it is at one moment: each feature says so by a query, `definitions.sql` in its
//! folder. Of the catalogs alone: no function that looks into the catalog caches is called there, since they know the present.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::touched::{Functions, Touched};
use crate::pg::oid::Oid;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Kept, Parameter, Session};
use crate::table::feature::{self, Ddl, Feature, Kind};

/// What a row is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    object: u32,
    number: i32,
    /// The place of the feature that depends on it: of several, the one that is last in the list is spoken of first.
    feature: Reverse<usize>,
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
    /// A statement for each feature, in the order of the list: planning it takes longer than reading a few rows.
    static READ: Vec<Kept> =
        feature::all().iter().map(|listed| Kept::new(format!("{}{TRIGGERS}", listed.ddl.definitions))).collect();
}

const TRIGGERS: &str = include_str!("triggers.sql");

/// The definitions of some tables.
pub struct Definitions(BTreeMap<Key, Definition>);

/// The kind of this name, as the features' queries have it.
fn kind(name: &str) -> Result<Kind> {
    match name {
        "trigger" => Ok(Kind::Trigger),
        "late trigger" => Ok(Kind::LateTrigger),
        "column" => Ok(Kind::Column),
        "index" => Ok(Kind::Index),
        "not null" => Ok(Kind::NotNull),
        "type" => Ok(Kind::Type),
        "excluded column" => Ok(Kind::ExcludedColumn),
        "other column" => Ok(Kind::OtherColumn),
        "partition" => Ok(Kind::Partition),
        "configuration" => Ok(Kind::Configuration),
        _ => Err(unknown("kind", name)),
    }
}

impl Kind {
    /// It may be dropped.
    pub fn may_go(self) -> bool {
        matches!(
            self,
            Kind::LateTrigger | Kind::ExcludedColumn | Kind::OtherColumn | Kind::Partition | Kind::Configuration
        )
    }
}

impl Key {
    /// The feature that depends on it.
    pub fn feature(&self) -> &'static Feature {
        feature::all()[self.feature.0].feature
    }

    /// What is asked of that feature.
    pub fn ddl(&self) -> &'static Ddl {
        feature::all()[self.feature.0].ddl
    }

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
    pub fn read(session: &Session, functions: &Functions, touched: &Touched, without: &[Oid]) -> Result<Definitions> {
        let mut all = BTreeMap::new();
        for place in 0..feature::all().len() {
            let tables = touched.tables_of(place);
            if tables.is_empty() {
                continue;
            }
            let parameters: [Parameter; 4] = [
                tables.into(),
                functions.of(place).to_vec().into(),
                functions.followers(place).into(),
                without.to_vec().into(),
            ];
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
        let fixed = row.get(6).ok_or_else(null)?;
        Ok((key, Definition { name: text(4)?, text: text(5)?, fixed, owner: oid(7)? }))
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
