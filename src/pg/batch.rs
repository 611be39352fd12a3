//! Rows that are collected to be inserted by one statement.

use pgrx::pg_sys;

use super::memory::{self, Repeated};
use super::parameter::Parameter;
use super::report::{Error, Result};
use super::row::{Descriptor, Row};

/// Rows of one table, copied.
pub struct Batch<'d> {
    descriptor: &'d Descriptor,
    memory: Repeated,
    rows: Vec<pg_sys::Datum>,
    bytes: usize,
}

/// The most rows of a batch, and the most bytes before the last of them: PostgreSQL's arrays have less than 1 GB.
const ROWS_MAX: usize = 1000;
const BYTES_MAX: usize = 16 << 20;

impl<'d> Batch<'d> {
    /// An empty batch of rows of this shape: that of a table.
    pub fn new(descriptor: &'d Descriptor) -> Batch<'d> {
        Batch { descriptor, memory: Repeated::new(), rows: Vec::new(), bytes: 0 }
    }

    /// Copies a row into the batch.
    pub fn push(&mut self, row: &Row) {
        let (mut values, mut nulls) = row.to_values();
        let raw = self.descriptor.raw();
        if row.descriptor().raw() != raw {
            Error::mismatch("a row of another shape").fail();
        }
        // SAFETY: the arrays have a value or a NULL for each attribute of the descriptor. The copy contains all values,
        // also those that are stored elsewhere.
        let datum = memory::within(self.memory.context(), || unsafe {
            let tuple = pg_sys::heap_form_tuple(raw, values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::heap_copy_tuple_as_datum(tuple, raw)
        });
        // SAFETY: a composite value is of a varlena type.
        self.bytes += unsafe { pgrx::varlena::varsize_any(datum.cast_mut_ptr()) };
        self.rows.push(datum);
    }

    /// Whether the batch should be inserted before another row is added.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.bytes >= BYTES_MAX
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Hands the rows, as an array of the table's row type, to `insert`; then the batch is empty.
    pub fn flush<T>(&mut self, insert: impl FnOnce(Parameter) -> Result<T>) -> Result<T> {
        let mut rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let raw = self.descriptor.raw();
        self.memory.run(|| {
            // SAFETY: the datums are composite values of this type, which live until the memory is reset, below.
            let (array_type, array) = unsafe {
                let row_type = (*raw).tdtypeid;
                let array = pg_sys::construct_array(
                    rows.as_mut_ptr(),
                    rows.len() as i32,
                    row_type,
                    -1,
                    false,
                    pg_sys::TYPALIGN_DOUBLE as std::ffi::c_char,
                );
                (pg_sys::get_array_type(row_type), pg_sys::Datum::from(array))
            };
            if array_type == pg_sys::InvalidOid {
                return Err(Error::damaged("pg_type"));
            }
            // SAFETY: the array is of this type, and lives until the memory is reset.
            insert(unsafe { Parameter::borrowed(array_type, Some(array)) })
        })
    }

    /// Hands the only row, as a value of the table's row type, to `insert`; then the batch is empty.
    pub fn flush_one<T>(&mut self, insert: impl FnOnce(Parameter) -> Result<T>) -> Result<T> {
        let Some(row) = self.rows.pop() else { return Err(Error::mismatch("an empty batch")) };
        self.rows.clear();
        self.bytes = 0;
        // SAFETY: the descriptor is that of a table.
        let row_type = unsafe { (*self.descriptor.raw()).tdtypeid };
        // SAFETY: the datum is a composite value of this type, which lives until the memory is reset.
        self.memory.run(|| insert(unsafe { Parameter::borrowed(row_type, Some(row)) }))
    }

    /// Frees the memory of the batch.
    pub fn end(self) {
        self.memory.end();
    }
}
