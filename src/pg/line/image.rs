//! Images of values: from a type and a value, JSON that is equal exactly if the values are equal by their type's
//! default B-tree equality. `veritable_period::image` describes the format, and why the format is frozen.

use pgrx::pg_sys;
use veritable_core::line;
use veritable_period::image::{List, PREFIX_LENGTH_MAX, write_bounded, write_interval, write_null};

use super::form::{Element, Kind};
use super::value::{self, Array, fields};
use crate::pg::column::attribute;
use crate::pg::datum::bytes;
use crate::pg::equality::equal_have_same_bytes;
use crate::pg::function::Call;
use crate::pg::report::{Class, Error, Result};
use crate::pg::types::{is_deterministic, output_function, type_name};

unsafe extern "C-unwind" {
    // utils/multirangetypes.h, which pgrx does not bind.
    fn multirange_deserialize(
        range: *mut pg_sys::TypeCacheEntry,
        multirange: *const pg_sys::varlena,
        count: *mut i32,
        ranges: *mut *mut *mut pg_sys::RangeType,
    );
}

/// The form of the image of a type's values.
#[derive(Clone, Debug)]
pub struct Image {
    type_id: pg_sys::Oid,
    form: ImageForm,
}

#[derive(Clone, Debug)]
enum ImageForm {
    /// as in a line
    Line(Kind),
    /// as in a line, but one zero for both
    Float4,
    /// as in a line, but one zero for both
    Float8,
    /// a JSON number without trailing zeros, or a string for NaN and the infinities
    Numeric,
    /// a string without the blanks at its end
    Padded,
    /// a string, days and time
    Interval,
    /// an array with its text
    Jsonb,
    /// a number
    Oid,
    /// a number
    Byte,
    /// a JSON array, in an object with its bounds unless they are the usual ones
    Array(Box<ImageForm>, Element),
    /// a JSON array
    Composite(Attributes),
    /// a JSON array, or a string for the empty range; the image is that of the bounds, the oid that of the range type
    Range(Box<ImageForm>, pg_sys::Oid),
    /// a JSON array of range images
    Multirange(Box<ImageForm>, pg_sys::Oid),
}

/// The attributes of a composite type at one time.
#[derive(Clone, Debug)]
struct Attributes {
    type_id: pg_sys::Oid,
    version: u64,
    /// The image of each attribute; none for a dropped attribute.
    images: Vec<Option<ImageForm>>,
}

/// The reason why a type has no image.
#[derive(Clone, Debug)]
pub struct Unsupported {
    type_name: String,
    reason: &'static str,
}

impl Unsupported {
    /// The reason, as a sentence.
    pub fn reason(&self) -> String {
        format!("Type {} {}.", self.type_name, self.reason)
    }
}

impl Image {
    /// The image of values of a type that are compared under `collation`, if the type has one.
    pub fn of(type_id: pg_sys::Oid, collation: pg_sys::Oid) -> std::result::Result<Image, Unsupported> {
        Ok(Image { type_id, form: ImageForm::of(type_id, collation)? })
    }

    /// Whether writing the image may call a function whose answer depends on settings.
    pub fn reads_settings(&self) -> bool {
        self.form.reads_settings()
    }

    /// Writes the image of the argument at `position`, which is of this type; NULL has an image, too. The caller has
    /// read the call's `argument_types`.
    pub fn write_argument(&self, call: &Call, position: usize, out: &mut Vec<u8>) -> Result<()> {
        let datum = call.argument_of(position, self.type_id);
        // SAFETY: the argument is of the type that has this image.
        unsafe { self.form.write(datum, out) }
    }
}

