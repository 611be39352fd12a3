//! A row as separate values, and the way back to a tuple.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::answer::{Answer, CallNumber, lasting_as_call, running};
use super::column::attribute;
use super::datum::{self, Owned};
use super::equality::{Equality, ValueHash};
use super::parameter::Parameter;
use super::relation::Relation;
use super::report::{Error, Result};
use super::types;

/// The shape of a relation's rows, which outlives the open relation.
pub struct Descriptor {
    raw: pg_sys::TupleDesc,
    /// The descriptor that was copied. It is kept, so that a descriptor with the same address has the same shape.
    source: pg_sys::TupleDesc,
}

impl Descriptor {
    /// A copy of the relation's descriptor, with the values that old rows have in columns added later.
    pub fn of(relation: &Relation) -> Descriptor {
        super::memory::lasting(|| {
            let source = relation.descriptor();
            // SAFETY: the descriptor of an open relation is counted, like the descriptors that `typcache.c` keeps: no
            // resource owner knows of the count. The copy is in the context that `lasting` sets.
            unsafe {
                let raw = pg_sys::CreateTupleDescCopyConstr(source);
                (*source).tdrefcount += 1;
                Descriptor { raw, source }
            }
        })
    }

    pub(super) fn raw(&self) -> pg_sys::TupleDesc {
        self.raw
    }

    fn width(&self) -> usize {
        // SAFETY: `raw` is ours.
        unsafe { (*self.raw).natts as usize }
    }

    fn attribute(&self, place: usize) -> &pg_sys::FormData_pg_attribute {
        if place >= self.width() {
            Error::mismatch("the place of a column").fail();
        }
        // SAFETY: `raw` is ours, and has this place.
        unsafe { attribute(self.raw, place) }
    }

    /// The number of existing columns before the one at `place`: its place in what `SELECT *` gives.
    pub(super) fn number_among_existing(&self, place: usize) -> usize {
        (0..place).filter(|&before| !self.attribute(before).attisdropped).count()
    }

    /// Requires that rows of the other shape can be taken apart as rows of this shape. Otherwise it raises an error:
    /// the table has changed since the copy, or is another table.
    ///
    /// # Safety
    /// `other` is a descriptor.
    pub(super) unsafe fn require_fit(&self, other: pg_sys::TupleDesc) {
        // SAFETY: by the contract of this function, both are descriptors.
        let fits = other == self.source || unsafe { is_same_shape(self.raw, other) };
        if !fits {
            Error::mismatch("a row").fail();
        }
    }
}

/// Whether rows of the one shape can be taken apart as rows of the other.
///
/// # Safety
/// Both are descriptors.
pub(super) unsafe fn is_same_shape(one: pg_sys::TupleDesc, other: pg_sys::TupleDesc) -> bool {
    // SAFETY: by the contract of this function; each descriptor has this many attributes.
    unsafe {
        let width = (*one).natts as usize;
        let is_same = |place| {
            let (one, other) = (attribute(one, place), attribute(other, place));
            (one.atttypid, one.attlen, one.attbyval, one.attalign, one.attisdropped)
                == (other.atttypid, other.attlen, other.attbyval, other.attalign, other.attisdropped)
        };
        one == other || width == (*other).natts as usize && (0..width).all(is_same)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the copy is ours and unreferenced; we hold one count of the source, which the last holder of a count frees.
            unsafe {
                pg_sys::FreeTupleDesc(self.raw);
                (*self.source).tdrefcount -= 1;
                if (*self.source).tdrefcount == 0 {
                    pg_sys::FreeTupleDesc(self.source);
                }
            }
        }
    }
}

/// The values of a row, by the places of their columns.
#[derive(Clone)]
pub struct Row<'r> {
    descriptor: &'r Descriptor,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    /// The memory of the values that were put in.
    owned: Vec<Owned>,
    /// The call of a trigger that has this row and may return it.
    call: Option<CallNumber>,
}

