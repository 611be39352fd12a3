//! Values on their way between PostgreSQL and Rust.
//!
//! A safe function returns values that Rust owns, or values with the lifetime of the memory they point into. No value
//! points into the current memory context, so that `memory::scratch` can empty a context whatever code ran in it.

use std::borrow::Cow;
use std::ffi::CStr;
use std::rc::Rc;

use pgrx::{pg_sys, varlena};

use super::report::{Class, Error};

/// A value in Rust's memory. The value's datum is valid as long as the value, or a clone of it, lives.
#[derive(Clone)]
pub(super) enum Owned {
    /// A value that PostgreSQL passes by itself.
    Direct(pg_sys::Datum),
    /// The bytes of a value that PostgreSQL passes by reference, aligned as strictly as any type demands.
    Copied(Rc<[u64]>),
}

impl Owned {
    /// A value of variable length with these contents: a `bytea`, or a `text`.
    pub(super) fn varlena(contents: &[u8]) -> Owned {
        let length = contents.len() + pg_sys::VARHDRSZ;
        if length > VARLENA_MAX {
            Error::new(Class::Limit, "value is too large").fail();
        }
        let mut words = zeros(length);
        let start = room(&mut words);
        // SAFETY: there is room for the header and, behind it, the contents.
        unsafe {
            varlena::set_varsize_4b(start.cast(), length as i32);
            start.add(pg_sys::VARHDRSZ).copy_from_nonoverlapping(contents.as_ptr(), contents.len());
        }
        Owned::Copied(words)
    }

    /// A copy of a value, detoasted.
    ///
    /// # Safety
    /// The datum is a value, not NULL, of a type with this passing and this length.
    pub(super) unsafe fn copy(datum: pg_sys::Datum, by_value: bool, length: i16) -> Owned {
        if by_value {
            return Owned::Direct(datum);
        }
        // SAFETY: by the contract of this function.
        let bytes = unsafe { whole(datum, length) };
        let mut words = zeros(bytes.len());
        // SAFETY: there is room for the bytes.
        unsafe { room(&mut words).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Owned::Copied(words)
    }

    /// The value as an argument for PostgreSQL's functions, which do not write to it.
    pub(super) fn datum(&self) -> pg_sys::Datum {
        match self {
            Owned::Direct(datum) => *datum,
            Owned::Copied(words) => pg_sys::Datum::from(words.as_ptr().cast_mut()),
        }
    }

    /// The value as the answer of a function: in the current memory context.
    pub(super) fn given_away(&self) -> pg_sys::Datum {
        match self {
            Owned::Direct(datum) => *datum,
            // SAFETY: the allocation has as many bytes as are copied.
            Owned::Copied(words) => unsafe {
                let place = pg_sys::palloc(size_of_val(&**words)).cast::<u64>();
                place.copy_from_nonoverlapping(words.as_ptr(), words.len());
                pg_sys::Datum::from(place)
            },
        }
    }
}

/// Memory for this many bytes, in one allocation.
fn zeros(length: usize) -> Rc<[u64]> {
    std::iter::repeat_n(0, length.div_ceil(8)).collect()
}

/// The first byte of a value that has no other user yet.
fn room(words: &mut Rc<[u64]>) -> *mut u8 {
    Rc::get_mut(words).map_or(std::ptr::null_mut(), |words| words.as_mut_ptr().cast())
}

/// `MaxAllocSize` of utils/memutils.h.
const VARLENA_MAX: usize = 0x3fff_ffff;

/// The bytes of a varlena value, after its header, detoasted. The bytes are in the value itself, or in the current
/// memory context if they had to be fetched or decompressed.
///
/// # Safety
/// The datum is a value, not NULL, of a varlena type. The datum and the context live as long as the answer is used.
pub(super) unsafe fn bytes<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: by the contract of this function.
    unsafe {
        let mut value = datum.cast_mut_ptr::<pg_sys::varlena>();
        if is_toasted(value) {
            value = pg_sys::pg_detoast_datum_packed(value);
        }
        varlena::varlena_to_byte_slice(value)
    }
}

/// The bytes of a varlena value as [`varlena`] gives them, but owned by Rust if they had to be fetched or decompressed.
///
/// # Safety
/// The datum is a value, not NULL, of a varlena type, and lives as long as the answer is used.
pub(super) unsafe fn contents<'a>(datum: pg_sys::Datum) -> Cow<'a, [u8]> {
    // SAFETY: by the contract of this function. The detoasted value is freed once it is copied.
    unsafe {
        if !is_toasted(datum.cast_mut_ptr()) {
            return Cow::Borrowed(bytes(datum));
        }
        let value = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        let contents = varlena::varlena_to_byte_slice(value).to_vec();
        pg_sys::pfree(value.cast());
        Cow::Owned(contents)
    }
}

