//! A relation's partitions, the tables that have it as a partition, and the tables that it inherits from.

use pgrx::pg_sys;

use super::list::oids;
use super::open_transaction::OpenTransaction;
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

/// All partitions below a partition that hold rows, or the partition itself, without a lock: any of them may be gone.
pub fn leaves_now(partition: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    family(partition, Lock::Held).into_iter().filter(|&oid| !has_partitions(oid)).collect()
}

/// A transaction that has made a relation a partition of `parent` which is not `known`: one that is still open, or has committed so
/// shortly ago that this backend was not told yet. It is no transaction of this backend.
pub fn newcomer(parent: pg_sys::Oid, known: impl Fn(pg_sys::Oid) -> bool) -> Option<OpenTransaction> {
    let mut links = links(parent, BY_PARENT);
    links.retain(|&(child, inserter)| !known(child) && !is_own(inserter));
    links.first().map(|&(_, inserter)| OpenTransaction(inserter))
}

/// Whether this transaction has made the relation, or a table above it, a partition of what is above.
pub fn is_new_partition(relation: pg_sys::Oid) -> bool {
    let path = [relation].into_iter().chain(ancestors_of(relation));
    path.into_iter().any(|oid| links(oid, BY_CHILD).iter().any(|&(_, inserter)| is_own(inserter)))
}

/// Whether this is the number of the open transaction, or of a part of it.
fn is_own(transaction: pg_sys::TransactionId) -> bool {
    // SAFETY: takes any number.
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId(transaction) }
}

/// An index of `pg_inherits`, and the column by which it is sorted. Like the catalog, they are not bound by pgrx: catalog/pg_inherits.h.
struct By(u32, i16);
const BY_CHILD: By = By(2680, 1);
const BY_PARENT: By = By(2187, 2);
const INHERITS: u32 = 2611;

/// The children in the rows of `pg_inherits` about a relation, also in those of open transactions, and who has inserted the rows: all but
/// those that are frozen.
fn links(relation: pg_sys::Oid, By(index, column): By) -> Vec<(pg_sys::Oid, pg_sys::TransactionId)> {
    let mut links = Vec::new();
    // SAFETY: the catalog and the index exist, the key is on the index's first column, and the snapshot outlives the scan. A row begins
    // with the oid of the child, and its header with the number of the transaction that has inserted it.
    unsafe {
        let catalog = pg_sys::table_open(INHERITS.into(), pg_sys::AccessShareLock as i32);
        let mut key = pg_sys::ScanKeyData::default();
        let is_equal = pg_sys::BTEqualStrategyNumber as u16;
        pg_sys::ScanKeyInit(&mut key, column, is_equal, pg_sys::F_OIDEQ.into(), relation.into());
        let mut snapshot =
            pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY, ..Default::default() };
        let scan = pg_sys::systable_beginscan(catalog, index.into(), true, &mut snapshot, 1, &mut key);
        loop {
            let row = pg_sys::systable_getnext(scan);
            if row.is_null() {
                break;
            }
            let header = &*(*row).t_data;
            if u32::from(header.t_infomask) & pg_sys::HEAP_XMIN_FROZEN != pg_sys::HEAP_XMIN_FROZEN {
                links.push((*pg_sys::GETSTRUCT(row).cast::<pg_sys::Oid>(), header.t_choice.t_heap.t_xmin));
            }
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(catalog, pg_sys::AccessShareLock as i32);
    }
    links
}

/// A relation, and all its partitions at every level. A partition whose detachment is pending
/// (`DETACH PARTITION … CONCURRENTLY`) is still one.
fn family(relation: pg_sys::Oid, lock: Lock) -> Vec<pg_sys::Oid> {
    let mut family = vec![relation];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        next += 1;
        if !has_partitions(parent) {
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

impl Relation {
    /// The relation itself, or all its partitions that hold rows, locked for reading.
    pub fn leaves(&self) -> Result<Vec<pg_sys::Oid>> {
        Ok(self.with_partitions().into_iter().filter(|&oid| !has_partitions(oid)).collect())
    }

    /// The relation itself, and all its partitions at every level, locked for reading.
    pub fn with_partitions(&self) -> Vec<pg_sys::Oid> {
        family(self.oid(), Lock::AccessShare)
    }

    /// All partitions that hold rows, and all partitioned tables above them, without a lock: any of them may be gone.
    pub fn family_now(&self) -> (Vec<pg_sys::Oid>, Vec<pg_sys::Oid>) {
        family(self.oid(), Lock::Held).into_iter().partition(|&oid| !has_partitions(oid))
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
