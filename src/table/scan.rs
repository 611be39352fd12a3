//! Reading many rows: in batches, so that memory stays bounded, however many there are.

use crate::pg::memory;
use crate::pg::report::Result;
use crate::pg::spi::{Cursor, Fetched};

/// How many rows are read at once.
const BATCH: usize = 1000;

/// Gives each row of a cursor to `read`. What `read` allocates in PostgreSQL's memory lasts until the end of the batch.
pub fn each(cursor: &Cursor, mut read: impl FnMut(&Fetched) -> Result<()>) -> Result<()> {
    loop {
        let more = memory::scratch(|| -> Result<bool> {
            let batch = cursor.fetch(BATCH);
            for row in batch.rows() {
                read(&row)?;
            }
            Ok(!batch.is_empty())
        })?;
        if !more {
            return Ok(());
        }
    }
}
