//! Erasable columns: a line holds the commitment to such a value, which is stored beside the value with its salt.
//!
//! Sealing draws a salt for each value and writes the commitment. From then on the three columns of a value are in one of
//! four states; [`Layout::state`] says which, for sealing, verification and erasure alike.

use std::cell::RefCell;

use veritable_core::chain::{Commitment, SALT_LENGTH};

use super::layout::Layout;
use crate::pg::column::Column;
use crate::pg::line::form::Form;
use crate::pg::line::pinned::Pinned;
use crate::pg::random;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::table::feature::Renamed;

/// The longest name of an erasable column, in bytes: the longest name in PostgreSQL, less the longer ending.
const NAME_MAX: usize = 63 - COMMITMENT.len();

const SALT: &str = "_salt";
const COMMITMENT: &str = "_commitment";

/// The names of an erasable column and of the two columns that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasable {
    /// The column of the value.
    pub value: String,
    /// The column of the salt.
    pub salt: String,
    /// The column of the commitment.
    pub commitment: String,
}

impl Erasable {
    /// An erasable column with the names of a new chain: `payload`, `payload_salt` and `payload_commitment`.
    pub fn new(value: String) -> Result<Erasable> {
        if value.len() > NAME_MAX {
            return Err(Error::new(Class::Argument, format!("name of erasable column \"{value}\" is too long"))
                .detail(format!("It has room for {NAME_MAX} bytes, because two columns are named after it.")));
        }
        let (salt, commitment) = (format!("{value}{SALT}"), format!("{value}{COMMITMENT}"));
        Ok(Erasable { value, salt, commitment })
    }

    /// The three names.
    pub fn names(&self) -> [&String; 3] {
        [&self.value, &self.salt, &self.commitment]
    }

    /// Gives the columns their present names. None of them can be dropped.
    pub fn follow(&mut self, renamed: &[Renamed]) {
        for name in [&mut self.value, &mut self.salt, &mut self.commitment] {
            crate::table::columns::follow(name, renamed);
        }
    }
}

/// The places of an erasable column in the rows of a relation.
pub struct Committed {
    /// The name of the column.
    pub name: String,
    /// The place of the value.
    pub value: usize,
    /// The place of the salt.
    pub salt: usize,
    /// The place of the commitment.
    pub commitment: usize,
    form: Form,
}

impl Committed {
    /// The places of the three columns; `form` is that of the value.
    pub fn of(value: &Column, salt: &Column, commitment: &Column, form: Form) -> Committed {
        let (salt, commitment) = (salt.place, commitment.place);
        Committed { name: value.name.clone(), value: value.place, salt, commitment, form }
    }

    /// Whether a line has needed settings to hold the value.
    pub fn reads_settings(&self) -> bool {
        self.form.reads_settings()
    }
}

/// The state of an erasable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A value or a NULL, with its salt and its commitment.
    Sealed,
    /// Nothing but the commitment is left.
    Erased,
    /// There is no commitment, and nothing else: the event is older than the column.
    Unsealed,
    /// Anything else: the three do not fit each other.
    Altered,
}

/// The buffer for a value is kept up to this size.
const BUFFER_KEPT: usize = 1 << 20;

/// The number of salts that are drawn at once: drawing one costs as much as drawing many.
const DRAWN: usize = 64;

thread_local! {
    static VALUE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SALTS: RefCell<Vec<[u8; SALT_LENGTH]>> = const { RefCell::new(Vec::new()) };
}

/// A new salt. It is given out once.
fn salt() -> Result<[u8; SALT_LENGTH]> {
    SALTS.with_borrow_mut(|salts| {
        if salts.is_empty() {
            let drawn: [u8; SALT_LENGTH * DRAWN] = random::bytes()?;
            salts.extend(drawn.as_chunks::<SALT_LENGTH>().0);
        }
        salts.pop().ok_or_else(|| Error::damaged("the drawn salts"))
    })
}

impl Layout {
    /// The commitment to the row's value under this salt.
    fn commitment(&self, row: &Row, column: &Committed, salt: &[u8; SALT_LENGTH]) -> Result<Commitment> {
        if row.is_null(column.value) {
            return Ok(Commitment::of(salt, None));
        }
        let _pinned = column.reads_settings().then(Pinned::new);
        // The buffer is taken, not borrowed, because an output function may run SQL that reenters this function.
        let mut value = VALUE.take();
        value.clear();
        row.write(column.value, &column.form, &mut value)?;
        let commitment = Commitment::of(salt, Some(&value));
        if value.capacity() <= BUFFER_KEPT {
            VALUE.set(value);
        }
        Ok(commitment)
    }

    /// The state of the row's value in an erasable column.
    pub fn state(&self, row: &Row, column: &Committed) -> Result<State> {
        let is_commitment = |bytes: &[u8]| bytes.len() == 32;
        let (salt, commitment) = (row.bytes(column.salt), row.bytes(column.commitment));
        Ok(match (&salt, &commitment) {
            (Some(salt), Some(commitment)) => match salt[..].try_into() {
                Ok(salt) if self.commitment(row, column, salt)?.as_bytes()[..] == commitment[..] => State::Sealed,
                _ => State::Altered,
            },
            (None, Some(commitment)) if row.is_null(column.value) && is_commitment(commitment) => State::Erased,
            (None, None) if row.is_null(column.value) => State::Unsealed,
            _ => State::Altered,
        })
    }

    /// The first erasable column of the row whose value, salt and commitment do not fit each other.
    pub fn first_altered(&self, row: &Row) -> Result<Option<&Committed>> {
        for column in &self.erasable {
            if self.state(row, column)? == State::Altered {
                return Ok(Some(column));
            }
        }
        Ok(None)
    }

    /// Puts a salt and a commitment into the row for each of its erasable values, whatever was there.
    pub fn commit(&self, row: &mut Row) -> Result<()> {
        for column in &self.erasable {
            let salt = salt()?;
            let commitment = self.commitment(row, column, &salt)?;
            row.set_bytes(column.salt, &salt);
            row.set_bytes(column.commitment, commitment.as_bytes());
        }
        Ok(())
    }

    /// Refuses a new row that brings a salt or a commitment: a client who chooses the salt can tell the value after its
    /// erasure.
    pub fn refuse_supplied(&self, row: &Row) -> Result<()> {
        let is_supplied = |column: &&Committed| !row.is_null(column.salt) || !row.is_null(column.commitment);
        match self.erasable.iter().find(is_supplied) {
            None => Ok(()),
            Some(column) => Err(Error::new(
                Class::Argument,
                format!(
                    "salt and commitment of erasable column \"{}\" can be supplied together with the hash only",
                    column.name
                ),
            )
            .detail("Events that are restored have all three.")
            .hint("Leave both columns out to have the row sealed.")),
        }
    }
}