impl<'r> Row<'r> {
    /// # Safety
    /// The tuple has the descriptor's shape, and lives as long as `'r`.
    pub(super) unsafe fn of_tuple(descriptor: &'r Descriptor, tuple: pg_sys::HeapTuple) -> Self {
        let mut row = Row::empty(descriptor);
        // SAFETY: by the contract of this function; both arrays have a member for each attribute.
        unsafe {
            pg_sys::heap_deform_tuple(tuple, descriptor.raw, row.values.as_mut_ptr(), row.nulls.as_mut_ptr());
        }
        row
    }

    /// A row of NULLs.
    pub fn empty(descriptor: &'r Descriptor) -> Self {
        let width = descriptor.width();
        Row {
            descriptor,
            values: vec![pg_sys::Datum::null(); width],
            nulls: vec![true; width],
            owned: Vec::new(),
            call: None,
        }
    }

    /// The values of the row in a slot. They point into the slot's memory.
    ///
    /// # Safety
    /// The slot holds a row, for as long as `'r`.
    pub(super) unsafe fn of_slot(descriptor: &'r Descriptor, slot: *mut pg_sys::TupleTableSlot) -> Self {
        let width = descriptor.width();
        // SAFETY: a slot has a descriptor; once taken apart, its arrays have a member for each attribute.
        unsafe {
            descriptor.require_fit((*slot).tts_tupleDescriptor);
            take_apart(slot, width);
            Row {
                descriptor,
                values: std::slice::from_raw_parts((*slot).tts_values, width).to_vec(),
                nulls: std::slice::from_raw_parts((*slot).tts_isnull, width).to_vec(),
                owned: Vec::new(),
                call: None,
            }
        }
    }

    /// Marks the row as one that the running trigger may return.
    pub(super) fn of_firing(self) -> Self {
        Row { call: Some(running()), ..self }
    }

    pub(super) fn type_at(&self, place: usize) -> pg_sys::Oid {
        self.descriptor.attribute(place).atttypid
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        self.descriptor
    }

    /// The value at `place`, which is not NULL and of this type, or of a domain over this type.
    pub(super) fn typed(&self, place: usize, type_id: pg_sys::Oid) -> pg_sys::Datum {
        let actual = self.type_at(place);
        if self.nulls[place] || actual != type_id && types::base_type(actual) != type_id {
            Error::mismatch("a value").fail();
        }
        self.values[place]
    }

    /// Whether the value at `place` is not distinct from the other row's value at the same place.
    pub fn is_same(&self, other: &Row, place: usize, equality: &Equality) -> bool {
        if self.nulls[place] || other.nulls[place] {
            return self.nulls[place] && other.nulls[place];
        }
        let (one, other) = (self.typed(place, equality.type_id), other.typed(place, equality.type_id));
        // SAFETY: the function compares values of this type.
        unsafe { pg_sys::FunctionCall2Coll(equality.function, equality.collation, one, other) }.value() != 0
    }

