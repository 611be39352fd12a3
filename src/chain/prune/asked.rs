//! What `prune()` has asked for while it runs the command that prunes: the event triggers see that command as any other.

use std::cell::Cell;

use crate::pg::oid::Oid;

#[derive(Clone, Copy)]
struct Asked {
    partition: Oid,
    force: bool,
    /// The number of pruned events, as soon as the partition is pruned.
    events: Option<u64>,
}

thread_local! {
    static ASKED: Cell<Option<Asked>> = const { Cell::new(None) };
}

/// A mark that `prune()` prunes a partition, as long as the value lives.
pub struct Asking {
    before: Option<Asked>,
}

impl Asking {
    /// Begins to prune this partition.
    pub fn begin(partition: Oid, force: bool) -> Asking {
        Asking { before: ASKED.replace(Some(Asked { partition, force, events: None })) }
    }

    /// The number of events that were pruned; `None` if the event triggers have not seen the command.
    pub fn events(&self) -> Option<u64> {
        ASKED.get().and_then(|asked| asked.events)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKED.set(self.before);
    }
}

/// Whether this partition may be pruned whatever its order and its faults are.
pub fn is_forced(partition: Oid) -> bool {
    ASKED.get().is_some_and(|asked| asked.partition == partition && asked.force)
}

/// Tells `prune()` how many events have left with the partition.
pub fn tell(partition: Oid, events: u64) {
    if let Some(asked) = ASKED.get().filter(|asked| asked.partition == partition) {
        ASKED.set(Some(Asked { events: Some(events), ..asked }));
    }
}
