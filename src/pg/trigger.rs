//! Triggers: their definitions, and their firings.

use std::marker::PhantomData;

use pgrx::pg_sys;

use super::answer::{Answer, CallNumber, running};
use super::function::Call;
use super::relation::{Borrowed, Relation};
use super::report::{Class, Error, Result};
use super::row::{Descriptor, Row};
use super::text::string;
use super::version::Tid;

/// A trigger of a relation.
#[derive(Clone, Debug)]
pub struct TriggerInfo {
    /// The oid of the trigger.
    pub oid: pg_sys::Oid,
    /// The trigger's name.
    pub name: String,
    /// The function that the trigger executes.
    pub function: pg_sys::Oid,
    /// The events and the timing of the trigger; see the methods.
    kind: u32,
    /// Whether the trigger fires; see [`TriggerInfo::enabled`].
    state: u8,
    /// Whether the trigger is a clone from the partitioned table above.
    pub clone: bool,
    /// Whether the trigger has a WHEN condition or a column list, so that it does not fire for every row.
    pub conditional: bool,
    /// The other table that a constraint trigger names: `FROM other`.
    pub referenced: Option<pg_sys::Oid>,
    /// Whether the trigger can fire at the end of the transaction, and whether it does so unless told otherwise.
    pub deferral: (bool, bool),
    /// Whether the trigger names the new rows of the statement: REFERENCING NEW TABLE.
    has_new_table: bool,
    /// Whether the trigger names the old rows of the statement: REFERENCING OLD TABLE.
    has_old_table: bool,
    /// The arguments after the function's name.
    pub arguments: Vec<String>,
}

impl TriggerInfo {
    /// # Safety
    /// The trigger is one of an open relation.
    pub(super) unsafe fn of(trigger: &pg_sys::Trigger) -> TriggerInfo {
        TriggerInfo {
            oid: trigger.tgoid,
            // SAFETY: a name is NUL-terminated.
            name: unsafe { string(trigger.tgname) },
            function: trigger.tgfoid,
            kind: trigger.tgtype as u32,
            state: trigger.tgenabled as u8,
            clone: trigger.tgisclone,
            conditional: !trigger.tgqual.is_null() || trigger.tgnattr > 0,
            referenced: (trigger.tgconstrrelid != pg_sys::InvalidOid).then_some(trigger.tgconstrrelid),
            deferral: (trigger.tgdeferrable, trigger.tginitdeferred),
            has_new_table: !trigger.tgnewtable.is_null(),
            has_old_table: !trigger.tgoldtable.is_null(),
            // SAFETY: `tgargs` has `tgnargs` NUL-terminated strings.
            arguments: (0..trigger.tgnargs as usize).map(|i| unsafe { string(*trigger.tgargs.add(i)) }).collect(),
        }
    }

    const EVENTS: u32 = pg_sys::TRIGGER_TYPE_INSERT
        | pg_sys::TRIGGER_TYPE_UPDATE
        | pg_sys::TRIGGER_TYPE_DELETE
        | pg_sys::TRIGGER_TYPE_TRUNCATE;

    /// Whether the trigger fires in ordinary sessions: not disabled, and not for replication alone.
    pub fn enabled(&self) -> bool {
        matches!(self.state, pg_sys::TRIGGER_FIRES_ON_ORIGIN | pg_sys::TRIGGER_FIRES_ALWAYS)
    }

