//! Types: how a value of each is written into a line, and how an entity's values are hashed.

use pgrx::pg_sys;

use super::column::{Column, attribute};
use super::report::{Class, Error};

/// How a value of a type is written as JSON (chain format 1).
#[derive(Clone, Debug)]
pub struct Form {
    type_id: pg_sys::Oid,
    pub(super) kind: Kind,
}

/// The kinds of forms. The hot types are written directly; every other type
/// is its output text as a JSON string, as core's `to_json` does for types that it has no rule for.
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
    /// a string, `\x` and hexadecimal digits
    Bytea,
    /// a string, ISO 8601
    Date,
    /// a string, ISO 8601
    Timestamp,
    /// a string, ISO 8601 at UTC
    TimestampTz,
    /// a JSON array, in an object with its bounds where the elements leave a doubt
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
    /// Where a dimension begins unless a value says otherwise.
    pub(super) lower_bound: i32,
}

/// Types whose text depends on the locale or on the catalogs, so that it may change while the value does not.
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

/// A type that a line cannot hold.
#[derive(Debug)]
pub struct Unsupported(pub String);

impl Form {
    /// The form of a type, if a line can hold it.
    pub fn of(type_id: pg_sys::Oid) -> Result<Form, Unsupported> {
        Ok(Form { type_id, kind: Kind::of(type_id)? })
    }

    pub(super) fn type_id(&self) -> pg_sys::Oid {
        self.type_id
    }

    /// Writing the form calls an output function, whose answer may depend on settings.
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
            pg_sys::BYTEAOID => Kind::Bytea,
            pg_sys::DATEOID => Kind::Date,
            pg_sys::TIMESTAMPOID => Kind::Timestamp,
            pg_sys::TIMESTAMPTZOID => Kind::TimestampTz,
            unstable if UNSTABLE.contains(&unstable) => return Err(Unsupported(type_name(unstable))),
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
            }
        }
        Ok(Kind::Output(output_function(type_id)))
    }

    /// A value may be a JSON array, so that the brackets of an array of them are not told from its own.
    pub(super) fn may_be_array(&self) -> bool {
        matches!(self, Kind::Jsonb | Kind::Array(..))
    }

    /// A value that is not NULL may be `null`.
    pub(super) fn may_be_null(&self) -> bool {
        matches!(self, Kind::Jsonb)
    }

    /// Writing calls an output function, whose answer may depend on settings.
    pub(super) fn reads_settings(&self) -> bool {
        match self {
            Kind::Output(_) | Kind::Composite => true,
            Kind::Array(kind, _) => kind.reads_settings(),
            _ => false,
        }
    }
}

