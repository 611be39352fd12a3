//! The forms in which a line holds the values of a type.

use pgrx::pg_sys;

use crate::pg::column::attribute;
use crate::pg::types::{output_function, type_name};

/// The JSON form of a type's values (chain format 1).
#[derive(Clone, Debug)]
pub struct Form {
    type_id: pg_sys::Oid,
    pub(super) kind: Kind,
}

/// The kinds of forms. The code writes the hot types directly. Every other type is its output text as a JSON string,
/// like core's `to_json` for a type without a rule.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `true` or `false`
    Bool,
    /// a JSON number
    Int2,
    /// a JSON number
    Int4,
    /// a JSON number
    Int8,
    /// a JSON number, or a string for NaN and the infinities
    Float4,
    /// a JSON number, or a string for NaN and the infinities
    Float8,
    /// a JSON number, or a string for NaN and the infinities
    Numeric,
    /// text, varchar, char(n)
    Text,
    /// its exact text as a JSON string, so that a line has no newline
    Json,
    /// its own text
    Jsonb,
    /// a string
    Uuid,
    /// a string: the byte, or an octal number
    Byte,
    /// a string: two hexadecimal numbers
    Lsn,
    /// a string, `\x` and hexadecimal digits
    Bytea,
    /// a string, ISO 8601
    Date,
    /// a string, ISO 8601
    Timestamp,
    /// a string, ISO 8601 at UTC
    TimestampTz,
    /// a JSON array, in an object with its bounds if the elements alone are ambiguous
    Array(Box<Kind>, Element),
    /// a JSON object of the attributes that are not NULL
    Composite,
    /// its output text as a string
    Output(pg_sys::Oid),
}

/// The elements of an array type, as they are stored.
#[derive(Clone, Debug)]
pub struct Element {
    pub(super) type_id: pg_sys::Oid,
    pub(super) length: i16,
    pub(super) by_value: bool,
    pub(super) alignment: u8,
    /// The usual lower bound of a dimension.
    pub(super) lower_bound: i32,
}

/// Types whose text depends on the locale or on the catalogs, so that the text may change while the value does not.
const UNSTABLE: [pg_sys::Oid; 13] = [
    pg_sys::MONEYOID,
    pg_sys::ACLITEMOID,
    pg_sys::REGPROCOID,
    pg_sys::REGPROCEDUREOID,
    pg_sys::REGOPEROID,
    pg_sys::REGOPERATOROID,
    pg_sys::REGCLASSOID,
    pg_sys::REGTYPEOID,
    pg_sys::REGROLEOID,
    pg_sys::REGNAMESPACEOID,
    pg_sys::REGCONFIGOID,
    pg_sys::REGDICTIONARYOID,
    pg_sys::REGCOLLATIONOID,
];

/// The refusal of a type that a line cannot hold.
#[derive(Debug)]
pub struct Unsupported {
    type_name: String,
    /// What its text depends on.
    on: &'static str,
}

impl Form {
    /// The form of a type, if a line can hold it.
    pub fn of(type_id: pg_sys::Oid) -> Result<Form, Unsupported> {
        Ok(Form { type_id, kind: Kind::of(type_id)? })
    }

    pub(super) fn type_id(&self) -> pg_sys::Oid {
        self.type_id
    }

    /// Whether writing the form calls an output function, whose answer may depend on settings.
    pub fn reads_settings(&self) -> bool {
        self.kind.reads_settings()
    }
}

impl Kind {
    /// The kind of a type's form, if a line can hold it.
    pub(super) fn of(type_id: pg_sys::Oid) -> Result<Kind, Unsupported> {
        // SAFETY: takes the oid of any type.
        let base = unsafe { pg_sys::getBaseType(type_id) };
        Ok(match base {
            pg_sys::BOOLOID => Kind::Bool,
            pg_sys::INT2OID => Kind::Int2,
            pg_sys::INT4OID => Kind::Int4,
            pg_sys::INT8OID => Kind::Int8,
            pg_sys::FLOAT4OID => Kind::Float4,
            pg_sys::FLOAT8OID => Kind::Float8,
            pg_sys::NUMERICOID => Kind::Numeric,
            pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID => Kind::Text,
            pg_sys::JSONOID => Kind::Json,
            pg_sys::JSONBOID => Kind::Jsonb,
            pg_sys::UUIDOID => Kind::Uuid,
            pg_sys::CHAROID => Kind::Byte,
            pg_sys::PG_LSNOID => Kind::Lsn,
            pg_sys::BYTEAOID => Kind::Bytea,
            pg_sys::DATEOID => Kind::Date,
            pg_sys::TIMESTAMPOID => Kind::Timestamp,
            pg_sys::TIMESTAMPTZOID => Kind::TimestampTz,
            unstable if UNSTABLE.contains(&unstable) => {
                return Err(Unsupported {
                    type_name: type_name(unstable),
                    on: "the locale or on the system catalogs, and so may change while the value does not",
                });
            }
            other => Kind::of_structure(other)?,
        })
    }

