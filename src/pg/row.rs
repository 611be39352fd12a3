//! A row taken apart, and put together again.

use std::ffi::CStr;
use std::marker::PhantomData;

use pgrx::{pg_sys, varlena};
use veritable_core::chain::LinkHash;

use super::function::Answer;
use super::relation::Relation;
use super::report::Result;
use super::spi::Parameter;
use super::types::{Equality, Form, ValueHash};
use super::value;

/// The shape of a relation's rows, kept longer than the relation is open.
pub struct Descriptor {
    raw: pg_sys::TupleDesc,
}

impl Descriptor {
    /// A copy of the relation's, with the values that columns added later have in old rows.
    pub fn of(relation: &Relation) -> Descriptor {
        super::memory::lasting(|| {
            // SAFETY: the descriptor of an open relation; the copy is in the context that `lasting` sets.
            Descriptor { raw: unsafe { pg_sys::CreateTupleDescCopyConstr(relation.descriptor()) } }
        })
    }

    pub(super) fn raw(&self) -> pg_sys::TupleDesc {
        self.raw
    }

    fn width(&self) -> usize {
        // SAFETY: `raw` is ours.
        unsafe { (*self.raw).natts as usize }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: ours, and nothing refers to it.
            unsafe { pg_sys::FreeTupleDesc(self.raw) };
        }
    }
}

/// A composite value that a function was given.
pub struct Composite<'call> {
    header: pg_sys::HeapTupleHeader,
    marker: PhantomData<&'call ()>,
}

impl<'call> Composite<'call> {
    pub(super) fn from_datum(datum: pg_sys::Datum) -> Self {
        // SAFETY: declared `record`, so it is a composite value.
        let header = unsafe { pg_sys::pg_detoast_datum(datum.cast_mut_ptr()) }.cast();
        Composite { header, marker: PhantomData }
    }

    /// The oid of its row type; `record` where it has no name.
    pub fn row_type(&self) -> pg_sys::Oid {
        // SAFETY: a composite value has this header.
        unsafe { (*self.header).t_choice.t_datum.datum_typeid }
    }

    /// The whole of it, as a parameter for a statement.
    pub fn parameter(&self) -> Parameter<'call> {
        Parameter::of_type(self.row_type(), Some(pg_sys::Datum::from(self.header)))
    }

    /// Takes it apart. `descriptor` is that of its row type.
    pub fn row<'d>(&self, descriptor: &'d Descriptor) -> Row<'d> {
        let mut tuple = pg_sys::HeapTupleData {
            // SAFETY: the header begins with the length.
            t_len: unsafe { varlena::varsize_any(self.header.cast()) } as u32,
            t_data: self.header,
            ..Default::default()
        };
        Row::of_tuple(descriptor, &mut tuple)
    }
}

