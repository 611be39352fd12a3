//! PostgreSQL's settings that are pinned for a moment, for choosing a plan or writing a name.

use pgrx::pg_sys;

/// `quote_all_identifiers = off`, until dropped.
pub(super) struct QuoteWhereNeeded(bool);

impl QuoteWhereNeeded {
    pub fn new() -> QuoteWhereNeeded {
        // SAFETY: a variable of the backend, which has one thread.
        unsafe {
            let before = QuoteWhereNeeded(pg_sys::quote_all_identifiers);
            pg_sys::quote_all_identifiers = false;
            before
        }
    }
}

impl Drop for QuoteWhereNeeded {
    fn drop(&mut self) {
        // SAFETY: restores the former value; calls nothing, so it may run while unwinding.
        unsafe { pg_sys::quote_all_identifiers = self.0 };
    }
}

/// `enable_seqscan`, `enable_hashjoin` and `enable_mergejoin` off, until dropped: plans made meanwhile find rows by
/// their places wherever that is possible.
pub(super) struct TidScans {
    seqscan: bool,
    hashjoin: bool,
    mergejoin: bool,
}

impl TidScans {
    pub fn prefer() -> TidScans {
        // SAFETY: variables of the backend, which has one thread.
        unsafe {
            let before = TidScans {
                seqscan: pg_sys::enable_seqscan,
                hashjoin: pg_sys::enable_hashjoin,
                mergejoin: pg_sys::enable_mergejoin,
            };
            pg_sys::enable_seqscan = false;
            pg_sys::enable_hashjoin = false;
            pg_sys::enable_mergejoin = false;
            before
        }
    }
}

impl Drop for TidScans {
    fn drop(&mut self) {
        // SAFETY: restores the former values; calls nothing, so it may run while unwinding.
        unsafe {
            pg_sys::enable_seqscan = self.seqscan;
            pg_sys::enable_hashjoin = self.hashjoin;
            pg_sys::enable_mergejoin = self.mergejoin;
        }
    }
}

/// `enable_seqscan`, `enable_hashjoin`, `enable_mergejoin` and `jit` off, until dropped: plans made meanwhile find few rows by
/// an index wherever there is one, also in a table that is small now.
pub(super) struct FewRows {
    _scans: TidScans,
    jit: bool,
}

impl FewRows {
    pub fn expect() -> FewRows {
        // SAFETY: variables of the backend, which has one thread.
        unsafe {
            let before = FewRows { _scans: TidScans::prefer(), jit: pg_sys::jit_enabled };
            pg_sys::jit_enabled = false;
            before
        }
    }
}

impl Drop for FewRows {
    fn drop(&mut self) {
        // SAFETY: restores the former value; calls nothing, so it may run while unwinding.
        unsafe { pg_sys::jit_enabled = self.jit };
    }
}

/// The settings of [`FewRows`], and `enable_sort` and `enable_bitmapscan` off, until dropped: plans made meanwhile read an index in
/// its order wherever there is one.
pub(super) struct InOrder {
    _few: FewRows,
    sort: bool,
    bitmapscan: bool,
}

impl InOrder {
    pub fn prefer() -> InOrder {
        // SAFETY: variables of the backend, which has one thread.
        unsafe {
            let before =
                InOrder { _few: FewRows::expect(), sort: pg_sys::enable_sort, bitmapscan: pg_sys::enable_bitmapscan };
            pg_sys::enable_sort = false;
            pg_sys::enable_bitmapscan = false;
            before
        }
    }
}

impl Drop for InOrder {
    fn drop(&mut self) {
        // SAFETY: restores the former values; calls nothing, so it may run while unwinding.
        unsafe {
            pg_sys::enable_sort = self.sort;
            pg_sys::enable_bitmapscan = self.bitmapscan;
        }
    }
}
