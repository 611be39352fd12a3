//! A relation's partitions, the tables that have it as a partition, and the tables that it inherits from.

use pgrx::pg_sys;

use super::list::oids;
use super::relation::{Lock, Relation};
use super::report::{Error, Result};

unsafe extern "C-unwind" {
    // catalog/pg_inherits.h and catalog/partition.h, which pgrx does not bind.
    fn find_all_inheritors(
        parent: pg_sys::Oid,
        lock: pg_sys::LOCKMODE,
        parents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;
    fn get_partition_ancestors(relation: pg_sys::Oid) -> *mut pg_sys::List;
    fn has_superclass(relation: pg_sys::Oid) -> bool;
    fn has_partition_attrs(
        relation: pg_sys::Relation,
        columns: *mut pg_sys::Bitmapset,
        in_expression: *mut bool,
    ) -> bool;
}

impl Relation {
    /// The relation itself, or all its partitions that hold rows, locked for reading.
    pub fn leaves(&self) -> Result<Vec<pg_sys::Oid>> {
        let mut leaves = Vec::new();
        for oid in self.with_partitions() {
            if !Relation::open(oid, Lock::Held)?.is_partitioned() {
                leaves.push(oid);
            }
        }
        Ok(leaves)
    }

    /// The relation itself, and all its partitions at every level, locked for reading.
    pub fn with_partitions(&self) -> Vec<pg_sys::Oid> {
        if !self.is_partitioned() {
            return vec![self.oid()];
        }
        // SAFETY: takes any relation's oid; the list is fresh.
        let list = unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                find_all_inheritors(self.oid(), pg_sys::AccessShareLock as i32, std::ptr::null_mut())
            })
        };
        // SAFETY: a list of oids.
        unsafe { oids(list) }
    }

    /// Whether the partition of a row depends on the column at `place`, also within an expression.
    pub fn is_partitioned_by(&self, place: usize) -> bool {
        let number = place as i32 + 1 - pg_sys::FirstLowInvalidHeapAttributeNumber;
        let mut in_expression = false;
        // SAFETY: `raw` is open; the set is fresh; the answer is no for a relation that is not partitioned.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                has_partition_attrs(self.raw(), pg_sys::bms_make_singleton(number), &mut in_expression)
            })
        }
    }

    /// The partitioned tables above the relation, the nearest first.
    pub fn ancestors(&self) -> Vec<pg_sys::Oid> {
        if !self.is_partition() {
            return Vec::new();
        }
        // SAFETY: takes the oid of a partition; the list is fresh.
        unsafe { oids(pg_sys::ffi::pg_guard_ffi_boundary(|| get_partition_ancestors(self.oid()))) }
    }

    /// The tables that the relation inherits from without being a partition.
    pub fn parents(&self) -> Result<Vec<pg_sys::Oid>> {
        // SAFETY: takes any relation's oid.
        if self.is_partition() || !unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| has_superclass(self.oid())) } {
            return Ok(Vec::new());
        }
        super::spi::connect(|session| {
            let parents = session
                .query("SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = $1", &[self.oid().into()])?;
            parents.rows().map(|row| row.get(0).ok_or_else(|| Error::damaged("pg_inherits"))).collect()
        })
    }
}