impl ImageForm {
    /// The image of values of a type that are compared under `collation`, if the type has one.
    fn of(type_id: pg_sys::Oid, collation: pg_sys::Oid) -> std::result::Result<ImageForm, Unsupported> {
        // SAFETY: raises an error if no stack is left; the other functions take the oid of any type, and of any operator.
        let (base, equality) = unsafe {
            pg_sys::check_stack_depth();
            let base = pg_sys::getBaseType(type_id);
            let entry = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_EQ_OPR as i32);
            (base, pg_sys::get_opcode((*entry).eq_opr))
        };
        let unsupported = |reason| Err(Unsupported { type_name: type_name(type_id), reason });
        // The equality operator of the values decides how to write them, whatever the name of their type.
        Ok(match u32::from(equality) {
            pg_sys::F_FLOAT4EQ => ImageForm::Float4,
            pg_sys::F_FLOAT8EQ => ImageForm::Float8,
            pg_sys::F_NUMERIC_EQ => ImageForm::Numeric,
            pg_sys::F_INTERVAL_EQ => ImageForm::Interval,
            pg_sys::F_JSONB_EQ => ImageForm::Jsonb,
            pg_sys::F_OIDEQ => ImageForm::Oid,
            pg_sys::F_CHAREQ => ImageForm::Byte,
            pg_sys::F_CASH_EQ | pg_sys::F_PG_LSN_EQ => ImageForm::Line(Kind::Int8),
            pg_sys::F_ARRAY_EQ => match Element::of(base) {
                Some(element) => ImageForm::Array(Box::new(ImageForm::of(element.type_id, collation)?), element),
                None => return unsupported("has elements whose type is not known beforehand"),
            },
            pg_sys::F_RECORD_EQ if base == pg_sys::RECORDOID => {
                return unsupported("has attributes that are not known beforehand");
            }
            pg_sys::F_RECORD_EQ => ImageForm::Composite(Attributes::of(base)?),
            pg_sys::F_RANGE_EQ => ImageForm::Range(Box::new(image_of_bounds(base)?), base),
            pg_sys::F_MULTIRANGE_EQ => {
                // SAFETY: takes the oid of a multirange type.
                let range = unsafe { pg_sys::get_multirange_range(base) };
                ImageForm::Multirange(Box::new(image_of_bounds(range)?), range)
            }
            _ if !is_deterministic(collation) => {
                return unsupported("is compared under a collation that may hold different texts equal");
            }
            pg_sys::F_BPCHAREQ => ImageForm::Padded,
            // A literal without a type yet is a text.
            _ if base == pg_sys::UNKNOWNOID => ImageForm::Line(Kind::Output(output_function(base))),
            0 => return unsupported("has no equality"),
            _ if !equal_have_same_bytes(base, collation) => {
                return unsupported("may hold values equal whose texts differ");
            }
            _ => match Kind::of(base) {
                Ok(kind) => ImageForm::Line(kind),
                Err(_) => return unsupported("has a text that may change while the value does not"),
            },
        })
    }

    /// Whether writing the image may call a function whose answer depends on settings.
    fn reads_settings(&self) -> bool {
        match self {
            ImageForm::Line(form) => form.reads_settings(),
            // An attribute that is added later may call one.
            ImageForm::Composite(_) => true,
            ImageForm::Array(image, _) | ImageForm::Range(image, _) | ImageForm::Multirange(image, _) => {
                image.reads_settings()
            }
            _ => false,
        }
    }

    /// Writes the image of a value; `None` is NULL.
    ///
    /// # Safety
    /// The datum is of a type that has an image with this form.
    unsafe fn write(&self, datum: Option<pg_sys::Datum>, out: &mut Vec<u8>) -> Result<()> {
        let Some(datum) = datum else {
            write_null(out);
            return Ok(());
        };
        // SAFETY: by the contract of this function, the value is of a varlena type where this code reads its bytes.
        let bytes = || unsafe { bytes(datum) };
        match self {
            // SAFETY: by the contract of this function.
            ImageForm::Line(kind) => unsafe { value::write(datum, kind, out)? },
            ImageForm::Float4 => {
                let is_zero = f32::from_bits(datum.value() as u32) == 0.0;
                let datum = if is_zero { pg_sys::Datum::from(0_usize) } else { datum };
                // SAFETY: a number of this type.
                unsafe { value::write(datum, &Kind::Float4, out)? };
            }
            ImageForm::Float8 => {
                let is_zero = f64::from_bits(datum.value() as u64) == 0.0;
                let datum = if is_zero { pg_sys::Datum::from(0_usize) } else { datum };
                // SAFETY: a number of this type.
                unsafe { value::write(datum, &Kind::Float8, out)? };
            }
            ImageForm::Numeric => line::numeric::write_normal(out, bytes())?,
            ImageForm::Padded => line::string::write(out, without_blanks(bytes()))?,
            ImageForm::Interval => {
                // SAFETY: an interval is a pointer to such a structure.
                let interval = unsafe { &*datum.cast_mut_ptr::<pg_sys::Interval>() };
                write_interval(out, interval.month, interval.day, interval.time)?;
            }
            ImageForm::Jsonb => {
                let mut list = List::begin(out)?;
                line::jsonb::write_normal(list.value()?, bytes())?;
                list.end()?;
            }
            ImageForm::Oid => line::number::write_integer(out, i64::from(datum.value() as u32)),
            ImageForm::Byte => line::number::write_integer(out, i64::from(datum.value() as u8)),
            // SAFETY: an array of such elements.
            ImageForm::Array(image, element) => unsafe { write_array(datum, image, element, out)? },
            // SAFETY: a composite value.
            ImageForm::Composite(attributes) => unsafe { attributes.write(datum, out)? },
            // SAFETY: a value of this range type.
            ImageForm::Range(image, range) => unsafe { write_range(datum, image, *range, out)? },
            // SAFETY: a multirange over this range type.
            ImageForm::Multirange(image, range) => unsafe { write_multirange(datum, image, *range, out)? },
        }
        Ok(())
    }
}