    /// The clause of ALTER TABLE that gives a trigger the state of this one.
    pub fn state_sql(&self) -> &'static str {
        match self.state {
            pg_sys::TRIGGER_FIRES_ALWAYS => "ENABLE ALWAYS",
            pg_sys::TRIGGER_FIRES_ON_REPLICA => "ENABLE REPLICA",
            pg_sys::TRIGGER_DISABLED => "DISABLE",
            _ => "ENABLE",
        }
    }

    /// Whether the trigger is BEFORE INSERT FOR EACH ROW, among any other events.
    pub fn before_insert_row(&self) -> bool {
        self.before() && self.row() && self.kind & pg_sys::TRIGGER_TYPE_INSERT != 0
    }

    /// Whether the trigger is BEFORE UPDATE FOR EACH ROW, among any other events.
    pub fn before_update_row(&self) -> bool {
        self.before() && self.row() && self.kind & pg_sys::TRIGGER_TYPE_UPDATE != 0
    }

    /// Whether the trigger is BEFORE DELETE FOR EACH ROW, among any other events.
    pub fn before_delete_row(&self) -> bool {
        self.before() && self.row() && self.kind & pg_sys::TRIGGER_TYPE_DELETE != 0
    }

    /// Whether the trigger is exactly BEFORE INSERT FOR EACH ROW.
    pub fn precedes_insert(&self) -> bool {
        self.before() && self.row() && self.kind & Self::EVENTS == pg_sys::TRIGGER_TYPE_INSERT
    }

    /// Whether the trigger is BEFORE UPDATE OR DELETE FOR EACH ROW.
    pub fn guards_rows(&self) -> bool {
        let events = pg_sys::TRIGGER_TYPE_UPDATE | pg_sys::TRIGGER_TYPE_DELETE;
        self.before() && self.row() && self.kind & Self::EVENTS & events == events
    }

    /// Whether the trigger is BEFORE TRUNCATE FOR EACH STATEMENT.
    pub fn guards_table(&self) -> bool {
        self.before() && !self.row() && self.kind & pg_sys::TRIGGER_TYPE_TRUNCATE != 0
    }

    /// Whether the trigger fires exactly AFTER this event FOR EACH STATEMENT, with all the rows that the event has as
    /// tables: the old rows of an UPDATE only if `with_old`.
    pub fn follows(&self, event: Event, with_old: bool) -> bool {
        let (kind, new, old) = match event {
            Event::Insert => (pg_sys::TRIGGER_TYPE_INSERT, true, false),
            Event::Update => (pg_sys::TRIGGER_TYPE_UPDATE, true, with_old),
            Event::Delete => (pg_sys::TRIGGER_TYPE_DELETE, false, true),
            Event::Truncate => (pg_sys::TRIGGER_TYPE_TRUNCATE, false, false),
        };
        let timing = pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_INSTEAD;
        self.kind & timing == 0
            && !self.row()
            && self.kind & Self::EVENTS == kind
            && (self.has_new_table || !new)
            && (self.has_old_table || !old)
    }

    /// Whether the trigger fires exactly AFTER these events FOR EACH ROW, names another table, and can be deferred.
    pub fn follows_rows(&self, events: &[Event]) -> bool {
        let kind = events.iter().fold(0, |kind, event| kind | event.kind());
        self.referenced.is_some()
            && self.deferral.0
            && self.row()
            && self.kind & (pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_INSTEAD) == 0
            && self.kind & Self::EVENTS == kind
    }

    /// Whether the trigger only names another table: a constraint trigger AFTER DELETE that has a condition.
    pub fn refers(&self) -> bool {
        let timing = pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_INSTEAD;
        self.referenced.is_some()
            && self.conditional
            && self.row()
            && self.kind & timing == 0
            && self.kind & Self::EVENTS == pg_sys::TRIGGER_TYPE_DELETE
    }

    fn before(&self) -> bool {
        self.kind & (pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_INSTEAD) == pg_sys::TRIGGER_TYPE_BEFORE
    }

    fn row(&self) -> bool {
        self.kind & pg_sys::TRIGGER_TYPE_ROW != 0
    }
}

impl Relation {
    /// The relation's triggers that are not internal to constraints.
    pub fn triggers(&self) -> Vec<TriggerInfo> {
        // SAFETY: the trigger descriptor of an open relation, if there is one, holds `numtriggers` triggers.
        let triggers = unsafe {
            let descriptor = (*self.raw()).trigdesc;
            if descriptor.is_null() {
                return Vec::new();
            }
            std::slice::from_raw_parts((*descriptor).triggers, (*descriptor).numtriggers as usize)
        };
        // PostgreSQL sets `tgisinternal` on foreign keys' triggers; a clone on a partition is not internal in that sense.
        // SAFETY: the triggers belong to the relation.
        triggers.iter().filter(|trigger| !trigger.tgisinternal).map(|t| unsafe { TriggerInfo::of(t) }).collect()
    }
}