/// The values of a row, by the places of their columns.
#[derive(Clone)]
pub struct Row<'d> {
    descriptor: &'d Descriptor,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl<'d> Row<'d> {
    pub(super) fn of_tuple(descriptor: &'d Descriptor, tuple: pg_sys::HeapTuple) -> Self {
        let width = descriptor.width();
        let mut row = Row { descriptor, values: vec![pg_sys::Datum::null(); width], nulls: vec![true; width] };
        // SAFETY: the tuple is of the descriptor's type; both arrays have a member for each attribute.
        unsafe {
            pg_sys::heap_deform_tuple(tuple, descriptor.raw, row.values.as_mut_ptr(), row.nulls.as_mut_ptr());
        }
        row
    }

    /// The values of the row in a slot, whose shape is the descriptor's. They point to where it is held.
    pub(super) fn of_slot(descriptor: &'d Descriptor, slot: *mut pg_sys::TupleTableSlot) -> Self {
        let width = descriptor.width();
        // SAFETY: the slot holds a row; once taken apart, its arrays have a member for each attribute.
        unsafe {
            pg_sys::slot_getsomeattrs_int(slot, width as i32);
            Row {
                descriptor,
                values: std::slice::from_raw_parts((*slot).tts_values, width).to_vec(),
                nulls: std::slice::from_raw_parts((*slot).tts_isnull, width).to_vec(),
            }
        }
    }

    /// The value at `place` is not distinct from the one that `other` has at the same place.
    pub fn is_same(&self, other: &Row, place: usize, equality: &Equality) -> bool {
        if self.nulls[place] || other.nulls[place] {
            return self.nulls[place] && other.nulls[place];
        }
        // SAFETY: the function compares values of the column's type.
        unsafe {
            pg_sys::FunctionCall2Coll(equality.function, equality.collation, self.values[place], other.values[place])
        }
        .value()
            != 0
    }

    /// The value at `place` is NULL.
    pub fn is_null(&self, place: usize) -> bool {
        self.nulls[place]
    }

    /// Writes the value at `place`, which is not NULL, as JSON.
    pub fn write(&self, place: usize, form: &Form, out: &mut Vec<u8>) -> Result<()> {
        value::write(self.values[place], form, out)
    }

    /// The `bigint`, or the microseconds of the `timestamptz`, at `place`.
    pub fn integer(&self, place: usize) -> Option<i64> {
        (!self.nulls[place]).then(|| self.values[place].value() as i64)
    }

    /// The bytes of the `text` or `bytea` at `place`.
    pub fn bytes(&self, place: usize) -> Option<&[u8]> {
        (!self.nulls[place]).then(|| value::bytes(self.values[place]))
    }

    /// The text of the value at `place`, by its type's output function.
    pub fn text(&self, place: usize, output: &Output) -> Option<String> {
        (!self.nulls[place]).then(|| {
            // SAFETY: `output` is the output function of the column's type.
            let text = unsafe { CStr::from_ptr(pg_sys::OidOutputFunctionCall(output.0, self.values[place])) };
            text.to_string_lossy().into_owned()
        })
    }

    /// The hash of the value at `place`, which is not NULL.
    pub fn hash(&self, place: usize, hash: ValueHash, seed: u64) -> u64 {
        // SAFETY: the function hashes values of the column's type.
        unsafe {
            pg_sys::FunctionCall2Coll(
                hash.function,
                hash.collation,
                self.values[place],
                pg_sys::Datum::from(seed as i64),
            )
        }
        .value() as u64
    }

    /// Appends the value at `place`, which is not NULL, as it is stored. Values that are equal may be stored otherwise.
    pub fn append_image(&self, place: usize, image: &mut Vec<u8>) {
        let (datum, attribute) = (self.values[place], super::relation::attribute(self.descriptor.raw, place));
        let bytes = match (attribute.attbyval, attribute.attlen) {
            (true, _) => {
                image.extend_from_slice(&datum.value().to_ne_bytes());
                return;
            }
            (false, -1) => value::bytes(datum),
            // SAFETY: a value of this length is passed by reference; one of length -2 is a NUL-terminated string.
            (false, -2) => unsafe { CStr::from_ptr(datum.cast_mut_ptr()) }.to_bytes(),
            // SAFETY: as above.
            (false, length) => unsafe { std::slice::from_raw_parts(datum.cast_mut_ptr(), length as usize) },
        };
        image.extend_from_slice(&bytes.len().to_ne_bytes());
        image.extend_from_slice(bytes);
    }

    pub(super) fn to_values(&self) -> (Vec<pg_sys::Datum>, Vec<bool>) {
        (self.values.clone(), self.nulls.clone())
    }

    pub(super) fn datum(&self, place: usize) -> pg_sys::Datum {
        self.values[place]
    }

    /// Puts a `bigint` or a `timestamptz` in.
    pub fn set_integer(&mut self, place: usize, integer: i64) {
        self.set(place, pg_sys::Datum::from(integer));
    }

    /// Puts a `bytea` or a `text` in.
    pub fn set_bytes(&mut self, place: usize, bytes: &[u8]) {
        let datum = pgrx::IntoDatum::into_datum(bytes).unwrap_or(pg_sys::Datum::null());
        self.set(place, datum);
    }

    fn set(&mut self, place: usize, datum: pg_sys::Datum) {
        self.values[place] = datum;
        self.nulls[place] = false;
    }

    /// The first of `places` whose value differs from `other`'s, by its position among them. Values are compared as
    /// stored.
    pub fn first_difference(&self, other: &Row, places: &[usize]) -> Option<usize> {
        places.iter().position(|&place| {
            if self.nulls[place] || other.nulls[place] {
                return self.nulls[place] != other.nulls[place];
            }
            let attribute = super::relation::attribute(self.descriptor.raw, place);
            // What an update leaves alone it has from the old row, maybe as a pointer to where it is stored.
            if attribute.attlen == -1 && value::stored(self.values[place]) == value::stored(other.values[place]) {
                return false;
            }
            // SAFETY: both values are of the attribute's type.
            !unsafe {
                pg_sys::ffi::pg_guard_ffi_boundary(|| {
                    datum_image_eq(self.values[place], other.values[place], attribute.attbyval, attribute.attlen.into())
                })
            }
        })
    }

    /// The row as a trigger returns it.
    pub fn into_answer(mut self) -> Answer {
        // SAFETY: a value or a NULL for each attribute of the descriptor.
        let tuple =
            unsafe { pg_sys::heap_form_tuple(self.descriptor.raw, self.values.as_mut_ptr(), self.nulls.as_mut_ptr()) };
        Answer::datum(pg_sys::Datum::from(tuple))
    }
}

unsafe extern "C-unwind" {
    // utils/datum.h, which pgrx does not bind. Detoasts, so it may raise an error.
    fn datum_image_eq(one: pg_sys::Datum, other: pg_sys::Datum, by_value: bool, length: std::ffi::c_int) -> bool;
}

/// The output function of a column's type.
#[derive(Clone, Copy)]
pub struct Output(pg_sys::Oid);

impl Output {
    /// The output function of the type.
    pub fn of(type_id: pg_sys::Oid) -> Output {
        Output(super::types::output_function(type_id))
    }
}

/// How a column stores a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// 32 bytes of `bytea`
    Binary,
    /// 64 lower-case hexadecimal digits of `text`
    Hexadecimal,
}

impl HashForm {
    /// The form that a column of this type has, if it can hold a hash.
    pub fn of(type_id: pg_sys::Oid) -> Option<HashForm> {
        match type_id {
            pg_sys::BYTEAOID => Some(HashForm::Binary),
            pg_sys::TEXTOID => Some(HashForm::Hexadecimal),
            _ => None,
        }
    }

    /// The hash in a stored value, if it is one.
    pub fn read(self, bytes: &[u8]) -> Option<LinkHash> {
        match self {
            HashForm::Binary => LinkHash::from_bytes(bytes),
            HashForm::Hexadecimal => LinkHash::from_hex(bytes),
        }
    }
}
