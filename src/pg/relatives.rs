//! A relation's partitions, the tables that have it as a partition, and the tables that it inherits from.

use pgrx::pg_sys;

use super::list::oids;
use super::relation::{Lock, Relation};
use super::report::{Error, Result};

unsafe extern "C-unwind" {
    // catalog/pg_inherits.h and catalog/partition.h, which pgrx does not bind.
    fn find_inheritance_children_extended(
        parent: pg_sys::Oid,
        omit_detached: bool,
        lock: pg_sys::LOCKMODE,
        detached_exist: *mut bool,
        detached_by: *mut pg_sys::TransactionId,
    ) -> *mut pg_sys::List;
    fn get_partition_parent(relation: pg_sys::Oid, even_if_detached: bool) -> pg_sys::Oid;
    fn get_default_partition_oid(parent: pg_sys::Oid) -> pg_sys::Oid;
    fn has_superclass(relation: pg_sys::Oid) -> bool;
    fn has_partition_attrs(
        relation: pg_sys::Relation,
        columns: *mut pg_sys::Bitmapset,
        in_expression: *mut bool,
    ) -> bool;
}

/// Whether `DETACH PARTITION … CONCURRENTLY` of the partition has begun, and has not been finalized.
pub fn is_being_detached(partition: pg_sys::Oid) -> Result<bool> {
    super::spi::connect(|session| {
        let found = session.query(
            "SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = $1 AND inhdetachpending",
            &[partition.into()],
        )?;
        Ok(!found.is_empty())
    })
}

/// The partitioned tables above a relation, the nearest first, without opening the relation. A partition whose detachment is pending
/// still has them.
pub fn ancestors_of(relation: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    let (mut oid, mut ancestors) = (relation, Vec::new());
    // SAFETY: takes any oid.
    while unsafe { pg_sys::get_rel_relispartition(oid) } {
        // SAFETY: takes the oid of a partition.
        oid = unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| get_partition_parent(oid, true)) };
        ancestors.push(oid);
    }
    ancestors
}

impl Relation {
    /// The relation itself, or all its partitions that hold rows, locked for reading.
    pub fn leaves(&self) -> Result<Vec<pg_sys::Oid>> {
        Ok(self.with_partitions().into_iter().filter(|&oid| !has_partitions(oid)).collect())
    }

    /// The relation itself, and all its partitions at every level, locked for reading.
    pub fn with_partitions(&self) -> Vec<pg_sys::Oid> {
        self.family(Lock::AccessShare)
    }

    /// All partitions that hold rows, and all partitioned tables above them, without a lock: any of them may be gone.
    pub fn family_now(&self) -> (Vec<pg_sys::Oid>, Vec<pg_sys::Oid>) {
        self.family(Lock::Held).into_iter().partition(|&oid| !has_partitions(oid))
    }

    /// The relation itself, and all its partitions at every level. A partition whose detachment is pending
    /// (`DETACH PARTITION … CONCURRENTLY`) is still one.
    fn family(&self, lock: Lock) -> Vec<pg_sys::Oid> {
        let mut family = vec![self.oid()];
        if !self.is_partitioned() {
            return family;
        }
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            next += 1;
            if parent != self.oid() && !has_partitions(parent) {
                continue;
            }
            // SAFETY: takes any relation's oid; both variables may be missing; the list is fresh.
            family.extend(unsafe {
                oids(pg_sys::ffi::pg_guard_ffi_boundary(|| {
                    let nothing = (std::ptr::null_mut(), std::ptr::null_mut());
                    find_inheritance_children_extended(parent, false, lock.mode(), nothing.0, nothing.1)
                }))
            });
        }
        family
    }

    /// The partitions with lower bounds than `partition`, another partition of this table that is partitioned by ranges; none for
    /// the default partition, and none of other tables. Also counts a partition that is being detached.
    pub fn ranges_below(&self, partition: pg_sys::Oid) -> Vec<pg_sys::Oid> {
        if !self.is_partitioned() {
            return Vec::new();
        }
        // SAFETY: `raw` is open, and a partitioned table; the description is valid as long as the relation is open. It has `nparts`
        // oids, those of ranges in the order of their bounds, and bounds if it has a partition.
        unsafe {
            let description = pg_sys::RelationGetPartitionDesc(self.raw(), false);
            let bounds = (*description).boundinfo;
            if bounds.is_null() || (*bounds).strategy as u8 != b'r' {
                return Vec::new();
            }
            let oids = std::slice::from_raw_parts((*description).oids, (*description).nparts as usize);
            let default = usize::try_from((*bounds).default_index).ok().map(|place| oids[place]);
            match oids.iter().position(|oid| *oid == partition) {
                Some(place) if default != Some(partition) => {
                    oids[..place].iter().copied().filter(|oid| Some(*oid) != default).collect()
                }
                _ => Vec::new(),
            }
        }
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

    /// The partitioned tables above the relation, the nearest first. A partition whose detachment is pending still has them.
    pub fn ancestors(&self) -> Vec<pg_sys::Oid> {
        ancestors_of(self.oid())
    }

    /// Whether the relation is a default partition of a table up to `root`, at any level, or below one.
    pub fn is_in_default_partition(&self, root: pg_sys::Oid) -> bool {
        let mut child = self.oid();
        for parent in self.ancestors() {
            // SAFETY: takes the oid of a partitioned table; zero if it has no default partition.
            if unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| get_default_partition_oid(parent)) } == child {
                return true;
            }
            if parent == root {
                break;
            }
            child = parent;
        }
        false
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

/// Whether the relation is a partitioned table.
fn has_partitions(oid: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid.
    unsafe { pg_sys::get_rel_relkind(oid) as u8 == pg_sys::RELKIND_PARTITIONED_TABLE }
}
