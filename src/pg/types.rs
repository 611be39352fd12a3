//! Properties of a type.

use pgrx::pg_sys;

use super::column::Column;
use super::report::{Class, Error};

/// The output function of a type: it gives the text of a value.
pub(super) fn output_function(type_id: pg_sys::Oid) -> pg_sys::Oid {
    let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: takes the oid of a type that exists and writes to the variables given.
    unsafe { pg_sys::getTypeOutputInfo(type_id, &mut function, &mut varlena) };
    function
}

/// The type itself, or the base type of a domain.
pub fn base_type(type_id: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: takes the oid of a type that exists.
    unsafe { pg_sys::getBaseType(type_id) }
}

/// Whether the type is a multirange, or a domain over a multirange.
pub fn is_multirange(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take the oid of any type.
    unsafe { pg_sys::type_is_multirange(pg_sys::getBaseType(type_id)) }
}

/// The type of the values in a range or multirange type, or a domain over one; `None` for another type.
pub fn element_of(type_id: pg_sys::Oid) -> Option<pg_sys::Oid> {
    let base = base_type(type_id);
    // SAFETY: both take any type's oid; zero for a type that is not of this kind.
    let element = unsafe {
        let range = if is_multirange(base) { pg_sys::get_multirange_range(base) } else { base };
        pg_sys::get_range_subtype(range)
    };
    (element != pg_sys::InvalidOid).then_some(element)
}

/// Whether the type is an enum.
pub fn is_enum(type_id: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid.
    unsafe { pg_sys::type_is_enum(type_id) }
}

/// A type's name, as in SQL.
pub fn type_name(type_id: pg_sys::Oid) -> String {
    // SAFETY: takes any oid and answers a palloc'd string.
    unsafe { super::text::string(pg_sys::format_type_be(type_id)) }
}

/// A type's name in SQL, independent of the search_path.
pub fn qualified_type_name(type_id: pg_sys::Oid) -> String {
    // SAFETY: takes any oid and answers a palloc'd string.
    unsafe { super::text::string(pg_sys::format_type_be_qualified(type_id)) }
}

/// A collation's name in SQL, independent of the search_path.
pub fn qualified_collation_name(collation: pg_sys::Oid) -> String {
    // SAFETY: takes any oid; the answers are palloc'd strings, or NULL if there is no such collation.
    unsafe {
        let name = pg_sys::get_collation_name(collation);
        let schema = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::COLLOID as i32, collation.into());
        if name.is_null() || schema.is_null() {
            Error::damaged("pg_collation").fail();
        }
        let form = pg_sys::GETSTRUCT(schema).cast::<pg_sys::FormData_pg_collation>();
        let schema_name = super::text::string(pg_sys::get_namespace_name((*form).collnamespace));
        pg_sys::ReleaseSysCache(schema);
        pgrx::spi::quote_qualified_identifier(schema_name, super::text::string(name))
    }
}

/// Whether the type is a range or a multirange, or a domain over one.
pub fn is_period(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take the oid of any type.
    unsafe { pg_sys::type_is_range(pg_sys::getBaseType(type_id)) || is_multirange(type_id) }
}

/// Whether the column holds a `bigint`.
pub fn is_bigint(column: &Column) -> bool {
    column.type_id == pg_sys::INT8OID
}

/// The distance between two values of a `timestamptz` column in microseconds, by its precision: `timestamptz(0)` to
/// `timestamptz(6)`.
pub fn time_unit(column: &Column) -> i64 {
    match u32::try_from(column.typmod) {
        Ok(precision @ 0..=6) => 10_i64.pow(6 - precision),
        _ => 1,
    }
}

/// The number of characters that a column of type `varchar` or `char` can hold, if it is limited.
pub fn length_max(column: &Column) -> Option<usize> {
    usize::try_from(column.typmod).ok()?.checked_sub(pg_sys::VARHDRSZ)
}

/// Whether the column holds a `uuid`.
pub fn is_uuid(column: &Column) -> bool {
    base_type(column.type_id) == pg_sys::UUIDOID
}

/// Whether the column holds a `timestamptz`.
pub fn is_timestamptz(column: &Column) -> bool {
    column.type_id == pg_sys::TIMESTAMPTZOID
}

/// A value of the type, or of the base type of a domain, that the input function reads from a text. The value lasts as
/// long as the current memory context.
pub(super) fn value_of(type_id: pg_sys::Oid, text: &str) -> Result<pg_sys::Datum, Error> {
    let text = std::ffi::CString::new(text).map_err(|_| Error::new(Class::Argument, "a text holds a NUL character"))?;
    // SAFETY: takes any type's oid; the input function belongs to the type, and raises an error if it cannot read the text.
    unsafe {
        let (mut input, mut parameter) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::getTypeInputInfo(pg_sys::getBaseType(type_id), &mut input, &mut parameter);
        Ok(pg_sys::OidInputFunctionCall(input, text.as_ptr().cast_mut(), parameter, -1))
    }
}

