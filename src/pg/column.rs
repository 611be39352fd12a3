//! The columns of a relation.

use pgrx::pg_sys;

use super::relation::Relation;
use super::text::string;

/// An existing column: one that has not been dropped.
#[derive(Clone, Debug)]
pub struct Column {
    /// The column's place in a row, counted from zero.
    pub place: usize,
    /// The column's name.
    pub name: String,
    /// The column's type.
    pub type_id: pg_sys::Oid,
    /// The type modifier, such as a precision; -1 for none.
    pub typmod: i32,
    /// The column's collation, or none.
    pub collation: pg_sys::Oid,
    /// Whether the column is declared NOT NULL.
    pub not_null: bool,
    /// Whether the column is `GENERATED ALWAYS AS (…)`: computed after BEFORE triggers.
    pub generated: bool,
    /// Whether the column is generated when it is read, so that rows hold no value of it.
    pub is_virtual: bool,
    /// Whether the column has a default.
    pub has_default: bool,
    /// Whether the column is an identity column.
    pub identity: bool,
}

impl Relation {
    /// The relation's columns, in the order of the table.
    pub fn columns(&self) -> Vec<Column> {
        (0..self.width())
            // SAFETY: the descriptor of an open relation has this many attributes.
            .map(|place| (place, unsafe { attribute(self.descriptor(), place) }))
            .filter(|(_, attribute)| !attribute.attisdropped)
            .map(|(place, attribute)| Column {
                place,
                // SAFETY: a name is NUL-terminated.
                name: unsafe { string(attribute.attname.data.as_ptr()) },
                type_id: attribute.atttypid,
                typmod: attribute.atttypmod,
                collation: attribute.attcollation,
                not_null: attribute.attnotnull,
                generated: attribute.attgenerated != 0,
                is_virtual: attribute.attgenerated as u8 == b'v',
                has_default: attribute.atthasdef && attribute.attgenerated == 0,
                identity: attribute.attidentity != 0,
            })
            .collect()
    }

    /// The wanted name for a row in SQL, or a similar name that no column has, because SQL would prefer the column.
    pub fn alias(&self, wanted: &str) -> String {
        let columns = self.columns();
        let mut alias = wanted.to_string();
        while columns.iter().any(|column| column.name == alias) {
            alias.push('_');
        }
        alias
    }
}

/// One attribute of a descriptor.
///
/// # Safety
/// The descriptor has this place, and lives as long as the answer is used.
pub(super) unsafe fn attribute<'a>(descriptor: pg_sys::TupleDesc, place: usize) -> &'a pg_sys::FormData_pg_attribute {
    // SAFETY: by the contract of this function. From PostgreSQL 18 on, the attributes lie behind the compact ones.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17"))]
        return &*(*descriptor).attrs.as_ptr().add(place);
        #[cfg(feature = "pg18")]
        {
            let compact = (*descriptor).compact_attrs.as_ptr();
            let attributes = compact.add((*descriptor).natts as usize).cast::<pg_sys::FormData_pg_attribute>();
            &*attributes.add(place)
        }
    }
}
