//! Changing rows of a table for a caller who may not change them, because an INSERT has made the change necessary.
//!
//! Only the permission is the owner's. The owner plans the command, so that no policy of row-level security is added.
//! Then the permission check of the plan is assigned to the owner, as for the tables of a view, and the caller executes
//! the plan. So every trigger, CHECK and default of the table runs as the caller, as in any UPDATE through a view, with
//! the caller's own search path, and errors show rows only to a caller who may read them.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;

use pgrx::{PgSqlErrorCode, pg_sys};

use super::list::members;
use super::memory;
use super::parameter::{Parameter, Parameters};
use super::relation::Relation;
use super::report::Result;
use super::settings::TidScans;
use super::spi::{Kept, Session};
use super::version::Command;

unsafe extern "C-unwind" {
    // utils/elog.h, which pgrx does not bind.
    fn errhint(format: *const std::ffi::c_char, ...) -> c_int;
}

/// The time at which the AFTER triggers of a command fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// With the AFTER triggers of the statement whose trigger is running: after that trigger returns, at the
    /// statement's level, as the caller. Foreign keys fire the triggers of their cascades that way.
    Statement,
    /// Before the command returns.
    Command,
}

/// A planned command, ready for one execution.
pub struct Planned<'s> {
    plan: *mut pg_sys::CachedPlan,
    /// The plans of the command, and of the commands that rules add.
    statements: Vec<*mut pg_sys::PlannedStmt>,
    source: *const std::ffi::c_char,
    /// The types of the command's parameters.
    types: &'s [pg_sys::Oid],
    marker: PhantomData<&'s Session>,
}

impl Kept {
    /// Plans the command for a change of rows of this table, and acts as the table's owner meanwhile. `None` where a
    /// rule replaces the command.
    pub fn plan<'s>(
        &'s self,
        session: &'s Session,
        relation: &Relation,
        types: &[pg_sys::Oid],
    ) -> Result<Option<Planned<'s>>> {
        session.require_innermost()?;
        let (plan, types) = self.kept(session, types)?;
        // For a small table, a sequential scan looks cheaper than finding rows by their places, and the plan would stay
        // the same when the table has grown.
        let _settings = TidScans::prefer();
        // SAFETY: the saved plan has one command and only one user. Dropping `Planned` releases the plan; if an error
        // unwinds past that, the end of the (sub)transaction does.
        let planned = memory::returning(|| unsafe {
            let sources = members::<pg_sys::CachedPlanSource>(pg_sys::SPI_plan_get_plan_sources(plan.as_ptr()));
            let &[source] = &sources[..] else { return None };
            let plan = pg_sys::SPI_plan_get_cached_plan(plan.as_ptr());
            let statements = members((*plan).stmt_list);
            Some(Planned { plan, statements, source: (*source).query_string, types, marker: PhantomData })
        });
        Ok(planned.filter(|planned| planned.permit(relation)))
    }
}

impl Planned<'_> {
    /// Assigns the permission checks of this table to its owner. Returns whether the plan contains the command itself,
    /// and not only commands that rules have put in its place.
    ///
    /// Rules are still checked as their owner; a check without a role belongs to the command.
    fn permit(&self, relation: &Relation) -> bool {
        let mut is_there = false;
        for &statement in &self.statements {
            // SAFETY: the plan is held. Its lists hold nodes of the named types. The write goes to the plan's own
            // memory, which has no other user, and the value is the same each time: a new owner makes a new plan.
            unsafe {
                if !(*statement).utilityStmt.is_null() {
                    return false;
                }
                #[cfg(feature = "pg15")]
                let checks = members::<pg_sys::RangeTblEntry>((*statement).rtable);
                #[cfg(not(feature = "pg15"))]
                let checks = members::<pg_sys::RTEPermissionInfo>((*statement).permInfos);
                for check in checks {
                    if (*check).relid == relation.oid() && (*check).checkAsUser == pg_sys::InvalidOid {
                        (*check).checkAsUser = relation.owner();
                    }
                }
                is_there |= (*statement).canSetTag
                    && matches!((*statement).commandType, pg_sys::CmdType::CMD_DELETE | pg_sys::CmdType::CMD_UPDATE);
            }
        }
        is_there
    }

    /// Executes the command as the caller, and returns the number of rows it processed. `started` receives the command
    /// number of the snapshot that is active while the command's AFTER triggers fire.
    pub fn execute(&self, parameters: &[Parameter], after: After, started: impl FnOnce(Command)) -> u64 {
        let parameters = Parameters::of_types(parameters, self.types).unwrap_or_else(|error| error.fail());
        let outer = Command::running();
        let mut started = Some(started);
        let mut count = 0;
        // SAFETY: the same steps as SPI's for a command. A transaction is open, and it has a running statement, whose
        // level gets the triggers that are skipped here. The plan and the parameters outlive the execution. The code
        // below ends what begins here; if an error unwinds past that, the end of the (sub)transaction does.
        memory::returning(|| unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            for &statement in &self.statements {
                pg_sys::CommandCounterIncrement();
                pg_sys::UpdateActiveSnapshotCommandId();
                let (flags, during) = match after {
                    After::Statement => (pg_sys::EXEC_FLAG_SKIP_TRIGGERS, outer),
                    After::Command => (0, Command::running()),
                };
                if (*statement).canSetTag
                    && let Some(started) = started.take()
                {
                    started(during);
                }
                let processed = self.execute_one(statement, &parameters, flags);
                count += if (*statement).canSetTag { processed } else { 0 };
            }
            pg_sys::PopActiveSnapshot();
            pg_sys::CommandCounterIncrement();
        });
        count
    }

    /// # Safety
    /// The contract of `execute`, which has set the active snapshot.
    unsafe fn execute_one(&self, statement: *mut pg_sys::PlannedStmt, parameters: &Parameters, flags: u32) -> u64 {
        // SAFETY: by the contract.
        unsafe {
            let query = pg_sys::CreateQueryDesc(
                statement,
                self.source,
                pg_sys::GetActiveSnapshot(),
                std::ptr::null_mut(),
                pg_sys::None_Receiver,
                parameters.list(),
                std::ptr::null_mut(),
                0,
            );
            pg_sys::ExecutorStart(query, flags as c_int);
            #[cfg(not(feature = "pg18"))]
            pg_sys::ExecutorRun(query, pg_sys::ScanDirection::ForwardScanDirection, 0, true);
            #[cfg(feature = "pg18")]
            pg_sys::ExecutorRun(query, pg_sys::ScanDirection::ForwardScanDirection, 0);
            let count = (*(*query).estate).es_processed;
            pg_sys::ExecutorFinish(query);
            pg_sys::ExecutorEnd(query);
            pg_sys::FreeQueryDesc(query);
            count
        }
    }
}

