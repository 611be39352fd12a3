//! The rows that a set-returning function answers, kept by PostgreSQL: in memory up to `work_mem`, then on disk.

use pgrx::{IntoDatum, pg_sys};

use super::function::Call;
use super::row::Row;

/// The rows of the answer.
pub struct Rows {
    info: *mut pg_sys::ReturnSetInfo,
}

/// One column's value in a row of the answer.
pub struct Cell(Option<pg_sys::Datum>);

impl<T: IntoDatum> From<T> for Cell {
    fn from(value: T) -> Self {
        Cell(value.into_datum())
    }
}

impl Call<'_> {
    /// Begins the answer of a set-returning function.
    pub fn rows(&self) -> Rows {
        // SAFETY: raises an error where the function was not called for a set; else it fills `resultinfo`.
        unsafe {
            pg_sys::InitMaterializedSRF(self.info(), 0);
            Rows { info: (*self.info()).resultinfo.cast() }
        }
    }
}

impl Rows {
    /// Adds a row of a table, whose row type is what the function returns.
    pub fn put_row(&mut self, row: &Row) {
        let (mut values, mut nulls) = row.to_values();
        // SAFETY: as in `put`.
        unsafe {
            pg_sys::tuplestore_putvalues(
                (*self.info).setResult,
                (*self.info).setDesc,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }

    /// Adds a row. It has a cell for each column that the function declares.
    pub fn put<const WIDTH: usize>(&mut self, row: [Cell; WIDTH]) {
        let mut values = row.each_ref().map(|cell| cell.0.unwrap_or(pg_sys::Datum::null()));
        let mut nulls = row.each_ref().map(|cell| cell.0.is_none());
        // SAFETY: the store and its descriptor are those that `rows` made; there is a value for each column.
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
