//! The definitions that features depend on, at one moment. Each feature has a query, `definitions.sql` in its folder.
//! The queries read catalogs only, and call no function that uses the catalog caches: the caches know only the present.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::touched::{Functions, Touched};
use crate::pg::oid::Oid;
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
    /// Whether the definition must not be added to a table that already has the feature.
    pub fixed: bool,
    /// For a part of a type, the owner of the type; for a partition, the owner of the partitioned table.
    pub owner: Oid,
}

thread_local! {
    /// One statement for each feature, in list order; kept because planning takes longer than reading a few rows.
    static READ: Vec<Kept> =
        feature::all().iter().map(|listed| Kept::new(format!("{}{TRIGGERS}", listed.ddl.definitions))).collect();
}

const TRIGGERS: &str = include_str!("triggers.sql");

/// The definitions of some tables.
pub struct Definitions(BTreeMap<Key, Definition>);

/// The kind of this name in the features' queries.
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
    /// Whether a definition of this kind may be dropped.
    pub fn may_go(self) -> bool {
        matches!(
            self,
            Kind::LateTrigger | Kind::ExcludedColumn | Kind::OtherColumn | Kind::Partition | Kind::Configuration
        )
    }
}

impl Key {
    /// The feature that depends on the definition.
    pub fn feature(&self) -> &'static Feature {
        feature::all()[self.feature.0].feature
    }

    /// The event triggers' callbacks of that feature.
    pub fn ddl(&self) -> &'static Ddl {
        feature::all()[self.feature.0].ddl
    }

    /// For a partition, the partitioned table; for an attribute, the relation of its type.
    pub fn parent(&self) -> Oid {
        Oid::from(self.object)
    }

    /// Whether the key is that of the column at this place.
    pub fn is_column(&self, place: usize) -> bool {
        self.object == self.table && usize::try_from(self.number).is_ok_and(|number| number == place + 1)
    }

    /// The table that depends on the definition.
    pub fn table(&self) -> Oid {
        Oid::from(self.table)
    }

    /// The kind of key that a renamed column has: features know columns by their names.
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
    /// Reads the definitions of the tables, without these indexes. Reads the present catalogs or, within
    /// [`crate::pg::snapshot::Mark::during`], the catalogs of that moment.
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

    /// All definitions, in the order in which violations are reported.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter()
    }

    /// The definition with this key.
    pub fn get(&self, key: &Key) -> Option<&Definition> {
        self.0.get(key)
    }

    /// Whether the column with this key exists under another name.
    pub fn has_renamed(&self, key: &Key) -> bool {
        key.renamed().is_some_and(|renamed| self.0.contains_key(&renamed))
    }

    /// The definitions that are missing from `others`.
    pub fn but_not(&self, others: &Definitions) -> impl Iterator<Item = (&Key, &Definition)> {
        self.0.iter().filter(|(key, _)| !others.0.contains_key(key))
    }

    /// Whether the key's table is guarded for the key's feature: a column exists that the feature depends on.
    pub fn guards(&self, key: &Key) -> bool {
        let columns = |other: &Key| other.kind == Kind::Column && other.feature == key.feature;
        self.0.keys().any(|other| columns(other) && other.table == key.table)
    }
}

/// The error of an unknown kind or feature: a guard that does not understand its input must refuse.
fn unknown(what: &str, name: &str) -> Error {
    Error::new(Class::Corrupted, format!("unexpected {what} \"{name}\" in the definitions of guarded tables")).hint(
        "The extension's library and its objects may be of different versions: see ALTER EXTENSION veritable UPDATE.",
    )
}
