//! The transition tables of a statement: the rows that it has changed, as its triggers see them.

use pgrx::pg_sys;

use super::memory;
use super::report::{Error, Result};
use super::row::{Descriptor, Row};
use super::spi::{self, Session};
use super::text::string;
use super::trigger::Firing;

impl Firing<'_> {
    /// Whether the trigger fires AFTER, for the statement, with the new rows as a table.
    pub fn has_new_rows(&self) -> bool {
        let data = self.data();
        data.tg_event & pg_sys::TRIGGER_EVENT_ROW == 0
            && data.tg_event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_AFTER
            && !data.tg_newtable.is_null()
    }

    /// The numbers of the statement's old and new rows, as far as the trigger has them as tables.
    pub fn row_counts(&self) -> (Option<u64>, Option<u64>) {
        // SAFETY: the stores, if there are any, exist during the call.
        let count = |store: *mut pg_sys::Tuplestorestate| unsafe {
            (!store.is_null()).then(|| pg_sys::tuplestore_tuple_count(store) as u64)
        };
        (count(self.data().tg_oldtable), count(self.data().tg_newtable))
    }

    /// The names of the statement's old and new rows in statements after [`Firing::register_in`].
    pub fn row_names(&self) -> (Option<String>, Option<String>) {
        // SAFETY: a name, if there is one, is NUL-terminated.
        let name = |name: *mut std::ffi::c_char| unsafe { (!name.is_null()).then(|| string(name)) };
        // SAFETY: the pointer is valid during the call.
        let trigger = unsafe { &*self.data().tg_trigger };
        (name(trigger.tgoldtable), name(trigger.tgnewtable))
    }

    fn require_new_rows(&self) {
        if !self.has_new_rows() {
            Error::mismatch("a trigger without new rows").fail();
        }
    }

    /// The name of the new rows in statements after [`Firing::register_in`].
    pub fn new_rows_name(&self) -> String {
        self.require_new_rows();
        // SAFETY: the pointer is valid during the call; the trigger has the new rows, and so a name for them.
        unsafe { string((*self.data().tg_trigger).tgnewtable) }
    }

    /// The number of the statement's new rows.
    pub fn new_row_count(&self) -> u64 {
        self.require_new_rows();
        // SAFETY: the trigger has the new rows.
        unsafe { pg_sys::tuplestore_tuple_count(self.data().tg_newtable) as u64 }
    }

    /// Reads the statement's new rows, except rows that an UPDATE left unchanged at `places`, if the trigger has the
    /// old rows as well. Each row lasts until the next.
    pub fn each_changed_row(
        &self,
        descriptor: &Descriptor,
        places: &[usize],
        mut read: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        self.require_new_rows();
        // SAFETY: the stores outlive the call, and hold rows of the relation.
        let transition = |store| unsafe {
            descriptor.require_fit(self.relation().descriptor());
            Transition::new(store, descriptor)
        };
        let new = transition(self.data().tg_newtable);
        // An UPDATE stores the old and the new version of each row at the same position.
        let old = (!self.data().tg_oldtable.is_null()).then(|| transition(self.data().tg_oldtable));
        let row_memory = memory::Repeated::new();
        let mut answer = Ok(());
        while answer.is_ok() && new.advance() && old.as_ref().is_none_or(Transition::advance) {
            answer = row_memory.run(|| {
                let row = new.row(descriptor);
                match &old {
                    Some(old) if row.first_difference(&old.row(descriptor), places).is_none() => Ok(()),
                    _ => read(&row),
                }
            });
        }
        row_memory.end();
        new.end();
        if let Some(old) = old {
            old.end();
        }
        answer
    }

    /// Reads the statement's rows, old and new: with both, a row before and after an UPDATE. Each row lasts until the next.
    ///
    /// An UPDATE stores the old and the new version of each row at the same position, unless a trigger of a partition keeps a
    /// row that has left another partition from arriving. Then all old rows come first, and the new ones after them.
    pub fn each_change(
        &self,
        descriptor: &Descriptor,
        mut read: impl FnMut(Option<&Row>, Option<&Row>) -> Result<()>,
    ) -> Result<()> {
        // SAFETY: the stores outlive the call, and hold rows of the relation.
        let transition = |store: *mut pg_sys::Tuplestorestate| unsafe {
            descriptor.require_fit(self.relation().descriptor());
            (!store.is_null()).then(|| Transition::new(store, descriptor))
        };
        let (old, new) = (transition(self.data().tg_oldtable), transition(self.data().tg_newtable));
        let row_memory = memory::Repeated::new();
        let mut answer = Ok(());
        match (&old, &new) {
            (Some(old), Some(new)) if old.count() == new.count() => {
                while answer.is_ok() && old.advance() && new.advance() {
                    answer = row_memory.run(|| read(Some(&old.row(descriptor)), Some(&new.row(descriptor))));
                }
            }
            _ => {
                while answer.is_ok() && old.as_ref().is_some_and(Transition::advance) {
                    answer = row_memory.run(|| read(old.as_ref().map(|old| old.row(descriptor)).as_ref(), None));
                }
                while answer.is_ok() && new.as_ref().is_some_and(Transition::advance) {
                    answer = row_memory.run(|| read(None, new.as_ref().map(|new| new.row(descriptor)).as_ref()));
                }
            }
        }
        row_memory.end();
        old.into_iter().chain(new).for_each(Transition::end);
        answer
    }

    /// Lets statements of the session read the new rows, under the name that the trigger gives them.
    pub fn register_in(&self, session: &Session) -> Result<()> {
        session.require_innermost()?;
        // SAFETY: the firing, and with it its rows, outlives the session.
        match unsafe { pg_sys::SPI_register_trigger_data(self.data) } {
            status if status < 0 => Err(spi::failed("the new rows of a trigger", status)),
            _ => Ok(()),
        }
    }
}

