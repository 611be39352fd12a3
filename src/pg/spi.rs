//! SQL inside a function. Values are passed as parameters.

use std::cell::{Cell, OnceCell};
use std::ffi::CString;
use std::marker::PhantomData;
use std::ptr::NonNull;

use pgrx::pg_sys;

use super::column::attribute;
use super::composite::Composite;
pub use super::cursor::Cursor;
use super::datum::{FromSql, contents};
use super::defining::Running;
use super::memory;
pub use super::parameter::Parameter;
use super::parameter::Parameters;
use super::report::{Class, Error, Result};
use super::settings::FewRows;
use super::text::taken;
use super::types::base_type;

/// A connection to SPI, for as long as a closure runs.
pub struct Session {
    /// The number of open connections, including this one. SPI's allocations belong to the innermost.
    depth: u32,
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// One count for an open connection, taken back also if an error ends the connection.
struct Connected;

impl Drop for Connected {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Connects, runs `body`, disconnects. What `body` returns cannot point into SPI's memory, which has the session's lifetime.
pub fn connect<T>(body: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
    // SAFETY: paired with `SPI_finish` below; if an error unwinds past that, the end of the transaction cleans up.
    unsafe { pg_sys::SPI_connect() };
    DEPTH.set(DEPTH.get() + 1);
    let connected = Connected;
    let answer = body(&Session { depth: DEPTH.get() });
    drop(connected);
    // SAFETY: `SPI_connect` was called above, and every connection made since has been finished.
    unsafe { pg_sys::SPI_finish() };
    answer
}

impl Session {
    /// Runs a command that may write.
    pub fn run(&self, sql: &str, parameters: &[Parameter]) -> Result<u64> {
        self.execute(sql, parameters, false).map(|table| table.processed)
    }

    /// Reads rows, with a snapshot that sees all changes so far.
    pub fn query(&self, sql: &str, parameters: &[Parameter]) -> Result<Table<'_>> {
        self.execute(sql, parameters, false)
    }

    /// Reads rows with the snapshot of the calling statement; may use parallel workers.
    pub fn query_as_caller(&self, sql: &str, parameters: &[Parameter]) -> Result<Table<'_>> {
        self.execute(sql, parameters, true)
    }

    /// The error, if another connection was made within this one: SPI's calls would use that connection.
    pub(super) fn require_innermost(&self) -> Result<()> {
        if self.depth == DEPTH.get() { Ok(()) } else { Err(Error::mismatch("an outer connection")) }
    }

    fn execute(&self, sql: &str, parameters: &[Parameter], read_only: bool) -> Result<Table<'_>> {
        self.require_innermost()?;
        let (text, mut p) = (statement(sql)?, Parameters::of(parameters));
        let _running = Running::begin(sql);
        // SAFETY: the vectors have a member for each parameter, and outlive the call.
        memory::returning(|| unsafe {
            let status = pg_sys::SPI_execute_with_args(
                text.as_ptr(),
                p.types.len() as i32,
                p.types.as_mut_ptr(),
                p.values.as_mut_ptr(),
                p.nulls.as_ptr(),
                read_only,
                0,
            );
            if status < 0 {
                return Err(failed(sql, status));
            }
            Ok(Table { raw: pg_sys::SPI_tuptable, processed: pg_sys::SPI_processed, session: PhantomData })
        })
    }

    /// Prepares a command for many executions.
    pub fn prepare(&self, sql: &str, types: &[pg_sys::Oid]) -> Result<Prepared<'_>> {
        self.prepare_with(sql, types, 0)
    }

    fn prepare_with(&self, sql: &str, types: &[pg_sys::Oid], options: u32) -> Result<Prepared<'_>> {
        self.require_innermost()?;
        let (text, mut types) = (statement(sql)?, types.to_vec());
        // SAFETY: the vector has a member for each parameter. The plan goes with the connection.
        let plan = memory::returning(|| unsafe {
            pg_sys::SPI_prepare_cursor(text.as_ptr(), types.len() as i32, types.as_mut_ptr(), options as i32)
        });
        let plan = NonNull::new(plan).ok_or_else(|| failed(sql, -1))?;
        Ok(Prepared { plan, types, session: self })
    }

    /// Opens a cursor. `as_caller`: with the snapshot of the calling statement.
    pub fn cursor(&self, sql: &str, parameters: &[Parameter], as_caller: bool) -> Result<Cursor<'_>> {
        self.require_innermost()?;
        let (text, mut p) = (statement(sql)?, Parameters::of(parameters));
        // SAFETY: the vectors have a member for each parameter, and are copied; an unnamed portal that is only read forwards.
        memory::returning(|| unsafe {
            let portal = pg_sys::SPI_cursor_open_with_args(
                std::ptr::null(),
                text.as_ptr(),
                p.types.len() as i32,
                p.types.as_mut_ptr(),
                p.values.as_mut_ptr(),
                p.nulls.as_ptr(),
                as_caller,
                pg_sys::CURSOR_OPT_NO_SCROLL as i32,
            );
            Ok(Cursor::new(portal, self))
        })
    }
}

