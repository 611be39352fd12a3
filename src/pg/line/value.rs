//! Values in a line: from a `Datum` and its form, JSON. The writers are in `veritable_core::line`.

use std::ffi::CStr;

use pgrx::{pg_sys, varlena};
use veritable_core::line;

use super::form::{Element, Form, Kind};
use crate::pg::column::attribute;
use crate::pg::datum::{bytes, elements};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::text::string;

unsafe extern "C" {
    // common/shortest_dec.h, which pgrx does not bind. They write a NUL-terminated text, at most 25 and 16 bytes.
    fn double_to_shortest_decimal_buf(value: f64, text: *mut std::ffi::c_char) -> std::ffi::c_int;
    fn float_to_shortest_decimal_buf(value: f32, text: *mut std::ffi::c_char) -> std::ffi::c_int;
}

impl Row<'_> {
    /// Writes the value at `place`, which is not NULL, as JSON.
    pub fn write(&self, place: usize, form: &Form, out: &mut Vec<u8>) -> Result<()> {
        let datum = self.typed(place, form.type_id());
        // SAFETY: the form is that of the value's type.
        unsafe { write(datum, &form.kind, out) }
    }
}

/// Writes one value as JSON.
///
/// # Safety
/// The datum is a value, not NULL, of a type that has this form, or of a domain over such a type.
pub(super) unsafe fn write(datum: pg_sys::Datum, kind: &Kind, out: &mut Vec<u8>) -> Result<()> {
    // SAFETY: by the contract of this function, where the form is one of a varlena type.
    let bytes = || unsafe { bytes(datum) };
    match kind {
        Kind::Bool => out.extend_from_slice(if datum.value() as u8 != 0 { b"true" } else { b"false" }),
        Kind::Int2 => line::number::write_integer(out, i64::from(datum.value() as i16)),
        Kind::Int4 => line::number::write_integer(out, i64::from(datum.value() as i32)),
        Kind::Int8 => line::number::write_integer(out, datum.value() as i64),
        Kind::Float4 => {
            // SAFETY: the buffer is longer than the longest text.
            float(out, |text| unsafe { float_to_shortest_decimal_buf(f32::from_bits(datum.value() as u32), text) })?
        }
        Kind::Float8 => {
            // SAFETY: the buffer is longer than the longest text.
            float(out, |text| unsafe { double_to_shortest_decimal_buf(f64::from_bits(datum.value() as u64), text) })?
        }
        Kind::Numeric => line::numeric::write(out, bytes())?,
        Kind::Text | Kind::Json => line::string::write(out, bytes())?,
        Kind::Jsonb => line::jsonb::write(out, bytes())?,
        // SAFETY: a uuid is passed by reference and has 16 bytes.
        Kind::Uuid => line::uuid::write(out, unsafe { &*datum.cast_mut_ptr::<[u8; 16]>() }),
        Kind::Byte => line::byte::write(out, datum.value() as u8)?,
        Kind::Lsn => line::lsn::write(out, datum.value() as u64)?,
        Kind::Bytea => line::bytea::write(out, bytes())?,
        Kind::Date => line::time::write_date(out, datum.value() as i32),
        Kind::Timestamp => line::time::write_timestamp(out, datum.value() as i64),
        Kind::TimestampTz => line::time::write_timestamptz(out, datum.value() as i64),
        // SAFETY: the datum is an array of such elements.
        Kind::Array(kind, element) => unsafe { array(datum, kind, element, out)? },
        // SAFETY: the datum is a composite value.
        Kind::Composite => unsafe { composite(datum, out)? },
        Kind::Output(function) => {
            // SAFETY: `function` is the output function of the datum's type; its answer is a NUL-terminated string.
            let text = unsafe { CStr::from_ptr(pg_sys::OidOutputFunctionCall(*function, datum)) };
            line::string::write(out, text.to_bytes())?;
        }
    }
    Ok(())
}

fn float(out: &mut Vec<u8>, print: impl FnOnce(*mut std::ffi::c_char) -> std::ffi::c_int) -> Result<()> {
    let mut text = [0u8; 32];
    let length = print(text.as_mut_ptr().cast()) as usize;
    Ok(line::number::write_number_text(out, &String::from_utf8_lossy(&text[..length]))?)
}

/// An array's parts.
pub(super) struct Array<'a> {
    /// The number of elements in each dimension; none for an empty array.
    pub(super) dimensions: &'a [i32],
    /// The lower bound of each dimension.
    pub(super) lower_bounds: &'a [i32],
    /// The elements, with those of the last dimension side by side.
    pub(super) values: Vec<Option<pg_sys::Datum>>,
}

impl Array<'_> {
    /// Takes the array apart. The parts point into the value, or into the current memory context.
    ///
    /// # Safety
    /// The datum is an array of such elements. The datum and the context live as long as the answer is used.
    pub(super) unsafe fn of(datum: pg_sys::Datum, element: &Element) -> Self {
        // SAFETY: by the contract of this function; the array's dimensions and then its lower bounds follow the fixed
        // part of its header.
        let (array, dimensions, lower_bounds) = unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let (bounds, count) = (array.add(1).cast::<i32>(), (*array).ndim as usize);
            let dimensions = std::slice::from_raw_parts(bounds, count);
            (pg_sys::Datum::from(array), dimensions, std::slice::from_raw_parts(bounds.add(count), count))
        };
        // SAFETY: by the contract of this function.
        let values =
            unsafe { elements(array, element.type_id, i32::from(element.length), element.by_value, element.alignment) };
        Array { dimensions, lower_bounds, values }
    }
}

