//! Values of range types, taken apart into bounds and put together again.

use std::cmp::Ordering;

use pgrx::pg_sys;
use veritable_period::Period;

use super::report::{Class, Error};
use super::row::Row;
use super::spi::Parameter;
use super::{types, value};

/// A range type.
#[derive(Clone, Copy)]
pub struct RangeType {
    /// An entry of the type cache, which lives as long as the backend, at the same address.
    entry: *mut pg_sys::TypeCacheEntry,
}

/// A bound of a range. A value that PostgreSQL passes by reference is copied, and so outlives the range.
#[derive(Clone)]
pub struct Bound {
    range: RangeType,
    value: BoundValue,
}

#[derive(Clone)]
enum BoundValue {
    Direct(pg_sys::Datum),
    /// The bytes, aligned as strictly as any type demands.
    Copied(Box<[u64]>),
}

/// Why a value is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is NULL.
    Null,
    /// It has no instant.
    Empty,
    /// A bound is not what it is in a half-open range.
    NotHalfOpen,
    /// A bound is an infinite value, where there should be none.
    Infinite,
}

impl RangeType {
    /// The range type with this oid, or that the domain with this oid is over.
    pub fn of(type_id: pg_sys::Oid) -> Option<RangeType> {
        // SAFETY: both take the oid of any type; the entry has its range part filled in, if it is of a range type.
        unsafe {
            let base = pg_sys::getBaseType(type_id);
            if !pg_sys::type_is_range(base) {
                return None;
            }
            let entry = pg_sys::lookup_type_cache(base, pg_sys::TYPECACHE_RANGE_INFO as i32);
            (!(*entry).rngelemtype.is_null()).then_some(RangeType { entry })
        }
    }

    /// Its oid.
    pub fn oid(self) -> pg_sys::Oid {
        // SAFETY: see `entry`.
        unsafe { (*self.entry).type_id }
    }

    /// The oid of the array type over it.
    pub fn array(self) -> pg_sys::Oid {
        // SAFETY: takes any type's oid.
        unsafe { pg_sys::get_array_type(self.oid()) }
    }

