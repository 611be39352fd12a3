//! Reading many rows in batches, so that memory stays bounded for any number of rows.

use crate::pg::memory;
use crate::pg::report::Result;
use crate::pg::spi::{Cursor, Fetched};

/// The number of rows in a batch.
const BATCH: usize = 1000;

/// Passes each row of a cursor to `read`. PostgreSQL's memory that `read` allocates lasts until the end of the row.
pub fn each(cursor: &Cursor, mut read: impl FnMut(&Fetched) -> Result<()>) -> Result<()> {
    loop {
        let more = memory::scratch(|| -> Result<bool> {
            let batch = cursor.fetch(BATCH);
            batch.find(|row| read(row).map(|()| None::<()>))?;
            Ok(!batch.is_empty())
        })?;
        if !more {
            return Ok(());
        }
    }
}