/// A command that is prepared when it is first needed, and kept as long as the backend.
pub struct Kept {
    sql: String,
    plan: OnceCell<(NonNull<pg_sys::_SPI_plan>, Vec<pg_sys::Oid>)>,
}

impl Kept {
    /// A command that has not run yet.
    pub fn new(sql: String) -> Kept {
        Kept { sql, plan: OnceCell::new() }
    }

    /// Reads rows, with a snapshot that sees all changes so far. The types of parameters are those of the first run.
    pub fn query<'s>(&self, session: &'s Session, parameters: &[Parameter]) -> Result<Table<'s>> {
        self.execute(session, parameters, false)
    }

    /// Opens a cursor, as [`Session::cursor`] does, with a plan for few rows.
    pub fn cursor_of_few<'s>(
        &self,
        session: &'s Session,
        parameters: &[Parameter],
        as_caller: bool,
    ) -> Result<Cursor<'s>> {
        session.require_innermost()?;
        let types: Vec<_> = parameters.iter().map(Parameter::type_id).collect();
        let (plan, types) = self.kept(session, &types)?;
        let mut p = Parameters::of_types(parameters, types)?;
        let _settings = FewRows::expect();
        // SAFETY: the plan takes parameters of these types; the vectors have a member for each, and are copied. An unnamed portal.
        memory::returning(|| unsafe {
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan.as_ptr(),
                p.values.as_mut_ptr(),
                p.nulls.as_ptr(),
                as_caller,
            );
            Ok(Cursor::new(portal, session))
        })
    }

    /// Reads rows with the snapshot of the calling statement, or with its replacement.
    pub fn query_as_caller<'s>(&self, session: &'s Session, parameters: &[Parameter]) -> Result<Table<'s>> {
        self.execute(session, parameters, true)
    }

    /// Runs the command, and returns the number of processed rows.
    pub fn run(&self, session: &Session, parameters: &[Parameter]) -> Result<u64> {
        Ok(self.execute(session, parameters, false)?.processed)
    }

    fn execute<'s>(&self, session: &'s Session, parameters: &[Parameter], read_only: bool) -> Result<Table<'s>> {
        let types: Vec<_> = parameters.iter().map(Parameter::type_id).collect();
        let (plan, types) = self.kept(session, &types)?;
        // SAFETY: the plan belongs to this value, and takes parameters of these types.
        unsafe { execute_plan(session, *plan, types, parameters, read_only) }
    }

    pub(super) fn kept(
        &self,
        session: &Session,
        types: &[pg_sys::Oid],
    ) -> Result<&(NonNull<pg_sys::_SPI_plan>, Vec<pg_sys::Oid>)> {
        if let Some(kept) = self.plan.get() {
            return Ok(kept);
        }
        // One plan for all parameters: planning a command anew costs more than running it.
        let prepared = session.prepare_with(&self.sql, types, pg_sys::CURSOR_OPT_GENERIC_PLAN)?;
        // SAFETY: the plan was just made, and belongs to this value from now on.
        unsafe { pg_sys::SPI_keepplan(prepared.plan.as_ptr()) };
        Ok(self.plan.get_or_init(|| (prepared.plan, prepared.types)))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some((plan, _)) = self.plan.get()
            && !std::thread::panicking()
        {
            // SAFETY: the plan belongs to this value. No running plan is freed: the code that runs it holds this `Kept`.
            unsafe { pg_sys::SPI_freeplan(plan.as_ptr()) };
        }
    }
}

/// A prepared command.
pub struct Prepared<'s> {
    plan: NonNull<pg_sys::_SPI_plan>,
    types: Vec<pg_sys::Oid>,
    session: &'s Session,
}

impl Prepared<'_> {
    /// Runs the command and returns the number of processed rows.
    pub fn run(&self, parameters: &[Parameter]) -> Result<u64> {
        // SAFETY: the plan belongs to the open connection, and takes parameters of these types.
        let table = unsafe { execute_plan(self.session, self.plan, &self.types, parameters, false) };
        table.map(|table| table.processed)
    }
}

/// # Safety
/// The plan exists, and takes parameters of these types.
unsafe fn execute_plan<'s>(
    session: &'s Session,
    plan: NonNull<pg_sys::_SPI_plan>,
    types: &[pg_sys::Oid],
    parameters: &[Parameter],
    read_only: bool,
) -> Result<Table<'s>> {
    session.require_innermost()?;
    let mut p = Parameters::of_types(parameters, types)?;
    // SAFETY: by the contract of this function; the vectors have a member for each parameter of the plan.
    memory::returning(|| unsafe {
        let status = pg_sys::SPI_execute_plan(plan.as_ptr(), p.values.as_mut_ptr(), p.nulls.as_ptr(), read_only, 0);
        if status < 0 {
            return Err(failed("prepared command", status));
        }
        Ok(Table { raw: pg_sys::SPI_tuptable, processed: pg_sys::SPI_processed, session: PhantomData })
    })
}

