//! What the open transaction knows of tables, until it ends.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::pg::oid::Oid;
use crate::pg::transaction::{Transaction, transaction};

/// A value for each table, of the open transaction.
pub struct OfTransaction<T>(RefCell<(Transaction, HashMap<Oid, T>)>);

impl<T> Default for OfTransaction<T> {
    fn default() -> Self {
        OfTransaction(RefCell::new((Transaction::default(), HashMap::new())))
    }
}

impl<T: Copy> OfTransaction<T> {
    /// The value of a table, if this transaction has put one.
    pub fn get(&self, table: Oid) -> Option<T> {
        let (of, values) = &*self.0.borrow();
        if *of == transaction() { values.get(&table).copied() } else { None }
    }

    /// Keeps the value of a table until the transaction ends.
    pub fn put(&self, table: Oid, value: T) {
        let (of, values) = &mut *self.0.borrow_mut();
        if *of != transaction() {
            *of = transaction();
            values.clear();
        }
        values.insert(table, value);
    }
}