/// Writes an array of arrays for several dimensions, and `[]` for none; a named array, as `veritable_core::line` says,
/// if the elements alone are ambiguous.
///
/// # Safety
/// The datum is an array of such elements.
unsafe fn array(datum: pg_sys::Datum, kind: &Kind, element: &Element, out: &mut Vec<u8>) -> Result<()> {
    // SAFETY: raises an error if no stack is left.
    unsafe { pg_sys::check_stack_depth() };
    // SAFETY: by the contract of this function.
    let array = unsafe { Array::of(datum, element) };
    let nulls: Vec<usize> = if kind.may_be_null() {
        array.values.iter().zip(1..).filter(|(value, _)| value.is_none()).map(|(_, place)| place).collect()
    } else {
        Vec::new()
    };
    let usual = array.lower_bounds.iter().all(|bound| *bound == element.lower_bound);
    let named = !usual || !nulls.is_empty() || array.dimensions.len() > 1 && kind.may_be_array();
    if named {
        line::array::begin_named(out, &nulls, array.lower_bounds, array.dimensions)?;
    }
    // SAFETY: its values are elements.
    unsafe { dimension(array.dimensions, &mut array.values.into_iter(), kind, out)? };
    if named {
        line::array::punctuate(out, b'}')?;
    }
    Ok(())
}

/// # Safety
/// The values are of a type that has this form.
unsafe fn dimension(
    dimensions: &[i32],
    values: &mut impl Iterator<Item = Option<pg_sys::Datum>>,
    kind: &Kind,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (count, inner) = dimensions.split_first().map_or((0, &[][..]), |(count, inner)| (*count, inner));
    line::array::punctuate(out, b'[')?;
    for place in 0..count as usize {
        line::array::separate(out, place)?;
        if !inner.is_empty() {
            // SAFETY: by the contract of this function.
            unsafe { dimension(inner, values, kind, out)? };
            continue;
        }
        match values.next().flatten() {
            // SAFETY: by the contract of this function.
            Some(value) => unsafe { write(value, kind, out)? },
            None => out.extend_from_slice(b"null"),
        }
    }
    Ok(line::array::punctuate(out, b']')?)
}

/// The attributes of a composite value and their values: no value for an attribute that is NULL or dropped. The values
/// point into the composite, or into the current memory context.
///
/// # Safety
/// The datum is a composite value. The datum and the context live as long as the answer is used.
pub(super) unsafe fn fields<'a>(
    datum: pg_sys::Datum,
) -> Vec<(&'a pg_sys::FormData_pg_attribute, Option<pg_sys::Datum>)> {
    // SAFETY: by the contract of this function: the header names the value's row type, whose descriptor is copied; the
    // tuple points to the detoasted datum; the arrays have a member for each attribute.
    unsafe {
        let header = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::HeapTupleHeaderData>();
        let type_of = (*header).t_choice.t_datum;
        let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(type_of.datum_typeid, type_of.datum_typmod);
        let mut tuple = pg_sys::HeapTupleData {
            t_len: varlena::varsize_any(header.cast()) as u32,
            t_data: header,
            ..Default::default()
        };
        let width = (*descriptor).natts as usize;
        let mut values = vec![pg_sys::Datum::null(); width];
        let mut nulls = vec![true; width];
        pg_sys::heap_deform_tuple(&mut tuple, descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        let field = |place| {
            let attribute = attribute(descriptor, place);
            (attribute, (!nulls[place] && !attribute.attisdropped).then(|| values[place]))
        };
        (0..width).map(field).collect()
    }
}

/// Writes an object with the attributes that are not NULL, in their order: a `null` is one in a `jsonb`.
///
/// # Safety
/// The datum is a composite value.
unsafe fn composite(datum: pg_sys::Datum, out: &mut Vec<u8>) -> Result<()> {
    // SAFETY: raises an error if no stack is left.
    unsafe { pg_sys::check_stack_depth() };
    line::array::punctuate(out, b'{')?;
    // SAFETY: by the contract of this function.
    let given = unsafe { fields(datum) }.into_iter().filter_map(|(attribute, value)| Some((attribute, value?)));
    for (place, (attribute, value)) in given.enumerate() {
        line::array::separate(out, place)?;
        // SAFETY: a name is NUL-terminated.
        line::string::write(out, unsafe { string(attribute.attname.data.as_ptr()) }.as_bytes())?;
        line::array::separate(out, 0)?;
        out.push(b':');
        let kind =
            Kind::of(attribute.atttypid).map_err(|unsupported| Error::new(Class::Unsupported, unsupported.reason()))?;
        // SAFETY: the value is of the attribute's type.
        unsafe { write(value, &kind, out)? };
    }
    Ok(line::array::punctuate(out, b'}')?)
}