/// Whether the value is stored elsewhere, or compressed.
///
/// # Safety
/// The datum is a value of a varlena type.
pub(super) unsafe fn is_toasted(value: *const pg_sys::varlena) -> bool {
    // SAFETY: by the contract of this function.
    unsafe { varlena::varatt_is_1b_e(value) || varlena::varatt_is_4b_c(value) }
}

/// A varlena value as its row holds it: with its header, maybe compressed, and a pointer if it is stored elsewhere.
///
/// # Safety
/// The datum is a value, not NULL, of a varlena type, and lives as long as the answer is used.
pub(super) unsafe fn stored<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: a value of a varlena type begins with its length.
    unsafe { std::slice::from_raw_parts(datum.cast_mut_ptr(), varlena::varsize_any(datum.cast_mut_ptr())) }
}

/// The bytes of a value that is passed by reference, a header included, detoasted.
///
/// # Safety
/// The datum is a value, not NULL, of a type that is passed by reference and has this length. The datum and the current
/// memory context live as long as the answer is used.
pub(super) unsafe fn whole<'a>(datum: pg_sys::Datum, length: i16) -> &'a [u8] {
    // SAFETY: a varlena begins with its length, and a value of length -2 is a NUL-terminated string.
    unsafe {
        match length {
            -1 => {
                let value = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
                std::slice::from_raw_parts(value.cast(), varlena::varsize_any(value))
            }
            -2 => CStr::from_ptr(datum.cast_mut_ptr()).to_bytes_with_nul(),
            length => std::slice::from_raw_parts(datum.cast_mut_ptr(), length as usize),
        }
    }
}

/// The members of an array.
///
/// # Safety
/// The datum is an array of `element`, which has this length, passing and alignment; the memory that the members point
/// to lives as long as the array, or as the current memory context.
pub(super) unsafe fn elements(
    array: pg_sys::Datum,
    element: pg_sys::Oid,
    length: i32,
    by_value: bool,
    alignment: u8,
) -> Vec<Option<pg_sys::Datum>> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: by the contract of this function; the two result arrays have `count` members.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        pg_sys::deconstruct_array(
            array,
            element,
            length,
            by_value,
            alignment as std::ffi::c_char,
            &mut values,
            &mut nulls,
            &mut count,
        );
        (0..count as usize).map(|i| (!*nulls.add(i)).then(|| *values.add(i))).collect()
    }
}

/// A value that Rust can give to SQL. The trait is for the types below alone.
pub trait ToSql: sealed::Sealed {
    #[doc(hidden)]
    fn to_sql(self) -> Given;
}

/// A value that SQL can give to Rust. The trait is for the types below alone.
pub trait FromSql: sealed::Sealed + Sized + 'static {
    #[doc(hidden)]
    fn accepts(type_id: pg_sys::Oid) -> bool;

    /// # Safety
    /// The datum is a value, not NULL, of an accepted type.
    #[doc(hidden)]
    unsafe fn from_sql(datum: pg_sys::Datum) -> Self;
}

/// A value with its type, or a NULL of that type.
pub struct Given {
    pub(super) type_id: pg_sys::Oid,
    pub(super) value: Option<Owned>,
}

/// A `jsonb`, as its text.
pub struct Jsonb(pub String);

mod sealed {
    pub trait Sealed {}
}

/// Whether values of one type are also values of the other: the number of a relation is a number.
pub(super) fn is_compatible(type_id: pg_sys::Oid, declared: pg_sys::Oid) -> bool {
    type_id == declared || type_id == pg_sys::OIDOID && declared == pg_sys::REGCLASSOID
}

macro_rules! direct {
    ($($rust:ty = $($type_id:ident)|+, $datum:ident => $read:expr;)*) => {$(
        impl sealed::Sealed for $rust {}

        impl FromSql for $rust {
            fn accepts(type_id: pg_sys::Oid) -> bool {
                matches!(type_id, $(pg_sys::$type_id)|+)
            }

            unsafe fn from_sql($datum: pg_sys::Datum) -> Self {
                $read
            }
        }
    )*};
}

