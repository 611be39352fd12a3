//! Values of range types: taking them apart into bounds, and building them.

use std::cmp::Ordering;

use pgrx::pg_sys;
use veritable_period::Period;

use super::datum::Owned;
use super::parameter::Parameter;
use super::report::Error;
use super::row::Row;
use super::spi::Fetched;
use super::types;

/// A range type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RangeType {
    /// An entry of the type cache, which lives as long as the backend, at the same address.
    entry: *mut pg_sys::TypeCacheEntry,
}

/// A bound of a range. A value that PostgreSQL passes by reference is copied, and so outlives the range.
#[derive(Clone)]
pub struct Bound {
    range: RangeType,
    value: Owned,
}

/// The reason why a value is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A NULL.
    Null,
    /// An empty range, which contains no instant.
    Empty,
    /// A bound that a half-open range does not have.
    NotHalfOpen,
    /// An infinite value as a bound, which should be unbounded instead.
    Infinite,
}

impl RangeType {
    /// The range type with this oid, or the range type below the domain with this oid.
    pub fn of(type_id: pg_sys::Oid) -> Option<RangeType> {
        // SAFETY: both take the oid of any type; the entry of a range type has its range part filled in.
        unsafe {
            let base = pg_sys::getBaseType(type_id);
            if !pg_sys::type_is_range(base) {
                return None;
            }
            let entry = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_RANGE_INFO as i32);
            (!(*entry).rngelemtype.is_null()).then_some(RangeType { entry })
        }
    }

    /// The range type's oid.
    pub fn oid(self) -> pg_sys::Oid {
        // SAFETY: an entry of the type cache lives as long as the backend.
        unsafe { (*self.entry).type_id }
    }

    /// The oid of the array type over the range type.
    pub fn array(self) -> pg_sys::Oid {
        // SAFETY: takes any type's oid.
        unsafe { pg_sys::get_array_type(self.oid()) }
    }

    fn element(self) -> &'static pg_sys::TypeCacheEntry {
        // SAFETY: the entry of a range type has that of its element type.
        unsafe { &*(*self.entry).rngelemtype }
    }

    /// The row's period at `place`.
    pub fn period(self, row: &Row, place: usize) -> Result<Period<Bound>, Refusal> {
        if row.is_null(place) {
            return Err(Refusal::Null);
        }
        // SAFETY: the value is of this type, since `typed` refuses any other.
        unsafe { self.read(row.typed(place, self.oid())) }
    }

    /// The period at `position`, in a column of this range type; `None` for NULL.
    pub fn fetched(self, row: &Fetched, position: usize) -> Option<Result<Period<Bound>, Refusal>> {
        let datum = row.typed(position, |type_id| type_id == self.oid() || types::base_type(type_id) == self.oid())?;
        // SAFETY: the value is of this type.
        Some(unsafe { self.read(datum) })
    }

    /// The period in a value.
    ///
    /// # Safety
    /// The value is of this range type.
    unsafe fn read(self, datum: pg_sys::Datum) -> Result<Period<Bound>, Refusal> {
        let (mut lower, mut upper, mut empty) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
        // SAFETY: the value is of this range type; the variables are written.
        unsafe {
            let range = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::RangeType>();
            pg_sys::range_deserialize(self.entry, range, &mut lower, &mut upper, &mut empty);
        }
        if empty {
            return Err(Refusal::Empty);
        }
        // SAFETY: the bounds are those of a value of this type.
        let period = unsafe { Period { start: self.bound(lower)?, end: self.bound(upper)? } };
        if (!lower.infinite && !lower.inclusive) || upper.inclusive {
            return Err(Refusal::NotHalfOpen);
        }
        Ok(period)
    }

    /// # Safety
    /// The bound is one of a value of this range type.
    unsafe fn bound(self, bound: pg_sys::RangeBound) -> Result<Option<Bound>, Refusal> {
        if bound.infinite {
            return Ok(None);
        }
        let element = self.element();
        // SAFETY: a finite bound is a value of the element type, passed as that type is.
        let value = unsafe {
            if types::is_infinite(element.type_id, bound.val) {
                return Err(Refusal::Infinite);
            }
            Owned::copy(bound.val, element.typbyval, element.typlen)
        };
        Ok(Some(Bound { range: self, value }))
    }

    /// The value of a bound of this type, if there is one.
    fn value_of(self, bound: &Option<Bound>) -> Option<pg_sys::Datum> {
        let bound = bound.as_ref()?;
        if bound.range != self {
            Error::mismatch("a bound of a period").fail();
        }
        Some(bound.value.datum())
    }

    /// A range that overlaps exactly the periods that touch this one, if the elements are whole numbers of something: a
    /// period that ends before `start` contains the element one less.
    pub(super) fn touching(self, period: &Period<Bound>) -> Option<pg_sys::Datum> {
        let (start, end) = (self.value_of(&period.start), self.value_of(&period.end));
        let mut lower = pg_sys::RangeBound { infinite: true, inclusive: false, lower: true, ..Default::default() };
        if let Some(before) = start.map(|start| types::predecessor(self.oid(), start)) {
            // The least element has no predecessor, and every period that ends, ends later.
            if let Some(before) = before? {
                lower = pg_sys::RangeBound { val: before, infinite: false, inclusive: true, lower: true };
            }
        }
        let mut upper = pg_sys::RangeBound {
            val: end.unwrap_or(pg_sys::Datum::null()),
            infinite: end.is_none(),
            inclusive: end.is_some(),
            lower: false,
        };
        // SAFETY: the bounds are copies, of the element type. Not made canonical: the greatest element may have no successor.
        unsafe {
            #[cfg(feature = "pg15")]
            let range = pg_sys::range_serialize(self.entry, &mut lower, &mut upper, false);
            #[cfg(not(feature = "pg15"))]
            let range = pg_sys::range_serialize(self.entry, &mut lower, &mut upper, false, std::ptr::null_mut());
            Some(pg_sys::Datum::from(range))
        }
    }

    /// The period as a parameter of this type.
    pub fn parameter(self, period: &Period<Bound>) -> Parameter<'static> {
        // SAFETY: a range is of a varlena type.
        Parameter::owned(self.oid(), Some(unsafe { Owned::copy(self.write(period), false, -1) }))
    }

    /// Periods as a parameter of the array type over this type.
    pub fn parameters(self, periods: &[Period<Bound>]) -> Parameter<'static> {
        let mut values: Vec<_> = periods.iter().map(|period| self.write(period)).collect();
        // SAFETY: the values are of this range type, which has the length, passing and alignment of the entry; an array
        // is of a varlena type.
        let array = unsafe {
            let entry = &*self.entry;
            let array = pg_sys::construct_array(
                values.as_mut_ptr(),
                values.len() as i32,
                entry.type_id,
                entry.typlen.into(),
                entry.typbyval,
                entry.typalign,
            );
            Owned::copy(pg_sys::Datum::from(array), false, -1)
        };
        Parameter::owned(self.array(), Some(array))
    }

    /// A value in the current memory context.
    fn write(self, period: &Period<Bound>) -> pg_sys::Datum {
        let bound = |bound: &Option<Bound>, lower: bool| pg_sys::RangeBound {
            val: self.value_of(bound).unwrap_or(pg_sys::Datum::null()),
            infinite: bound.is_none(),
            inclusive: lower && bound.is_some(),
            lower,
        };
        let (mut lower, mut upper) = (bound(&period.start, true), bound(&period.end, false));
        // SAFETY: the bounds are of the element type; the values that they point to outlive the call, which copies them.
        unsafe {
            #[cfg(feature = "pg15")]
            let range = pg_sys::make_range(self.entry, &mut lower, &mut upper, false);
            #[cfg(not(feature = "pg15"))]
            let range = pg_sys::make_range(self.entry, &mut lower, &mut upper, false, std::ptr::null_mut());
            pg_sys::Datum::from(range)
        }
    }

    /// The text of the half-open range with the bounds of the range at `place`, if that is a period: the author of
    /// `[a,b]` may have meant it.
    pub fn half_open_text(self, row: &Row, place: usize) -> Option<String> {
        let (mut lower, mut upper, mut empty) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
        if row.is_null(place) {
            return None;
        }
        let datum = row.typed(place, self.oid());
        // SAFETY: the value is of this range type, and the bounds belong to it; the variables are written.
        let period = unsafe {
            let range = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::RangeType>();
            pg_sys::range_deserialize(self.entry, range, &mut lower, &mut upper, &mut empty);
            if empty {
                return None;
            }
            Period { start: self.bound(lower).ok()?, end: self.bound(upper).ok()? }
        };
        let is_empty = matches!((&period.start, &period.end), (Some(start), Some(end)) if start >= end);
        // SAFETY: the value is of this range type.
        (!is_empty).then(|| unsafe { types::text_of(self.oid(), self.write(&period)) })
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Bound) -> Ordering {
        if self.range != other.range {
            Error::mismatch("a bound of a period").fail();
        }
        // SAFETY: both values are of the element type, and the function compares such values in the order of the range type.
        let order = unsafe {
            let entry = self.range.entry;
            pg_sys::FunctionCall2Coll(
                &raw mut (*entry).rng_cmp_proc_finfo,
                (*entry).rng_collation,
                self.value.datum(),
                other.value.datum(),
            )
        };
        (order.value() as i32).cmp(&0)
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Bound) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Bound) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}
