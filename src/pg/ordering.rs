//! The default order of a type: that of its default B-tree operator class, by which indexes and `ORDER BY` sort.

use pgrx::pg_sys;

use super::equality::operator_sql;

/// The default order of a type, or of the base type of a domain.
pub struct Ordering {
    /// The operator family of the default B-tree operator class.
    pub family: pg_sys::Oid,
    /// The operator for equality, in SQL.
    pub equal: String,
    /// The operator for lesser or equal values, in SQL.
    pub not_greater: String,
}

impl Ordering {
    /// The order of a type; `None` if it has none.
    pub fn of(type_id: pg_sys::Oid) -> Option<Ordering> {
        // SAFETY: takes the oid of a type that exists; an entry of the type cache lives as long as the backend.
        let (family, input) = unsafe {
            let entry = pg_sys::lookup_type_cache(type_id, pg_sys::TYPECACHE_BTREE_OPFAMILY as i32);
            ((*entry).btree_opf, (*entry).btree_opintype)
        };
        let operator = |strategy: u32| {
            // SAFETY: takes any oids; zero if the family has no such operator.
            let operator = unsafe { pg_sys::get_opfamily_member(family, input, input, strategy as i16) };
            (operator != pg_sys::InvalidOid).then(|| operator_sql(operator))
        };
        Some(Ordering {
            family,
            equal: operator(pg_sys::BTEqualStrategyNumber)?,
            not_greater: operator(pg_sys::BTLessEqualStrategyNumber)?,
        })
    }
}

/// Whether the default of an argument of the type can be infinity, after all other values: a date or a timestamp.
pub fn has_infinity(type_id: pg_sys::Oid) -> bool {
    // SAFETY: takes the oid of a type that exists.
    let base = unsafe { pg_sys::getBaseType(type_id) };
    matches!(base, pg_sys::DATEOID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID)
}

/// Whether PostgreSQL prefers the type for literals without a type.
pub fn is_of_string_category(type_id: pg_sys::Oid) -> bool {
    let (mut category, mut preferred) = (0, false);
    // SAFETY: takes the oid of a type that exists, and writes to the variables given.
    unsafe { pg_sys::get_type_category_preferred(pg_sys::getBaseType(type_id), &mut category, &mut preferred) };
    category as u8 == pg_sys::TYPCATEGORY_STRING
}