    fn element(self) -> &'static pg_sys::TypeCacheEntry {
        // SAFETY: the entry of a range type has that of its element type.
        unsafe { &*(*self.entry).rngelemtype }
    }

    /// The period that the row has at `place`.
    pub fn period(self, row: &Row, place: usize) -> Result<Period<Bound>, Refusal> {
        if row.is_null(place) { Err(Refusal::Null) } else { self.read(row.datum(place)) }
    }

    /// The period in a value of this type.
    pub(super) fn read(self, datum: pg_sys::Datum) -> Result<Period<Bound>, Refusal> {
        let (mut lower, mut upper, mut empty) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
        // SAFETY: the value is of this range type; the variables are written.
        unsafe {
            let range = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::RangeType>();
            pg_sys::range_deserialize(self.entry, range, &mut lower, &mut upper, &mut empty);
        }
        if empty {
            return Err(Refusal::Empty);
        }
        let period = Period { start: self.bound(lower)?, end: self.bound(upper)? };
        if (!lower.infinite && !lower.inclusive) || upper.inclusive {
            return Err(Refusal::NotHalfOpen);
        }
        Ok(period)
    }

    fn bound(self, bound: pg_sys::RangeBound) -> Result<Option<Bound>, Refusal> {
        if bound.infinite {
            return Ok(None);
        }
        let element = self.element();
        if types::is_infinite(element.type_id, bound.val) {
            return Err(Refusal::Infinite);
        }
        let value = if element.typbyval {
            BoundValue::Direct(bound.val)
        } else {
            BoundValue::copy(value::whole(bound.val, element.typlen))
        };
        Ok(Some(Bound { range: self, value }))
    }

    /// A range that overlaps exactly the periods that touch this one, if the elements are whole numbers of something:
    /// then a period that ends before `start` has an element one less.
    pub(super) fn touching(self, period: &Period<Bound>) -> Option<pg_sys::Datum> {
        let mut lower = pg_sys::RangeBound { infinite: true, inclusive: false, lower: true, ..Default::default() };
        if let Some(before) = period.start.as_ref().map(|start| types::predecessor(self.oid(), start.datum())) {
            // The least element of all has none before it, and then every period that ends, ends later.
            if let Some(before) = before? {
                lower = pg_sys::RangeBound { val: before, infinite: false, inclusive: true, lower: true };
            }
        }
        let mut upper = pg_sys::RangeBound {
            val: period.end.as_ref().map_or(pg_sys::Datum::null(), Bound::datum),
            infinite: period.end.is_none(),
            inclusive: period.end.is_some(),
            lower: false,
        };
        // SAFETY: as in `write`. Not made canonical, since there may be no element after the greatest.
        unsafe {
            #[cfg(feature = "pg15")]
            let range = pg_sys::range_serialize(self.entry, &mut lower, &mut upper, false);
            #[cfg(not(feature = "pg15"))]
            let range = pg_sys::range_serialize(self.entry, &mut lower, &mut upper, false, std::ptr::null_mut());
            Some(pg_sys::Datum::from(range))
        }
    }

    /// The period as a parameter of this type. It lasts as long as the current memory context.
    pub fn parameter(self, period: &Period<Bound>) -> Parameter<'static> {
        Parameter::of_type(self.oid(), Some(self.write(period)))
    }

    /// Periods as a parameter of the array type over this type.
    pub fn parameters(self, periods: &[Period<Bound>]) -> Parameter<'static> {
        let mut values: Vec<_> = periods.iter().map(|period| self.write(period)).collect();
        // SAFETY: the values are of this range type, whose length, passing and alignment the entry tells.
        unsafe {
            let entry = &*self.entry;
            let array = pg_sys::construct_array(
                values.as_mut_ptr(),
                values.len() as i32,
                entry.type_id,
                entry.typlen.into(),
                entry.typbyval,
                entry.typalign,
            );
            Parameter::of_type(self.array(), Some(pg_sys::Datum::from(array)))
        }
    }

    fn write(self, period: &Period<Bound>) -> pg_sys::Datum {
        let bound = |bound: &Option<Bound>, lower: bool| pg_sys::RangeBound {
            val: bound.as_ref().map_or(pg_sys::Datum::null(), Bound::datum),
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

    /// The text of the half-open range with the bounds of the range at `place`, if that is a period: whoever wrote
    /// `[a,b]` may have meant it.
    pub fn half_open_text(self, row: &Row, place: usize) -> Option<String> {
        let (mut lower, mut upper, mut empty) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default(), false);
        // SAFETY: as in `read`; the inclusiveness of finite bounds is any.
        unsafe {
            let range = pg_sys::pg_detoast_datum(row.datum(place).cast_mut_ptr()).cast::<pg_sys::RangeType>();
            pg_sys::range_deserialize(self.entry, range, &mut lower, &mut upper, &mut empty);
        }
        let period = Period { start: self.bound(lower).ok()?, end: self.bound(upper).ok()? };
        let is_empty = matches!((&period.start, &period.end), (Some(start), Some(end)) if start >= end);
        (!is_empty).then(|| types::text_of(self.oid(), self.write(&period)))
    }
}

impl BoundValue {
    fn copy(bytes: &[u8]) -> BoundValue {
        let mut words = vec![0u64; bytes.len().div_ceil(8)].into_boxed_slice();
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_ne_bytes(whole);
        }
        BoundValue::Copied(words)
    }
}

impl Bound {
    fn datum(&self) -> pg_sys::Datum {
        match &self.value {
            BoundValue::Direct(datum) => *datum,
            BoundValue::Copied(words) => pg_sys::Datum::from(words.as_ptr().cast_mut()),
        }
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Bound) -> Ordering {
        // SAFETY: both are of the element type, and the function compares such, as the range type sorts them.
        let order = unsafe {
            let entry = self.range.entry;
            pg_sys::FunctionCall2Coll(
                &raw mut (*entry).rng_cmp_proc_finfo,
                (*entry).rng_collation,
                self.datum(),
                other.datum(),
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

/// The error of a column that should be of a range type.
pub fn not_a_range(column: &str, table: &str, type_id: pg_sys::Oid) -> Error {
    let name = types::type_name(type_id);
    // SAFETY: both take the oid of any type.
    if unsafe { pg_sys::type_is_multirange(pg_sys::getBaseType(type_id)) } {
        return Error::new(
            Class::Unsupported,
            format!("period column \"{column}\" of table \"{table}\" is a multirange"),
        )
        .detail(format!("Its type is {name}; each row of a packed table holds for one period."))
        .hint("Store a row for each of its ranges.");
    }
    Error::new(Class::WrongType, format!("period column \"{column}\" of table \"{table}\" must be of a range type"))
        .detail(format!("Its type is {name}."))
}