impl Element {
    /// The elements of a type, if it is an array type.
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

/// The function that gives the text of a type's values.
pub(super) fn output_function(type_id: pg_sys::Oid) -> pg_sys::Oid {
    let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: takes the oid of a type that exists and writes to the variables given.
    unsafe { pg_sys::getTypeOutputInfo(type_id, &mut function, &mut varlena) };
    function
}

/// The type itself, or the one that it is a domain over.
pub fn base_type(type_id: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: takes the oid of a type that exists.
    unsafe { pg_sys::getBaseType(type_id) }
}

/// It is a multirange, or a domain over one.
pub fn is_multirange(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take the oid of any type.
    unsafe { pg_sys::type_is_multirange(pg_sys::getBaseType(type_id)) }
}

/// It is an enum.
pub fn is_enum(type_id: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid.
    unsafe { pg_sys::type_is_enum(type_id) }
}

/// A type's name, as in SQL.
pub fn type_name(type_id: pg_sys::Oid) -> String {
    // SAFETY: takes any oid and answers a palloc'd string.
    unsafe { super::text::string(pg_sys::format_type_be(type_id)) }
}

/// The hash function of a column's type: values that the type holds equal hash alike.
#[derive(Clone, Copy)]
pub struct ValueHash {
    pub(super) type_id: pg_sys::Oid,
    pub(super) function: *mut pg_sys::FmgrInfo,
    pub(super) collation: pg_sys::Oid,
}

impl ValueHash {
    /// The column's hash function, if its type has one.
    pub fn of(column: &Column) -> Option<ValueHash> {
        // SAFETY: an entry of the type cache lives as long as the backend, at the same address.
        unsafe {
            let flags = pg_sys::TYPECACHE_HASH_EXTENDED_PROC_FINFO | pg_sys::TYPECACHE_EQ_OPR;
            let entry = pg_sys::lookup_type_cache(column.type_id, flags as i32);
            let function = &raw mut (*entry).hash_extended_proc_finfo;
            ((*function).fn_oid != pg_sys::InvalidOid).then_some(ValueHash {
                type_id: column.type_id,
                function,
                collation: column.collation,
            })
        }
    }
}

impl Unsupported {
    /// Why, as a sentence.
    pub fn reason(&self) -> String {
        format!(
            "The text of type {} depends on the locale or on the system catalogs, and so may change while the value does not.",
            self.0
        )
    }
}

/// The column holds a `bigint`.
pub fn is_bigint(column: &Column) -> bool {
    column.type_id == pg_sys::INT8OID
}

/// How many microseconds the values of a `timestamptz` column are apart: by its precision, `timestamptz(0)` to
/// `timestamptz(6)`.
pub fn time_unit(column: &Column) -> i64 {
    match u32::try_from(column.typmod) {
        Ok(precision @ 0..=6) => 10_i64.pow(6 - precision),
        _ => 1,
    }
}

/// The column holds a `timestamptz`.
pub fn is_timestamptz(column: &Column) -> bool {
    column.type_id == pg_sys::TIMESTAMPTZOID
}

/// The operator holds the same values equal as the column's type does by default: it calls the same function.
pub(super) fn is_equality_of(operator: pg_sys::Oid, column: &Column) -> bool {
    // SAFETY: take the oids of any type and of any operator.
    unsafe {
        let default = (*pg_sys::lookup_type_cache(column.type_id, pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr;
        operator == default || pg_sys::get_opcode(operator) == pg_sys::get_opcode(default)
    }
}

/// An operator in SQL, whatever the search_path.
pub fn operator_sql(operator: pg_sys::Oid) -> String {
    // SAFETY: an operator that exists has a name; `format_operator_qualified` writes `schema.=(type,type)`.
    let text = unsafe { super::text::string(pg_sys::format_operator_qualified(operator)) };
    format!("OPERATOR({})", text.rsplit_once('(').map_or(text.as_str(), |(name, _)| name))
}

/// A value of the type, or of the one below it where it is a domain, read from a text by the input function. It lasts as
/// long as the current memory context.
pub(super) fn value_of(type_id: pg_sys::Oid, text: &str) -> Result<pg_sys::Datum, Error> {
    let text = std::ffi::CString::new(text).map_err(|_| Error::new(Class::Argument, "a text holds a NUL character"))?;
    // SAFETY: takes any type's oid; the input function is that of the type, and raises an error where it cannot read.
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

/// The value stands for infinity, or is no number: `infinity`, `-infinity`, `NaN`.
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

/// The element before a given one, of a range type whose elements are whole numbers: `None` where they are not,
/// `Some(None)` where there is none before. Range types of users may have another order.
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

/// How values of a column are compared for equality: by its type's default B-tree operator, under its collation.
#[derive(Clone, Copy)]
pub struct Equality {
    pub(super) type_id: pg_sys::Oid,
    /// A function of the type cache, whose entries live as long as the backend, at the same address.
    pub(super) function: *mut pg_sys::FmgrInfo,
    pub(super) collation: pg_sys::Oid,
    operator: pg_sys::Oid,
}

impl Equality {
    /// The column's equality, if its type has one and an order beside it.
    pub fn of(column: &Column) -> Option<Equality> {
        // SAFETY: takes any type's oid.
        unsafe {
            let flags = pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_EQ_OPR_FINFO | pg_sys::TYPECACHE_LT_OPR;
            let entry = pg_sys::lookup_type_cache(column.type_id, flags as i32);
            let function = &raw mut (*entry).eq_opr_finfo;
            ((*function).fn_oid != pg_sys::InvalidOid && (*entry).lt_opr != pg_sys::InvalidOid).then_some(Equality {
                type_id: column.type_id,
                function,
                collation: column.collation,
                operator: (*entry).eq_opr,
            })
        }
    }

    /// Its operator, as the strategy of the default GiST operator class of the column's type, if that has it.
    pub fn gist_strategy(&self, column: &Column) -> Option<i32> {
        gist_strategy(column, self.operator)
    }

    /// A GiST index of the column can refuse values that differ.
    pub fn has_gist_unequal(&self, column: &Column) -> bool {
        gist_strategy(column, self.negator()).is_some()
    }

    /// Its operator.
    pub fn operator(&self) -> pg_sys::Oid {
        self.operator
    }

    /// The operator that says the opposite.
    pub fn negator(&self) -> pg_sys::Oid {
        // SAFETY: takes any operator's oid; zero says that there is none.
        unsafe { pg_sys::get_negator(self.operator) }
    }

    /// Its operator in SQL, whatever the search_path.
    pub fn sql(&self) -> String {
        operator_sql(self.operator)
    }

    /// What turns a value of the column into one of the operator's type, in SQL, where need be. In an extension's schema
    /// others may have made operators of the same name, which PostgreSQL would prefer for a domain, say. In its own
    /// schema nobody makes any.
    pub fn cast_of(&self, column: &Column) -> String {
        let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        // SAFETY: the operator exists; the variables are written. The name is a palloc'd string.
        unsafe {
            pg_sys::op_input_types(self.operator, &mut left, &mut right);
            if left == column.type_id || u32::from(self.operator) < pg_sys::FirstNormalObjectId {
                return String::new();
            }
            format!("::{}", super::text::string(pg_sys::format_type_be_qualified(left)))
        }
    }
}

fn gist_strategy(column: &Column, operator: pg_sys::Oid) -> Option<i32> {
    // SAFETY: all take any oids; zero says that there is none.
    unsafe {
        let class = pg_sys::GetDefaultOpClass(column.type_id, pg_sys::GIST_AM_OID);
        if class == pg_sys::InvalidOid || operator == pg_sys::InvalidOid {
            return None;
        }
        let strategy = pg_sys::get_op_opfamily_strategy(operator, pg_sys::get_opclass_family(class));
        (strategy != 0).then_some(strategy)
    }
}

/// Values of the type have few bytes: a fixed number, or those of a number.
pub fn is_short(type_id: pg_sys::Oid) -> bool {
    // SAFETY: both take the oid of a type that exists.
    unsafe { pg_sys::get_typlen(type_id) > 0 || pg_sys::getBaseType(type_id) == pg_sys::NUMERICOID }
}

/// Equal text of this collation is the same bytes. So it is for types that have no collation.
pub fn is_deterministic(collation: pg_sys::Oid) -> bool {
    // SAFETY: takes the oid of a collation.
    collation == pg_sys::InvalidOid || unsafe { pg_sys::get_collation_isdeterministic(collation) }
}