direct! {
    bool = BOOLOID, datum => datum.value() as u8 != 0;
    i16 = INT2OID, datum => datum.value() as i16;
    i32 = INT4OID, datum => datum.value() as i32;
    i64 = INT8OID, datum => datum.value() as i64;
    pg_sys::Oid = OIDOID | REGCLASSOID | REGPROCOID | REGTYPEOID, datum => pg_sys::Oid::from(datum.value() as u32);
    // SAFETY: by the contract of the trait, the datum is of a varlena type.
    String = TEXTOID | VARCHAROID, datum => String::from_utf8_lossy(unsafe { bytes(datum) }).into_owned();
    // SAFETY: by the contract of the trait, the datum is a `text[]`.
    Vec<String> = TEXTARRAYOID, datum => unsafe {
        elements(datum, pg_sys::TEXTOID, -1, false, b'i')
            .into_iter()
            .map(|text| String::from_sql(text.unwrap_or_else(|| Error::damaged("an array").fail())))
            .collect()
    };
    // SAFETY: by the contract of the trait, the datum is an `oid[]`.
    Vec<pg_sys::Oid> = OIDARRAYOID, datum => unsafe {
        elements(datum, pg_sys::OIDOID, 4, true, b'i')
            .into_iter()
            .map(|oid| pg_sys::Oid::from_sql(oid.unwrap_or_else(|| Error::damaged("an array").fail())))
            .collect()
    };
}

macro_rules! given {
    ($($rust:ty = $type_id:ident, $value:ident => $give:expr;)*) => {$(
        impl ToSql for $rust {
            fn to_sql(self) -> Given {
                let $value = self;
                Given { type_id: pg_sys::$type_id, value: Some($give) }
            }
        }
    )*};
}

impl sealed::Sealed for &str {}
impl sealed::Sealed for &[u8] {}
impl sealed::Sealed for Vec<u8> {}
impl sealed::Sealed for Vec<Option<String>> {}
impl sealed::Sealed for Vec<i64> {}
impl sealed::Sealed for Vec<Vec<u8>> {}
impl sealed::Sealed for Jsonb {}
impl<T: sealed::Sealed> sealed::Sealed for Option<T> {}

given! {
    bool = BOOLOID, value => Owned::Direct(pg_sys::Datum::from(value));
    i16 = INT2OID, value => Owned::Direct(pg_sys::Datum::from(value));
    i32 = INT4OID, value => Owned::Direct(pg_sys::Datum::from(value));
    i64 = INT8OID, value => Owned::Direct(pg_sys::Datum::from(value));
    pg_sys::Oid = OIDOID, value => Owned::Direct(pg_sys::Datum::from(value));
    &str = TEXTOID, value => Owned::varlena(value.as_bytes());
    String = TEXTOID, value => Owned::varlena(value.as_bytes());
    &[u8] = BYTEAOID, value => Owned::varlena(value);
    Vec<u8> = BYTEAOID, value => Owned::varlena(&value);
    Vec<pg_sys::Oid> = OIDARRAYOID, value => array(value);
    Vec<String> = TEXTARRAYOID, value => array(value);
    Vec<i64> = INT8ARRAYOID, value => array(value);
    Vec<Vec<u8>> = BYTEAARRAYOID, value => array(value);
    Vec<Option<String>> = TEXTARRAYOID, value => array(value);
    Jsonb = JSONBOID, value => jsonb(&value.0);
}

impl<T: ToSql> ToSql for Option<T>
where
    T: TypeOf,
{
    fn to_sql(self) -> Given {
        self.map_or(Given { type_id: T::TYPE, value: None }, T::to_sql)
    }
}

/// The SQL type of a value that may be NULL.
pub trait TypeOf: sealed::Sealed {
    #[doc(hidden)]
    const TYPE: pg_sys::Oid;
}

macro_rules! type_of {
    ($($rust:ty = $type_id:ident),*) => {$(
        impl TypeOf for $rust {
            const TYPE: pg_sys::Oid = pg_sys::$type_id;
        }
    )*};
}

type_of!(
    i64 = INT8OID, String = TEXTOID, &str = TEXTOID, pg_sys::Oid = OIDOID, Jsonb = JSONBOID,
    Vec<Option<String>> = TEXTARRAYOID, Vec<String> = TEXTARRAYOID
);

fn array(members: impl pgrx::IntoDatum) -> Owned {
    match members.into_datum() {
        // SAFETY: an array is of a varlena type. This function made the array, and frees it once it is copied.
        Some(datum) => unsafe {
            let copy = Owned::copy(datum, false, -1);
            pg_sys::pfree(datum.cast_mut_ptr());
            copy
        },
        None => Error::damaged("an array").fail(),
    }
}

fn jsonb(text: &str) -> Owned {
    let Ok(text) = std::ffi::CString::new(text) else {
        Error::new(Class::Argument, "a text holds a NUL character").fail()
    };
    let input = pg_sys::Oid::from(pg_sys::F_JSONB_IN);
    // SAFETY: the function takes a NUL-terminated text, and answers a `jsonb`, which is of a varlena type.
    unsafe {
        let datum = pg_sys::OidInputFunctionCall(input, text.as_ptr().cast_mut(), pg_sys::InvalidOid, -1);
        Owned::copy(datum, false, -1)
    }
}