    fn of_structure(type_id: pg_sys::Oid) -> Result<Kind, Unsupported> {
        // SAFETY: all take the oid of a type that exists and write to the variables given.
        unsafe {
            if let Some(element) = Element::of(type_id) {
                return Ok(Kind::Array(Box::new(Kind::of(element.type_id)?), element));
            }
            if pg_sys::type_is_rowtype(type_id) {
                let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(type_id, -1);
                for place in 0..(*descriptor).natts as usize {
                    let attribute = attribute(descriptor, place);
                    if !attribute.attisdropped {
                        Kind::of(attribute.atttypid)?;
                    }
                }
                return Ok(Kind::Composite);
            }
            let ranged = match pg_sys::get_typtype(type_id) as u8 {
                pg_sys::TYPTYPE_MULTIRANGE => pg_sys::get_range_subtype(pg_sys::get_multirange_range(type_id)),
                pg_sys::TYPTYPE_RANGE => pg_sys::get_range_subtype(type_id),
                _ => pg_sys::InvalidOid,
            };
            if ranged != pg_sys::InvalidOid {
                Kind::of(ranged)?;
                if has_bytes(ranged) {
                    return Err(Unsupported { type_name: type_name(type_id), on: "the version of PostgreSQL" });
                }
            }
        }
        Ok(Kind::Output(output_function(type_id)))
    }

    /// Whether a value may be a JSON array, so that its brackets look like those of an array around it.
    pub(super) fn may_be_array(&self) -> bool {
        matches!(self, Kind::Jsonb | Kind::Array(..))
    }

    /// Whether a value that is not NULL may be `null`.
    pub(super) fn may_be_null(&self) -> bool {
        matches!(self, Kind::Jsonb)
    }

    /// Whether writing calls an output function, whose answer may depend on settings.
    pub(super) fn reads_settings(&self) -> bool {
        match self {
            Kind::Output(_) | Kind::Composite => true,
            Kind::Array(kind, _) => kind.reads_settings(),
            _ => false,
        }
    }
}

/// Whether the text of a type, written by its output function, may hold that of a `"char"`, which other versions of
/// PostgreSQL write differently. A line writes its own, but not within the text of a range.
fn has_bytes(type_id: pg_sys::Oid) -> bool {
    // SAFETY: raises an error if no stack is left; the other functions take the oid of any type, and answer zero if there
    // is no such part; a row type has a descriptor.
    unsafe {
        pg_sys::check_stack_depth();
        let base = pg_sys::getBaseType(type_id);
        let (element, range) = (pg_sys::get_element_type(base), pg_sys::get_multirange_range(base));
        let bound = pg_sys::get_range_subtype(if range == pg_sys::InvalidOid { base } else { range });
        let mut parts = vec![element, bound];
        if pg_sys::get_typ_typrelid(base) != pg_sys::InvalidOid {
            let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(base, -1);
            let attributes = (0..(*descriptor).natts as usize).map(|place| attribute(descriptor, place));
            parts.extend(attributes.filter(|attribute| !attribute.attisdropped).map(|attribute| attribute.atttypid));
        }
        base == pg_sys::CHAROID || parts.into_iter().any(|part| part != pg_sys::InvalidOid && has_bytes(part))
    }
}

impl Element {
    /// The elements of an array type; none for another type.
    pub(super) fn of(array: pg_sys::Oid) -> Option<Element> {
        // SAFETY: both take the oid of a type that exists and write to the variables given.
        unsafe {
            let type_id = pg_sys::get_element_type(array);
            if type_id == pg_sys::InvalidOid {
                return None;
            }
            let (mut length, mut by_value, mut alignment) = (0, false, 0);
            pg_sys::get_typlenbyvalalign(type_id, &mut length, &mut by_value, &mut alignment);
            let lower_bound = if matches!(array, pg_sys::INT2VECTOROID | pg_sys::OIDVECTOROID) { 0 } else { 1 };
            Some(Element { type_id, length, by_value, alignment: alignment as u8, lower_bound })
        }
    }
}

impl Unsupported {
    /// The reason, as a sentence.
    pub fn reason(&self) -> String {
        format!("The text of type {} depends on {}.", self.type_name, self.on)
    }
}
