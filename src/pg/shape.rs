//! Properties that make a table other than a plain one: its kind, its storage, its relatives, its rules.

use pgrx::pg_sys;

use super::relation::Relation;
use super::report::{Class, Error, Result};

unsafe extern "C-unwind" {
    // catalog/pg_inherits.h, which pgrx does not bind.
    fn has_superclass(relation: pg_sys::Oid) -> bool;
    fn find_inheritance_children(parent: pg_sys::Oid, lock: pg_sys::LOCKMODE) -> *mut pg_sys::List;
}

impl Relation {
    /// The error, unless the relation is an ordinary table: one with rows of its own, in a heap, that shares no rows
    /// with other tables. `verb` names what cannot be done with any other table, as in `packed`.
    ///
    /// Checked wherever code reaches rows below the level of SQL. A check at set-up is not enough: a user can create
    /// the triggers by hand, past all event triggers, on any relation that can have triggers.
    pub fn require_plain(&self, verb: &str) -> Result<()> {
        let name = self.name();
        let unsupported = |what: &str| Err(Error::new(Class::Unsupported, format!("{what} cannot be {verb}")));
        if self.is_partitioned() || self.is_partition() {
            let what = if self.is_partition() { "partition" } else { "partitioned table" };
            return unsupported(&format!("{what} \"{name}\"")).map_err(|error| {
                error
                    .detail("Statement triggers do not fire for rows that come or go through another table.")
                    .hint("Use a table that is neither partitioned nor a partition.")
            });
        }
        if self.kind() != pg_sys::RELKIND_RELATION {
            return Err(Error::new(Class::WrongObject, format!("\"{name}\" is not a table")));
        }
        if !self.is_heap() {
            return unsupported(&format!("table \"{name}\"")).map_err(|error| {
                error
                    .detail("Its access method is not the heap, whose row versions stay where they are.")
                    .hint("Use the access method heap.")
            });
        }
        if self.has_relatives() {
            return Err(Error::new(
                Class::Unsupported,
                format!("table \"{name}\" inherits or has inheritance children"),
            )
            .hint("Use a table without parents and children."));
        }
        Ok(())
    }

    /// Whether the relation inherits from a table, or a table inherits from it.
    fn has_relatives(&self) -> bool {
        // SAFETY: both take any relation's oid; the list is fresh. The flag says that there may be children.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                let may_have_children = (*(*self.raw()).rd_rel).relhassubclass;
                has_superclass(self.oid())
                    || may_have_children && !find_inheritance_children(self.oid(), pg_sys::NoLock as i32).is_null()
            })
        }
    }
}