impl Drop for Planned<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the plan was acquired once and is released once, under the same resource owner.
            unsafe { pg_sys::ReleaseCachedPlan(self.plan, pg_sys::CurrentResourceOwner) };
        }
    }
}

/// A change of how errors are reported, as long as this value lives.
pub struct Errors {
    frame: Box<pg_sys::ErrorContextCallback>,
}

impl Errors {
    /// Hides the changed row in errors: PostgreSQL shows the columns that a command sets to the role that runs the
    /// command, but this caller has not set the columns and may not read them.
    pub fn hide_rows() -> Errors {
        Errors::with(hide_row)
    }

    /// Adds a hint to errors about missing privileges: the table's owner can run the command without the restrictions.
    pub fn refer_to_owner() -> Errors {
        Errors::with(refer_to_owner)
    }

    /// Adds a hint to errors about constraints that keep out the NULLs of an erasure.
    pub fn refer_to_constraints() -> Errors {
        Errors::with(refer_to_constraints)
    }

    fn with(callback: unsafe extern "C-unwind" fn(*mut c_void)) -> Errors {
        // SAFETY: a variable of the backend. The frame has a fixed address, and leaves the stack before it is freed.
        unsafe {
            let mut frame = Box::new(pg_sys::ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(callback),
                arg: std::ptr::null_mut(),
            });
            pg_sys::error_context_stack = &mut *frame;
            Errors { frame }
        }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let own = std::ptr::from_mut(&mut *self.frame);
        // SAFETY: the stack is a list of existing frames. Frames above this one stay; if an error has unwound the
        // stack, this frame is no longer in the list. Calls nothing, so it may run while unwinding.
        unsafe {
            let mut link = &raw mut pg_sys::error_context_stack;
            while !(*link).is_null() {
                if *link == own {
                    *link = (*own).previous;
                    break;
                }
                link = &raw mut (**link).previous;
            }
        }
    }
}

unsafe extern "C-unwind" fn hide_row(_argument: *mut c_void) {
    // SAFETY: PostgreSQL calls this function to add to an error that is being reported; the text is a constant without a `%`.
    unsafe {
        if is_one_of(&[PgSqlErrorCode::ERRCODE_CHECK_VIOLATION, PgSqlErrorCode::ERRCODE_NOT_NULL_VIOLATION]) {
            pg_sys::errdetail_internal(c"The row is one that merging changes, and that you may not read.".as_ptr());
        }
    }
}

unsafe extern "C-unwind" fn refer_to_owner(_argument: *mut c_void) {
    // SAFETY: PostgreSQL calls this function to add to an error that is being reported; the text is a constant without a `%`.
    unsafe {
        if is_one_of(&[PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE]) {
            errhint(c"Triggers run within restrictions here. The owner of the table can do it without.".as_ptr());
        }
    }
}

unsafe extern "C-unwind" fn refer_to_constraints(_argument: *mut c_void) {
    // SAFETY: PostgreSQL calls this function to add to an error that is being reported; the text is a constant without a `%`.
    unsafe {
        if is_one_of(&[PgSqlErrorCode::ERRCODE_CHECK_VIOLATION, PgSqlErrorCode::ERRCODE_NOT_NULL_VIOLATION]) {
            errhint(c"An erased value is null, and so is its salt: constraints and domains must allow that.".as_ptr());
        }
    }
}

/// Whether the error that is being reported has one of these SQLSTATEs.
///
/// # Safety
/// An error is being reported.
unsafe fn is_one_of(codes: &[PgSqlErrorCode]) -> bool {
    // SAFETY: by the contract.
    let code = unsafe { pg_sys::geterrcode() };
    codes.iter().any(|&other| other as c_int == code)
}