impl From<Unsupported> for Error {
    fn from(unsupported: Unsupported) -> Error {
        let message = format!("values of type {} have no comparable text", unsupported.type_name);
        Error::new(Class::Unsupported, message)
            .detail(unsupported.reason())
            .hint("Leave columns of such a type out of the value of a packing: drop_packing(), then add_packing(…, exclude => …).")
    }
}

/// The number of bytes, among the first `PREFIX_LENGTH_MAX` of a text, that make whole characters.
pub fn clip(text: &[u8]) -> usize {
    let length = text.len().min(i32::MAX as usize);
    // SAFETY: reads no more than the text, except the end of a character that the limit cuts off.
    let clipped = unsafe { pg_sys::pg_mbcliplen(text.as_ptr().cast(), length as i32, PREFIX_LENGTH_MAX as i32) };
    (clipped as usize).min(length)
}

impl Attributes {
    fn of(type_id: pg_sys::Oid) -> std::result::Result<Attributes, Unsupported> {
        let version = Attributes::version(type_id);
        // SAFETY: takes the oid of a composite type; the answer is a copy.
        let (descriptor, width) = unsafe {
            let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(type_id, -1);
            (descriptor, (*descriptor).natts as usize)
        };
        let image_of = |place| {
            // SAFETY: the descriptor is a copy of ours, and has this place.
            let attribute = unsafe { attribute(descriptor, place) };
            (!attribute.attisdropped).then(|| ImageForm::of(attribute.atttypid, attribute.attcollation)).transpose()
        };
        let images = (0..width).map(image_of).collect::<std::result::Result<_, _>>()?;
        Ok(Attributes { type_id, version, images })
    }

    /// A number that changes whenever the type changes.
    fn version(type_id: pg_sys::Oid) -> u64 {
        // SAFETY: takes the oid of a composite type.
        unsafe { (*pg_sys::lookup_type_cache(type_id, pg_sys::TYPECACHE_TUPDESC as i32)).tupDesc_identifier }
    }

    /// # Safety
    /// The datum is a value of this composite type.
    unsafe fn write(&self, datum: pg_sys::Datum, out: &mut Vec<u8>) -> Result<()> {
        // SAFETY: raises an error if no stack is left.
        unsafe { pg_sys::check_stack_depth() };
        // SAFETY: by the contract of this function.
        let fields = unsafe { fields(datum) };
        // Attributes may be added while an expression lives, but never removed, so the newer images suffice.
        let renewed;
        let images = if self.version == Attributes::version(self.type_id) {
            &self.images
        } else {
            renewed = Attributes::of(self.type_id)?;
            &renewed.images
        };
        let values: Vec<_> =
            fields.iter().zip(images).map(|((_, value), image)| Some(((*value)?, image.as_ref()?))).collect();
        let width = values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut list = List::begin(out)?;
        for value in &values[..width] {
            match value {
                None => write_null(list.value()?),
                // SAFETY: the value is of the attribute's type.
                Some((value, image)) => unsafe { image.write(Some(*value), list.value()?)? },
            }
        }
        Ok(list.end()?)
    }
}