/// Rows that one query has read.
pub struct Table<'s> {
    raw: *mut pg_sys::SPITupleTable,
    processed: u64,
    session: PhantomData<&'s Session>,
}

/// One fetched row.
#[derive(Clone, Copy)]
pub struct Fetched<'t> {
    tuple: pg_sys::HeapTuple,
    descriptor: pg_sys::TupleDesc,
    table: PhantomData<&'t ()>,
}

impl Table<'_> {
    /// The fetched rows.
    pub fn rows(&self) -> impl Iterator<Item = Fetched<'_>> {
        // SAFETY: a tuple table has `processed` tuples.
        (0..if self.raw.is_null() { 0 } else { self.processed as usize }).map(|i| unsafe {
            Fetched { tuple: *(*self.raw).vals.add(i), descriptor: (*self.raw).tupdesc, table: PhantomData }
        })
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.processed == 0
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        if !self.raw.is_null() && !std::thread::panicking() {
            // SAFETY: SPI made the table for this value; it is freed once, while connected.
            unsafe { pg_sys::SPI_freetuptable(self.raw) };
        }
    }
}

impl<'t> Fetched<'t> {
    /// # Safety
    /// The tuple is of this shape, and both live as long as what the value borrows.
    pub(super) unsafe fn new(tuple: pg_sys::HeapTuple, descriptor: pg_sys::TupleDesc) -> Fetched<'t> {
        Fetched { tuple, descriptor, table: PhantomData }
    }

    /// The value at `position`, which must be of an expected type; another type is an error of the statement.
    pub(super) fn typed(&self, position: usize, is_expected: impl Fn(pg_sys::Oid) -> bool) -> Option<pg_sys::Datum> {
        // SAFETY: the descriptor is that of the tuple, and has as many attributes as it says.
        let is_expected = unsafe {
            position < (*self.descriptor).natts as usize && is_expected(attribute(self.descriptor, position).atttypid)
        };
        if !is_expected {
            Error::mismatch("the answer of a statement").fail();
        }
        let mut null = false;
        // SAFETY: the tuple is of the descriptor's type, and has this position.
        let datum = unsafe { pg_sys::SPI_getbinval(self.tuple, self.descriptor, position as i32 + 1, &mut null) };
        (!null).then_some(datum)
    }

    /// The value at `position`, counted from zero; `None` for NULL.
    pub fn get<T: FromSql>(&self, position: usize) -> Option<T> {
        // SAFETY: the value is of a type that `T` accepts.
        self.typed(position, T::accepts).map(|datum| unsafe { T::from_sql(datum) })
    }

    /// The text of the value at `position`, by the output function of its type; casts to text are not used.
    pub fn text(&self, position: usize) -> Option<String> {
        // SAFETY: the tuple is of the descriptor's type; the answer is a NUL-terminated string, or NULL, also if there
        // is no such position.
        unsafe {
            let text = pg_sys::SPI_getvalue(self.tuple, self.descriptor, position as i32 + 1);
            (!text.is_null()).then(|| taken(text))
        }
    }

    /// The container of the `jsonb`, or of a domain over it, at `position`. A value that had to be fetched or
    /// decompressed is the caller's, so that a batch of rows takes no more memory than the rows themselves.
    pub fn jsonb(&self, position: usize) -> Option<std::borrow::Cow<'t, [u8]>> {
        let datum = self.typed(position, |type_id| base_type(type_id) == pg_sys::JSONBOID)?;
        // SAFETY: a `jsonb`, which lives as long as the table that was read.
        Some(unsafe { contents(datum) })
    }

    /// The composite value at `position`; `None` for NULL.
    pub fn composite(&self, position: usize) -> Option<Composite<'t>> {
        // SAFETY: takes any type's oid.
        let is_row = |type_id| type_id == pg_sys::RECORDOID || unsafe { pg_sys::type_is_rowtype(type_id) };
        // SAFETY: the value is a composite, which lives as long as the table that was read.
        self.typed(position, is_row).map(|datum| unsafe { Composite::from_datum(datum) })
    }

    /// The value at `position`, as a parameter for another statement.
    pub fn parameter(&self, position: usize) -> Parameter<'t> {
        let datum = self.typed(position, |_| true);
        // SAFETY: the descriptor has this position, since `typed` refuses any other; the value lives as long as the table.
        unsafe { Parameter::borrowed(attribute(self.descriptor, position).atttypid, datum) }
    }

    /// The `tid` at `position`, as a parameter for another statement.
    pub fn tid(&self, position: usize) -> Parameter<'t> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::TIDOID);
        // SAFETY: the value is a `tid`, which lives as long as the table that was read.
        unsafe { Parameter::borrowed(pg_sys::TIDOID, datum) }
    }
}

fn statement(sql: &str) -> Result<CString> {
    CString::new(sql).map_err(|_| Error::new(Class::Argument, "an identifier must not contain a NUL character"))
}

pub(super) fn failed(sql: &str, status: i32) -> Error {
    Error::new(Class::Internal, format!("internal statement failed with SPI status {status}")).detail(sql.to_string())
}