    /// The value at `place`, as a parameter for a statement.
    pub fn parameter(&self, place: usize) -> Parameter<'_> {
        let datum = (!self.nulls[place]).then(|| self.values[place]);
        // SAFETY: the value is of the type of its column, and lives as long as the row.
        unsafe { Parameter::borrowed(self.type_at(place), datum) }
    }

    /// Whether the value at `place` is NULL.
    pub fn is_null(&self, place: usize) -> bool {
        self.nulls[place]
    }

    /// The integer, or the microseconds of the `timestamptz`, at `place`.
    pub fn integer(&self, place: usize) -> Option<i64> {
        (!self.nulls[place]).then(|| self.values[place].value() as i64)
    }

    /// The relation that a `regclass` at `place` names, which need not exist.
    pub fn relation(&self, place: usize) -> Option<pg_sys::Oid> {
        (!self.nulls[place]).then(|| pg_sys::Oid::from(self.typed(place, pg_sys::REGCLASSOID).value() as u32))
    }

    /// The bytes of the value of variable length at `place`, such as a `text` or a `bytea`.
    pub fn bytes(&self, place: usize) -> Option<std::borrow::Cow<'_, [u8]>> {
        if self.nulls[place] {
            return None;
        }
        if self.descriptor.attribute(place).attlen != -1 {
            Error::mismatch("a value").fail();
        }
        // SAFETY: the value is of a varlena type and lives as long as the row. A fetched or decompressed value is copied.
        Some(unsafe { datum::contents(self.values[place]) })
    }

    /// The text of the value at `place`, by its type's output function.
    pub fn text(&self, place: usize, output: &Output) -> Option<String> {
        (!self.nulls[place]).then(|| {
            let datum = self.typed(place, output.type_id);
            // SAFETY: `output` is the output function of the value's type, and returns a NUL-terminated string.
            let text = unsafe { CStr::from_ptr(pg_sys::OidOutputFunctionCall(output.function, datum)) };
            text.to_string_lossy().into_owned()
        })
    }

    /// The hash of the value at `place`, which is not NULL.
    pub fn hash(&self, place: usize, hash: ValueHash, seed: u64) -> u64 {
        let datum = self.typed(place, hash.type_id);
        // SAFETY: the value is of the type of the hash.
        unsafe { hash.of_value(datum, seed) }
    }

    /// Appends the stored bytes of the value at `place`, which is not NULL. Equal values may be stored differently.
    pub fn append_image(&self, place: usize, image: &mut Vec<u8>) {
        if self.nulls[place] {
            Error::mismatch("a null").fail();
        }
        let (datum, attribute) = (self.values[place], self.descriptor.attribute(place));
        let bytes = match (attribute.attbyval, attribute.attlen) {
            (true, _) => {
                image.extend_from_slice(&datum.value().to_ne_bytes());
                return;
            }
            // SAFETY: a value of a varlena type.
            (false, -1) => unsafe { datum::contents(datum) },
            // SAFETY: a value of length -2 is a NUL-terminated string.
            (false, -2) => unsafe { CStr::from_ptr(datum.cast_mut_ptr()) }.to_bytes().into(),
            (false, length) => {
                // SAFETY: a value that is passed by reference has the length of its type.
                unsafe { std::slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), length as usize) }.into()
            }
        };
        image.extend_from_slice(&bytes.len().to_ne_bytes());
        image.extend_from_slice(&bytes);
    }

    pub(super) fn to_values(&self) -> (Vec<pg_sys::Datum>, Vec<bool>) {
        (self.values.clone(), self.nulls.clone())
    }

    /// Puts an integer or a `timestamptz` into the row.
    pub fn set_integer(&mut self, place: usize, integer: i64) {
        if !self.descriptor.attribute(place).attbyval {
            Error::mismatch("an integer").fail();
        }
        self.set(place, Owned::Direct(pg_sys::Datum::from(integer)));
    }

    /// Puts a `bytea`, or a text of any string type, into the row; the caller sees to the length that the column allows.
    pub fn set_bytes(&mut self, place: usize, bytes: &[u8]) {
        if !matches!(self.type_at(place), pg_sys::BYTEAOID | pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID) {
            Error::mismatch("a value").fail();
        }
        self.set(place, Owned::varlena(bytes));
    }

    /// Puts a text into the row through the input function of the column's type: no cast, and no check of a domain.
    pub fn set_text(&mut self, place: usize, text: &str) -> Result<()> {
        let attribute = self.descriptor.attribute(place);
        let datum = types::value_of(attribute.atttypid, text)?;
        // SAFETY: the value is of the column's type.
        self.set(place, unsafe { Owned::copy(datum, attribute.attbyval, attribute.attlen) });
        Ok(())
    }

    fn set(&mut self, place: usize, value: Owned) {
        self.values[place] = value.datum();
        self.nulls[place] = false;
        if matches!(value, Owned::Copied(_)) {
            self.owned.push(value);
        }
    }

    /// Puts a value into the row until the next one takes its place.
    ///
    /// # Safety
    /// The value is of the column's type, or NULL, and lives as long as anybody can read it in the row.
    pub(super) unsafe fn lend(&mut self, place: usize, value: pg_sys::Datum, is_null: bool) {
        (self.values[place], self.nulls[place]) = (value, is_null);
    }

    /// Takes over the value at a place of another row, which lasts as long as this one.
    pub fn take(&mut self, place: usize, other: &Row<'r>, other_place: usize) {
        if other.type_at(other_place) != self.type_at(place) {
            Error::mismatch("a value").fail();
        }
        (self.values[place], self.nulls[place]) = (other.values[other_place], other.nulls[other_place]);
    }

    /// The position in `places` of the first value that differs from the other row's value. Values are compared as
    /// stored.
    pub fn first_difference(&self, other: &Row, places: &[usize]) -> Option<usize> {
        places.iter().position(|&place| !self.is_identical(place, other, place))
    }

    /// Whether the value at a place is stored as the value at a place of another row.
    pub fn is_identical(&self, place: usize, other: &Row, other_place: usize) -> bool {
        if self.nulls[place] || other.nulls[other_place] {
            return self.nulls[place] == other.nulls[other_place];
        }
        let attribute = self.descriptor.attribute(place);
        if other.type_at(other_place) != attribute.atttypid {
            Error::mismatch("a value").fail();
        }
        let (one, other) = (self.values[place], other.values[other_place]);
        // An update copies the values that it leaves alone from the old row, maybe as a pointer to where they are stored.
        // SAFETY: both values are of a varlena type.
        let is_stored_alike = attribute.attlen == -1 && unsafe { datum::stored(one) == datum::stored(other) };
        // SAFETY: both values are of the attribute's type.
        is_stored_alike
            || unsafe {
                pg_sys::ffi::pg_guard_ffi_boundary(|| {
                    datum_image_eq(one, other, attribute.attbyval, attribute.attlen.into())
                })
            }
    }

    /// The row as the answer of the trigger that received it.
    pub fn into_answer(mut self) -> Answer {
        let Some(call) = self.call else { Error::mismatch("a row that no trigger has").fail() };
        // SAFETY: the arrays have a value or a NULL for each attribute of the descriptor.
        let tuple = lasting_as_call(|| unsafe {
            pg_sys::heap_form_tuple(self.descriptor.raw, self.values.as_mut_ptr(), self.nulls.as_mut_ptr())
        });
        Answer::made(pg_sys::Datum::from(tuple), call)
    }
}

/// Takes the first `count` columns of a slot's row apart, as `slot_getsomeattrs` does in C: a slot may have them
/// already, and an access method may know no other way.
///
/// # Safety
/// The slot holds a row that has this many columns.
pub(super) unsafe fn take_apart(slot: *mut pg_sys::TupleTableSlot, count: usize) {
    // SAFETY: by the contract of this function.
    unsafe {
        if ((*slot).tts_nvalid as usize) < count {
            pg_sys::slot_getsomeattrs_int(slot, count as i32);
        }
    }
}

unsafe extern "C-unwind" {
    // utils/datum.h, which pgrx does not bind. Detoasts, so it may raise an error.
    fn datum_image_eq(one: pg_sys::Datum, other: pg_sys::Datum, by_value: bool, length: std::ffi::c_int) -> bool;
}

/// The output function of a column's type.
#[derive(Clone, Copy)]
pub struct Output {
    type_id: pg_sys::Oid,
    function: pg_sys::Oid,
}

impl Output {
    /// The output function of the type.
    pub fn of(type_id: pg_sys::Oid) -> Output {
        Output { type_id, function: types::output_function(type_id) }
    }
}
