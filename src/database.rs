//! The requirement of the extension on its database.

use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::text::database_is_utf8;

sql_function! {
    /// `veritable.check_database() → void`
    veritable_check_database = check_database
}

/// Refuses an encoding other than UTF8: lines, keys and documents are UTF-8, whatever the client's encoding is.
fn check_database(_: &Call) -> Result<Answer> {
    if database_is_utf8() {
        return Ok(Answer::VOID);
    }
    Err(Error::new(Class::Unsupported, "extension veritable requires a database with encoding UTF8"))
}