/// The event of a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// INSERT
    Insert,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
    /// TRUNCATE
    Truncate,
}

impl Event {
    fn kind(self) -> u32 {
        match self {
            Event::Insert => pg_sys::TRIGGER_TYPE_INSERT,
            Event::Update => pg_sys::TRIGGER_TYPE_UPDATE,
            Event::Delete => pg_sys::TRIGGER_TYPE_DELETE,
            Event::Truncate => pg_sys::TRIGGER_TYPE_TRUNCATE,
        }
    }
}

/// One firing of a trigger.
pub struct Firing<'call> {
    pub(super) data: *mut pg_sys::TriggerData,
    call: CallNumber,
    marker: PhantomData<&'call ()>,
}

impl<'call> Call<'call> {
    /// The firing that called this function.
    pub fn firing(&self) -> Result<Firing<'call>> {
        // SAFETY: the context of a call is NULL or a node.
        let data = unsafe { (*self.info()).context };
        // SAFETY: a node begins with its tag.
        if data.is_null() || unsafe { (*data).type_ } != pg_sys::NodeTag::T_TriggerData {
            return Err(self.not_called_by("trigger manager", Class::TriggerProtocol));
        }
        Ok(Firing { data: data.cast(), call: running(), marker: PhantomData })
    }
}

impl<'call> Firing<'call> {
    /// Whether the firing UPDATE sets the column at `place`, maybe to the same value.
    pub fn sets(&self, place: usize) -> bool {
        let number = place as i32 + 1 - pg_sys::FirstLowInvalidHeapAttributeNumber;
        // SAFETY: the trigger manager gives the columns of an UPDATE, and NULL, an empty set, for other events.
        unsafe { pg_sys::bms_is_member(number, (*self.data).tg_updatedcols) }
    }