/// The old or the new rows of a statement, while the trigger reads them. The reader has its own pointer, since other
/// readers use the same store.
struct Transition {
    store: *mut pg_sys::Tuplestorestate,
    pointer: i32,
    slot: *mut pg_sys::TupleTableSlot,
}

impl Transition {
    /// # Safety
    /// The store holds rows of the descriptor's shape, and outlives the answer.
    unsafe fn new(store: *mut pg_sys::Tuplestorestate, descriptor: &Descriptor) -> Transition {
        // SAFETY: by the contract of this function.
        unsafe {
            let pointer = pg_sys::tuplestore_alloc_read_pointer(store, pg_sys::EXEC_FLAG_REWIND as i32);
            pg_sys::tuplestore_select_read_pointer(store, pointer);
            pg_sys::tuplestore_rescan(store);
            let slot = pg_sys::MakeSingleTupleTableSlot(descriptor.raw(), &raw const pg_sys::TTSOpsMinimalTuple);
            Transition { store, pointer, slot }
        }
    }

    fn count(&self) -> i64 {
        // SAFETY: the store exists.
        unsafe { pg_sys::tuplestore_tuple_count(self.store) }
    }

    /// Moves to the next row. Returns whether there is one.
    fn advance(&self) -> bool {
        // SAFETY: the store and its pointer still exist. Other readers may have used the same store since the last row.
        unsafe {
            pg_sys::tuplestore_select_read_pointer(self.store, self.pointer);
            pg_sys::tuplestore_gettupleslot(self.store, true, false, self.slot)
        }
    }

    fn row<'r>(&'r self, descriptor: &'r Descriptor) -> Row<'r> {
        // SAFETY: the slot holds the row until `advance`; its readers keep it no longer.
        unsafe { Row::of_slot(descriptor, self.slot) }
    }

    fn end(self) {
        // SAFETY: the slot was made here, and is not used any more.
        unsafe { pg_sys::ExecDropSingleTupleTableSlot(self.slot) };
    }
}
