//! A validation's configuration resolved against a relation: column places.

use super::arguments::{Arguments, Named, Unknown};
use crate::pg::column::Column;
use crate::pg::oid::types;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Output, Row};
use crate::pg::types::{base_type, is_enum};
use crate::table::columns::Columns;

/// The places of a validation's columns in the rows of one relation.
pub struct Layout {
    /// The descriptor of the rows.
    pub descriptor: Descriptor,
    /// The place of the document.
    pub document: usize,
    /// The treatment of a document whose schema is not registered.
    pub unknown: Unknown,
    named: NameSource,
    version: Option<VersionColumn>,
    /// The places of all columns that a verdict depends on.
    places: Vec<usize>,
}

enum NameSource {
    Text(usize),
    /// `char(n)`: trailing spaces do not count.
    Padded(usize),
    Other(usize, Output),
    Fixed(String),
}

struct VersionColumn {
    place: usize,
    max: i64,
}

impl Layout {
    /// Resolves `arguments` against a relation.
    pub fn of(relation: &Relation, arguments: &Arguments) -> Result<Layout> {
        let columns = Columns::of(relation);
        let find = |name: &str| columns.find_stored(name, "be part of a validation", "document is validated");
        let document = find(&arguments.document)?;
        if base_type(document.type_id) != types::JSONB {
            let error = columns.wrong_type(&document.name, "jsonb");
            let json = base_type(document.type_id) == types::JSON;
            return Err(error.hint(if json {
                "Use jsonb, or a CHECK with json_matches_schema()."
            } else {
                "Use jsonb."
            }));
        }
        let named = match &arguments.named {
            Named::As(name) => NameSource::Fixed(name.clone()),
            Named::By(name) => {
                let column = find(name)?;
                match base_type(column.type_id) {
                    types::TEXT | types::VARCHAR => NameSource::Text(column.place),
                    types::BPCHAR => NameSource::Padded(column.place),
                    other if other == types::NAME || is_enum(other) => {
                        NameSource::Other(column.place, Output::of(other))
                    }
                    _ => return Err(columns.wrong_type(name, "text, varchar, name or an enum")),
                }
            }
        };
        let version = arguments.version.as_deref().map(|name| VersionColumn::of(&columns, find(name)?)).transpose()?;
        let places = [Some(document.place), named.place(), version.as_ref().map(|version| version.place)];
        Ok(Layout {
            descriptor: Descriptor::of(relation),
            document: document.place,
            unknown: arguments.unknown,
            places: places.into_iter().flatten().collect(),
            named,
            version,
        })
    }

    /// The schema name for a row's document.
    pub fn name(&self, row: &Row) -> Option<String> {
        match &self.named {
            NameSource::Text(place) => row.bytes(*place).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            NameSource::Padded(place) => {
                row.bytes(*place).map(|bytes| String::from_utf8_lossy(&bytes).trim_end_matches(' ').to_string())
            }
            NameSource::Other(place, output) => row.text(*place, output),
            NameSource::Fixed(name) => Some(name.clone()),
        }
    }

    /// The schema name for a document, from the text of the column that names it.
    pub fn name_of(&self, text: Option<String>) -> Option<String> {
        match &self.named {
            NameSource::Text(_) | NameSource::Other(..) => text,
            NameSource::Padded(_) => text.map(|text| text.trim_end_matches(' ').to_string()),
            NameSource::Fixed(name) => Some(name.clone()),
        }
    }

    /// Whether columns of the row choose the schema of its document.
    pub fn is_by_row(&self) -> bool {
        self.named.place().is_some() || self.version.is_some()
    }

    /// The version that a row names.
    pub fn version(&self, row: &Row) -> Option<i64> {
        self.version.as_ref().and_then(|version| row.integer(version.place))
    }

    /// Sets the row's version if its column is null, and returns whether the row has changed.
    pub fn set_version(&self, row: &mut Row, version: i64) -> Result<bool> {
        match &self.version {
            Some(column) if row.is_null(column.place) => {
                if version > column.max {
                    return Err(Error::new(Class::Limit, format!("version {version} is out of range of its column")));
                }
                row.set_integer(column.place, version);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether the two rows agree in all columns that a verdict depends on.
    pub fn is_same(&self, one: &Row, other: &Row) -> bool {
        one.first_difference(other, &self.places).is_none()
    }
}

impl NameSource {
    fn place(&self) -> Option<usize> {
        match self {
            NameSource::Text(place) | NameSource::Padded(place) | NameSource::Other(place, _) => Some(*place),
            NameSource::Fixed(_) => None,
        }
    }
}

impl VersionColumn {
    fn of(columns: &Columns, column: &Column) -> Result<VersionColumn> {
        let max = match base_type(column.type_id) {
            types::INT2 => i64::from(i16::MAX),
            types::INT4 => i64::from(i32::MAX),
            types::INT8 => i64::MAX,
            _ => return Err(columns.wrong_type(&column.name, "bigint, integer or smallint")),
        };
        Ok(VersionColumn { place: column.place, max })
    }
}