/// The image of the bounds of a range type.
fn image_of_bounds(range: pg_sys::Oid) -> std::result::Result<ImageForm, Unsupported> {
    // SAFETY: the entry of a range type has the parts of one; entries live as long as the backend.
    let (bound, collation, is_usual) = unsafe {
        let entry = &*range_entry(range);
        let bound = (*entry.rngelemtype).type_id;
        let usual = (*pg_sys::lookup_type_cache(bound, pg_sys::TYPECACHE_CMP_PROC as i32)).cmp_proc;
        (bound, entry.rng_collation, entry.rng_cmp_proc_finfo.fn_oid == usual)
    };
    if !is_usual {
        let reason = "compares its bounds otherwise than their type does";
        return Err(Unsupported { type_name: type_name(range), reason });
    }
    ImageForm::of(bound, collation)
}

fn range_entry(range: pg_sys::Oid) -> *mut pg_sys::TypeCacheEntry {
    // SAFETY: takes the oid of a range type.
    unsafe { pg_sys::lookup_type_cache(range, pg_sys::TYPECACHE_RANGE_INFO as i32) }
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|&&byte| byte == b' ').count();
    &text[..text.len() - blanks]
}

/// # Safety
/// The datum is an array of elements of the type that has this image.
unsafe fn write_array(datum: pg_sys::Datum, image: &ImageForm, element: &Element, out: &mut Vec<u8>) -> Result<()> {
    // SAFETY: raises an error if no stack is left.
    unsafe { pg_sys::check_stack_depth() };
    // SAFETY: by the contract of this function.
    let Array { dimensions, lower_bounds, values } = unsafe { Array::of(datum, element) };
    let elements = |out: &mut Vec<u8>| {
        let mut list = List::begin(out)?;
        for value in values {
            // SAFETY: an element.
            unsafe { image.write(value, list.value()?)? };
        }
        Ok(list.end()?)
    };
    match lower_bounds {
        [] | [1] => elements(out),
        _ => {
            // No overflow: PostgreSQL refuses an array whose last subscript is not an integer.
            let bounds = lower_bounds.iter().zip(dimensions).map(|(lower, count)| (*lower, lower + (count - 1)));
            write_bounded(out, bounds, elements)
        }
    }
}

/// # Safety
/// The datum is a value of this range type, and its bounds have this image.
unsafe fn write_range(datum: pg_sys::Datum, image: &ImageForm, range: pg_sys::Oid, out: &mut Vec<u8>) -> Result<()> {
    let (mut lower, mut upper, mut is_empty) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
    // SAFETY: raises an error if no stack is left; the value is of this range type; the variables are written.
    unsafe {
        pg_sys::check_stack_depth();
        let value = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast();
        pg_sys::range_deserialize(range_entry(range), value, &mut lower, &mut upper, &mut is_empty);
    }
    if is_empty {
        return Ok(line::string::write(out, b"empty")?);
    }
    let bracket = |inclusive, closed, open| if inclusive { closed } else { open };
    let value = |bound: pg_sys::RangeBound| (!bound.infinite).then_some(bound.val);
    let mut list = List::begin(out)?;
    line::string::write(list.value()?, bracket(lower.inclusive, b"[", b"("))?;
    // SAFETY: bounds of the value.
    unsafe {
        image.write(value(lower), list.value()?)?;
        image.write(value(upper), list.value()?)?;
    }
    line::string::write(list.value()?, bracket(upper.inclusive, b"]", b")"))?;
    Ok(list.end()?)
}

/// # Safety
/// The datum is a multirange over this range type, and its bounds have this image.
unsafe fn write_multirange(
    datum: pg_sys::Datum,
    image: &ImageForm,
    range: pg_sys::Oid,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (mut count, mut ranges) = (0, std::ptr::null_mut());
    // SAFETY: the value is a multirange over this range type; the variables are written, the array has `count` members.
    let ranges = unsafe {
        let value = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
        let entry = range_entry(range);
        pg_sys::ffi::pg_guard_ffi_boundary(|| multirange_deserialize(entry, value, &mut count, &mut ranges));
        (0..count as usize).map(|i| pg_sys::Datum::from(*ranges.add(i)))
    };
    let mut list = List::begin(out)?;
    for value in ranges {
        // SAFETY: a range of the value.
        unsafe { write_range(value, image, range, list.value()?)? };
    }
    Ok(list.end()?)
}