    pub(super) fn data(&self) -> &'call pg_sys::TriggerData {
        // SAFETY: the pointer is valid during the call.
        unsafe { &*self.data }
    }

    /// The relation of the row or statement: the partition, if rows go through a partitioned table.
    pub fn relation(&self) -> Borrowed<'call> {
        // SAFETY: the relation is open during the call.
        unsafe { Relation::borrowed(self.data().tg_relation) }
    }

    /// The oid of the firing's relation.
    pub fn relation_oid(&self) -> pg_sys::Oid {
        self.relation().oid()
    }

    /// The oid of the trigger.
    pub fn trigger_oid(&self) -> pg_sys::Oid {
        // SAFETY: the pointer is valid during the call.
        unsafe { (*self.data().tg_trigger).tgoid }
    }

    /// Whether the trigger is a clone from a partitioned table above.
    pub fn is_of_clone(&self) -> bool {
        // SAFETY: the pointer is valid during the call.
        unsafe { (*self.data().tg_trigger).tgisclone }
    }

    /// The arguments of the trigger.
    pub fn arguments(&self) -> Vec<String> {
        // SAFETY: the pointer is valid during the call; the trigger is one of the open relation.
        unsafe { TriggerInfo::of(&*self.data().tg_trigger) }.arguments
    }

    /// The event of the firing.
    pub fn event(&self) -> Event {
        match self.data().tg_event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_INSERT => Event::Insert,
            pg_sys::TRIGGER_EVENT_UPDATE => Event::Update,
            pg_sys::TRIGGER_EVENT_DELETE => Event::Delete,
            _ => Event::Truncate,
        }
    }

    /// Whether the trigger fires BEFORE, for each row.
    pub fn is_before_row(&self) -> bool {
        let event = self.data().tg_event;
        event & pg_sys::TRIGGER_EVENT_ROW != 0
            && event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_BEFORE
    }

    /// Whether the trigger fires FOR EACH STATEMENT.
    pub fn is_for_statement(&self) -> bool {
        self.data().tg_event & pg_sys::TRIGGER_EVENT_ROW == 0
    }

    /// Whether the trigger fires AFTER, for each row.
    pub fn is_after_row(&self) -> bool {
        let event = self.data().tg_event;
        event & pg_sys::TRIGGER_EVENT_ROW != 0
            && event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_AFTER
    }

    /// Whether the trigger fires AFTER, for the statement.
    pub fn is_after_statement(&self) -> bool {
        let event = self.data().tg_event;
        event & pg_sys::TRIGGER_EVENT_ROW == 0
            && event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_AFTER
    }

    /// Whether the trigger fires BEFORE.
    pub fn is_before(&self) -> bool {
        self.data().tg_event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_BEFORE
    }

    /// The inserted, deleted or updated row. Only in a row trigger.
    pub fn row<'r>(&self, descriptor: &'r Descriptor) -> Row<'r>
    where
        'call: 'r,
    {
        self.take_apart(descriptor, self.data().tg_trigtuple)
    }

    /// The place of the firing's row in its table, as the number of its block and the number in the block. Only in a row trigger.
    pub fn place(&self) -> (u32, u16) {
        let tuple = self.data().tg_trigtuple;
        if tuple.is_null() {
            Error::mismatch("a row that the trigger has not").fail();
        }
        // SAFETY: the tuple is valid during the call.
        unsafe {
            let place = (*tuple).t_self;
            (u32::from(place.ip_blkid.bi_hi) << 16 | u32::from(place.ip_blkid.bi_lo), place.ip_posid)
        }
    }

    /// The new version of an updated row. Only in a row trigger for UPDATE.
    pub fn new_row<'r>(&self, descriptor: &'r Descriptor) -> Row<'r>
    where
        'call: 'r,
    {
        self.take_apart(descriptor, self.data().tg_newtuple)
    }

    /// The place of the deleted row, or of the old version of the updated row. Only in a row trigger.
    pub fn old_place(&self) -> Tid {
        let tuple = self.data().tg_trigtuple;
        if tuple.is_null() {
            Error::mismatch("a row that the trigger has not").fail();
        }
        // SAFETY: the tuple is valid during the call.
        Tid::of(unsafe { (*tuple).t_self })
    }

    /// The name of the trigger.
    pub fn trigger_name(&self) -> String {
        // SAFETY: the pointer is valid during the call; a name is NUL-terminated.
        unsafe { string((*self.data().tg_trigger).tgname) }
    }

    fn take_apart<'r>(&self, descriptor: &'r Descriptor, tuple: pg_sys::HeapTuple) -> Row<'r>
    where
        'call: 'r,
    {
        if tuple.is_null() {
            Error::mismatch("a row that the trigger has not").fail();
        }
        // SAFETY: the tuple belongs to the relation, has the descriptor's shape, and is valid during the call.
        unsafe {
            descriptor.require_fit(self.relation().descriptor());
            Row::of_tuple(descriptor, tuple).of_firing()
        }
    }

    /// Lets the update proceed.
    pub fn pass_update(&self) -> Answer {
        Answer::made(pg_sys::Datum::from(self.data().tg_newtuple), self.call)
    }

    /// Lets the insertion or deletion proceed.
    pub fn pass_row(&self) -> Answer {
        Answer::made(pg_sys::Datum::from(self.data().tg_trigtuple), self.call)
    }
}

/// Makes a trigger that was cloned from a partitioned table one of its own relation: PostgreSQL leaves the clone of a constraint
/// trigger that names another table on a partition that is detached, and does not let it be dropped.
pub fn forget_parent(trigger: pg_sys::Oid) {
    // SAFETY: opens and closes the catalog of triggers; the trigger exists, or PostgreSQL raises an error.
    unsafe {
        let catalog = pg_sys::table_open(pg_sys::TriggerRelationId, pg_sys::RowExclusiveLock as i32);
        pg_sys::TriggerSetParentTrigger(catalog, trigger, pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::table_close(catalog, pg_sys::RowExclusiveLock as i32);
        pg_sys::CommandCounterIncrement();
    }
}

/// The nesting depth of triggers: 0 outside of any trigger.
pub fn depth() -> i32 {
    // SAFETY: the function takes no argument, and reads a variable of the backend.
    unsafe { pg_sys::pg_trigger_depth(std::ptr::null_mut()).value() as i32 }
}

/// Whether the session applies changes that were made elsewhere (`session_replication_role = replica`).
pub fn is_replica() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::SessionReplicationRole == pg_sys::SESSION_REPLICATION_ROLE_REPLICA as i32 }
}
