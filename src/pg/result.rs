//! The rows that a set-returning function returns; PostgreSQL keeps them in memory up to `work_mem`, then on disk.

use pgrx::pg_sys;

use super::answer::{CallNumber, running};
use super::column::attribute;
use super::datum::{Given, ToSql, is_compatible};
use super::function::Call;
use super::report::{Class, Error};
use super::row::{Row, take_apart};

/// The answer's rows.
pub struct Rows {
    info: *mut pg_sys::ReturnSetInfo,
    call: CallNumber,
}

/// One column's value in a row of the answer.
pub struct Cell(Given);

impl<T: ToSql> From<T> for Cell {
    fn from(value: T) -> Self {
        Cell(value.to_sql())
    }
}

impl Call<'_> {
    /// Begins the answer of a set-returning function.
    pub fn rows(&self) -> Rows {
        // SAFETY: raises an error if the function was not called for a set; else the call fills `resultinfo`.
        unsafe {
            pg_sys::InitMaterializedSRF(self.info(), 0);
            Rows { info: (*self.info()).resultinfo.cast(), call: running() }
        }
    }
}

impl Rows {
    /// Adds a row of a table, of the row type that the function returns.
    pub fn put_row(&mut self, row: &Row) {
        let (mut values, mut nulls) = row.to_values();
        // SAFETY: the answer's shape is a descriptor.
        unsafe { row.descriptor().require_fit(self.shape()) };
        self.append(&mut values, &mut nulls);
    }

    /// Adds a row. The row has a cell for each column that the function declares.
    pub fn put<const WIDTH: usize>(&mut self, row: [Cell; WIDTH]) {
        let shape = self.shape();
        // SAFETY: a descriptor has as many attributes as it says.
        let types: Vec<_> = unsafe { (0..(*shape).natts as usize).map(|i| attribute(shape, i).atttypid).collect() };
        // A NULL fits any type.
        let fits = |(cell, declared): (&Cell, &pg_sys::Oid)| {
            cell.0.value.is_none() || is_compatible(cell.0.type_id, *declared)
        };
        if types.len() != WIDTH || !row.iter().zip(&types).all(fits) {
            Error::new(Class::Declaration, "function returns rows of another type than declared").fail();
        }
        let datum = |cell: &Cell| cell.0.value.as_ref().map_or(pg_sys::Datum::null(), |value| value.datum());
        let mut values = row.each_ref().map(datum);
        let mut nulls = row.each_ref().map(|cell| cell.0.value.is_none());
        self.append(&mut values, &mut nulls);
    }

    /// The integer at `place` in the last row of the answer.
    pub fn last_integer(&self, place: usize) -> Option<i64> {
        let (store, shape, _) = self.store();
        // SAFETY: the store and its shape are those of the running call's answer. The slot is empty again before it is dropped.
        // Rows in memory are skipped at once. In the end, the answer is read from its beginning.
        unsafe {
            if place >= (*shape).natts as usize || !attribute(shape, place).attbyval {
                Error::mismatch("the place of an integer").fail();
            }
            let count = pg_sys::tuplestore_tuple_count(store);
            let slot = pg_sys::MakeSingleTupleTableSlot(shape, &raw const pg_sys::TTSOpsMinimalTuple);
            let is_there = pg_sys::tuplestore_skiptuples(store, count - 1, true)
                && pg_sys::tuplestore_gettupleslot(store, true, false, slot);
            let value = is_there.then(|| {
                take_apart(slot, place + 1);
                (!*(*slot).tts_isnull.add(place)).then(|| (*(*slot).tts_values.add(place)).value() as i64)
            });
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            pg_sys::tuplestore_rescan(store);
            value.flatten()
        }
    }

    /// The store of the answer, the shape of its rows, and the memory in which both are.
    pub(super) fn store(&self) -> (*mut pg_sys::Tuplestorestate, pg_sys::TupleDesc, pg_sys::MemoryContext) {
        let shape = self.shape();
        // SAFETY: `rows` has made the store, in the running call, whose expression has a context.
        unsafe { ((*self.info).setResult, shape, (*(*self.info).econtext).ecxt_per_query_memory) }
    }

    fn shape(&self) -> pg_sys::TupleDesc {
        if self.call != running() {
            Error::mismatch("the answer of another call").fail();
        }
        // SAFETY: `rows` has made the store, in the running call.
        unsafe { (*self.info).setDesc }
    }

    /// Stores a copy of a row, with a value or a NULL for each column of the answer's shape.
    fn append(&mut self, values: &mut [pg_sys::Datum], nulls: &mut [bool]) {
        // SAFETY: `rows` made the store and its descriptor in the running call; the callers have compared the values
        // with the descriptor.
        unsafe {
            pg_sys::tuplestore_putvalues(
                (*self.info).setResult,
                (*self.info).setDesc,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }
}