/// The text of a value, by its type's output function.
///
/// # Safety
/// The datum is a value, not NULL, of this type.
pub(super) unsafe fn text_of(type_id: pg_sys::Oid, datum: pg_sys::Datum) -> String {
    // SAFETY: the function is the output function of the datum's type; its answer is a NUL-terminated string.
    unsafe { super::text::string(pg_sys::OidOutputFunctionCall(output_function(type_id), datum)) }
}

/// Whether the value stands for infinity, or is not a number: `infinity`, `-infinity`, `NaN`.
///
/// # Safety
/// The datum is a value, not NULL, of this type.
pub(super) unsafe fn is_infinite(type_id: pg_sys::Oid, datum: pg_sys::Datum) -> bool {
    // SAFETY: takes the oid of any type.
    match unsafe { pg_sys::getBaseType(type_id) } {
        pg_sys::DATEOID => matches!(datum.value() as i32, i32::MIN | i32::MAX),
        pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => matches!(datum.value() as i64, i64::MIN | i64::MAX),
        pg_sys::FLOAT4OID => !f32::from_bits(datum.value() as u32).is_finite(),
        pg_sys::FLOAT8OID => !f64::from_bits(datum.value() as u64).is_finite(),
        pg_sys::NUMERICOID => {
            // SAFETY: by the contract of this function, a value of a varlena type.
            veritable_core::line::numeric::is_special(unsafe { super::datum::bytes(datum) })
        }
        _ => false,
    }
}

/// The element before a given one, in a range type over whole numbers: `None` for another range type, `Some(None)` if
/// there is no element before. Range types of users may have another order.
pub(super) fn predecessor(range: pg_sys::Oid, element: pg_sys::Datum) -> Option<Option<pg_sys::Datum>> {
    match range {
        pg_sys::INT4RANGEOID | pg_sys::DATERANGEOID => {
            Some((element.value() as i32).checked_sub(1).map(pg_sys::Datum::from))
        }
        pg_sys::INT8RANGEOID | pg_sys::TSRANGEOID | pg_sys::TSTZRANGEOID => {
            Some((element.value() as i64).checked_sub(1).map(pg_sys::Datum::from))
        }
        _ => None,
    }
}

/// Whether values of the type have few bytes: a fixed number, or as many as a numeric has.
pub fn is_short(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take the oid of a type that exists.
    unsafe { pg_sys::get_typlen(type_id) > 0 || pg_sys::getBaseType(type_id) == pg_sys::NUMERICOID }
}

/// Whether the type, or the one that the domain is over, is one of PostgreSQL's own or an enum, so that nobody replaces its
/// functions.
pub fn has_lasting_functions(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take any type's oid.
    unsafe {
        let base = pg_sys::getBaseType(type_id);
        u32::from(base) < pg_sys::FirstNormalObjectId || pg_sys::type_is_enum(base)
    }
}

/// Whether equal text of this collation has the same bytes. That is true for types without a collation.
pub fn is_deterministic(collation: pg_sys::Oid) -> bool {
    // SAFETY: takes the oid of a collation.
    collation == pg_sys::InvalidOid || unsafe { pg_sys::get_collation_isdeterministic(collation) }
}

impl Column {
    /// Whether the column orders values as a language does, but holds values equal only if their bytes are.
    pub fn has_language(&self) -> bool {
        self.collation != pg_sys::InvalidOid
            && self.collation != pg_sys::C_COLLATION_OID
            && is_deterministic(self.collation)
    }
}

/// Whether equal values of the type have the same hash in whichever database. The hash of an enum's value is that of a number
/// which each database gives anew. Types whose values name objects are in no chain.
pub fn has_lasting_hash(type_id: pg_sys::Oid) -> bool {
    let base = base_type(type_id);
    if is_enum(base) {
        return false;
    }
    // SAFETY: takes any type's oid; zero for a type that is no array.
    let member = unsafe { pg_sys::get_element_type(base) };
    if member != pg_sys::InvalidOid {
        return has_lasting_hash(member);
    }
    if let Some(element) = element_of(base) {
        return has_lasting_hash(element);
    }
    // SAFETY: takes any type's oid. The columns of a composite type can be of any types.
    !unsafe { pg_sys::type_is_rowtype(base) }
}

/// The domain that refuses NULL, if the type is one, or a domain over one. A CHECK of a domain is code, and is not asked.
pub fn not_null_domain(type_id: pg_sys::Oid) -> Option<pg_sys::Oid> {
    let mut type_id = type_id;
    while type_id != pg_sys::InvalidOid {
        // SAFETY: takes any oid. A row of pg_type is read, and released, before the next one.
        unsafe {
            let row = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::TYPEOID as i32, type_id.into());
            if row.is_null() {
                return None;
            }
            let form = pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_type>();
            let (not_null, base) = ((*form).typnotnull, (*form).typbasetype);
            pg_sys::ReleaseSysCache(row);
            if not_null {
                return Some(type_id);
            }
            type_id = base;
        }
    }
    None
}
