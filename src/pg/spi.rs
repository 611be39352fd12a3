//! SQL from inside a function. Values go in as parameters.

use std::cell::Cell;
use std::ffi::{CString, c_char};
use std::marker::PhantomData;
use std::ptr::NonNull;

use pgrx::{FromDatum, IntoDatum, pg_sys};
use veritable_period::Period;

use super::memory;
use super::period::{Bound, RangeType, Refusal};
use super::report::{Class, Error, Result};
use super::row::Composite;
use super::trigger::Firing;

/// A connection to SPI, for as long as a closure runs.
pub struct Session(());

/// Connects, runs `body`, disconnects. What `body` returns must not point into SPI's memory.
pub fn connect<T>(body: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
    // SAFETY: paired with `SPI_finish` below; an error unwinds past it, and the end of the transaction cleans up.
    unsafe { pg_sys::SPI_connect() };
    let answer = body(&Session(()));
    // SAFETY: see above.
    unsafe { pg_sys::SPI_finish() };
    answer
}

/// A parameter of a statement, or its being NULL.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    type_id: pg_sys::Oid,
    value: Option<pg_sys::Datum>,
    marker: PhantomData<&'a ()>,
}

impl<T: IntoDatum> From<T> for Parameter<'_> {
    fn from(value: T) -> Self {
        Parameter { type_id: T::type_oid(), value: value.into_datum(), marker: PhantomData }
    }
}

impl Parameter<'_> {
    pub(super) fn of_type(type_id: pg_sys::Oid, value: Option<pg_sys::Datum>) -> Self {
        Parameter { type_id, value, marker: PhantomData }
    }
}

/// The parameters of a statement, as SPI takes them.
pub(super) struct Parameters {
    types: Vec<pg_sys::Oid>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<c_char>,
}

impl Parameters {
    pub(super) fn of(parameters: &[Parameter]) -> Parameters {
        Parameters {
            types: parameters.iter().map(|p| p.type_id).collect(),
            values: parameters.iter().map(|p| p.value.unwrap_or(pg_sys::Datum::null())).collect(),
            nulls: parameters.iter().map(|p| if p.value.is_some() { b' ' } else { b'n' } as c_char).collect(),
        }
    }

    /// The same, as the executor takes them: values that do not change while the statement runs.
    pub(super) fn list(&self) -> pg_sys::ParamListInfo {
        // SAFETY: the list has a member for each parameter.
        unsafe {
            let list = pg_sys::makeParamList(self.types.len() as i32);
            let members = (*list).params.as_mut_ptr();
            for (number, &type_id) in self.types.iter().enumerate() {
                *members.add(number) = pg_sys::ParamExternData {
                    value: self.values[number],
                    isnull: self.nulls[number] != b' ' as c_char,
                    pflags: pg_sys::PARAM_FLAG_CONST as u16,
                    ptype: type_id,
                };
            }
            list
        }
    }
}

impl Session {
    /// Runs a command that may write.
    pub fn run(&self, sql: &str, parameters: &[Parameter]) -> Result<u64> {
        self.execute(sql, parameters, false).map(|table| table.processed)
    }

    /// Reads rows, with a snapshot that sees all that was done so far.
    pub fn query(&self, sql: &str, parameters: &[Parameter]) -> Result<Table<'_>> {
        self.execute(sql, parameters, false)
    }

    /// Reads rows with the snapshot of the calling statement; may use parallel workers.
    pub fn query_as_caller(&self, sql: &str, parameters: &[Parameter]) -> Result<Table<'_>> {
        self.execute(sql, parameters, true)
    }

    fn execute(&self, sql: &str, parameters: &[Parameter], read_only: bool) -> Result<Table<'_>> {
        let (text, mut p) = (statement(sql)?, Parameters::of(parameters));
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

    /// Lets statements of this session read the new rows of the firing, under the name that its trigger gives them.
    pub fn with_new_rows(&self, firing: &Firing) -> Result<()> {
        // SAFETY: the firing, and with it its rows, outlives the session.
        match unsafe { pg_sys::SPI_register_trigger_data(firing.raw()) } {
            status if status < 0 => Err(failed("the new rows of a trigger", status)),
            _ => Ok(()),
        }
    }

    /// Prepares a command that is run many times.
    pub fn prepare(&self, sql: &str, types: &[pg_sys::Oid]) -> Result<Prepared<'_>> {
        self.prepare_with(sql, types, 0)
    }

    fn prepare_with(&self, sql: &str, types: &[pg_sys::Oid], options: u32) -> Result<Prepared<'_>> {
        let (text, mut types) = (statement(sql)?, types.to_vec());
        // SAFETY: the vector has a member for each parameter. The plan goes with the connection.
        let plan = memory::returning(|| unsafe {
            pg_sys::SPI_prepare_cursor(text.as_ptr(), types.len() as i32, types.as_mut_ptr(), options as i32)
        });
        NonNull::new(plan).map(|plan| Prepared { plan, session: PhantomData }).ok_or_else(|| failed(sql, -1))
    }

    /// Opens a cursor. `as_caller`: with the snapshot of the calling statement.
    pub fn cursor(&self, sql: &str, parameters: &[Parameter], as_caller: bool) -> Result<Cursor<'_>> {
        let (text, mut p) = (statement(sql)?, Parameters::of(parameters));
        // SAFETY: as in `execute`; an unnamed portal that is read only forwards.
        let portal = memory::returning(|| unsafe {
            pg_sys::SPI_cursor_open_with_args(
                std::ptr::null(),
                text.as_ptr(),
                p.types.len() as i32,
                p.types.as_mut_ptr(),
                p.values.as_mut_ptr(),
                p.nulls.as_ptr(),
                as_caller,
                pg_sys::CURSOR_OPT_NO_SCROLL as i32,
            )
        });
        Ok(Cursor { portal, session: PhantomData })
    }
}

/// A command that is prepared when it is first needed, and kept for as long as the backend.
pub struct Kept {
    sql: String,
    plan: Cell<SPIPlanPtr>,
}

type SPIPlanPtr = *mut pg_sys::_SPI_plan;

impl Kept {
    /// A command that has not been run yet.
    pub fn new(sql: String) -> Kept {
        Kept { sql, plan: Cell::new(std::ptr::null_mut()) }
    }

    /// Reads rows, with a snapshot that sees all that was done so far.
    pub fn query<'s>(&self, session: &'s Session, parameters: &[Parameter]) -> Result<Table<'s>> {
        let types: Vec<_> = parameters.iter().map(|parameter| parameter.type_id).collect();
        Prepared { plan: self.kept(session, &types)?, session: PhantomData }.execute(parameters, false)
    }

    /// Reads rows with the snapshot of the calling statement, or one that was put in its place. The types of parameters are
    /// those of the first run.
    pub fn query_as_caller<'s>(&self, session: &'s Session, parameters: &[Parameter]) -> Result<Table<'s>> {
        let types: Vec<_> = parameters.iter().map(|parameter| parameter.type_id).collect();
        Prepared { plan: self.kept(session, &types)?, session: PhantomData }.execute(parameters, true)
    }

    // One plan for all parameters: to plan a command anew costs more than to run it.
    pub(super) fn kept(&self, session: &Session, types: &[pg_sys::Oid]) -> Result<NonNull<pg_sys::_SPI_plan>> {
        if self.plan.get().is_null() {
            let prepared = session.prepare_with(&self.sql, types, pg_sys::CURSOR_OPT_GENERIC_PLAN)?;
            // SAFETY: a plan just made, which from now on is ours.
            unsafe { pg_sys::SPI_keepplan(prepared.plan.as_ptr()) };
            self.plan.set(prepared.plan.as_ptr());
        }
        NonNull::new(self.plan.get()).ok_or_else(|| failed(&self.sql, -1))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let plan = self.plan.get();
        if !plan.is_null() && !std::thread::panicking() {
            // SAFETY: ours. A plan that is running is not freed: who runs it holds this `Kept`.
            unsafe { pg_sys::SPI_freeplan(plan) };
        }
    }
}

/// A prepared command.
pub struct Prepared<'s> {
    plan: NonNull<pg_sys::_SPI_plan>,
    session: PhantomData<&'s Session>,
}

impl<'s> Prepared<'s> {
    /// Runs it and says how many rows it was about.
    pub fn run(&self, parameters: &[Parameter]) -> Result<u64> {
        self.execute(parameters, false).map(|table| table.processed)
    }

    fn execute(&self, parameters: &[Parameter], read_only: bool) -> Result<Table<'s>> {
        let mut p = Parameters::of(parameters);
        // SAFETY: the plan is of the open connection; the vectors have a member for each of its parameters.
        memory::returning(|| unsafe {
            let status =
                pg_sys::SPI_execute_plan(self.plan.as_ptr(), p.values.as_mut_ptr(), p.nulls.as_ptr(), read_only, 0);
            if status < 0 {
                return Err(failed("prepared command", status));
            }
            Ok(Table { raw: pg_sys::SPI_tuptable, processed: pg_sys::SPI_processed, session: PhantomData })
        })
    }
}

/// Rows that were read at once.
pub struct Table<'s> {
    raw: *mut pg_sys::SPITupleTable,
    processed: u64,
    session: PhantomData<&'s Session>,
}

/// One of them.
pub struct Fetched<'t> {
    tuple: pg_sys::HeapTuple,
    descriptor: pg_sys::TupleDesc,
    table: PhantomData<&'t ()>,
}

impl Table<'_> {
    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Fetched<'_>> {
        // SAFETY: a tuple table has `processed` tuples.
        (0..if self.raw.is_null() { 0 } else { self.processed as usize }).map(|i| unsafe {
            Fetched { tuple: *(*self.raw).vals.add(i), descriptor: (*self.raw).tupdesc, table: PhantomData }
        })
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.processed == 0
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        if !self.raw.is_null() && !std::thread::panicking() {
            // SAFETY: made by SPI for us; freed once, while connected.
            unsafe { pg_sys::SPI_freetuptable(self.raw) };
        }
    }
}

impl<'t> Fetched<'t> {
    pub(super) fn datum(&self, position: usize) -> Option<pg_sys::Datum> {
        let mut null = false;
        // SAFETY: the tuple is of the descriptor's type; a position beyond it gives NULL.
        let datum = unsafe { pg_sys::SPI_getbinval(self.tuple, self.descriptor, position as i32 + 1, &mut null) };
        (!null).then_some(datum)
    }

    /// The value at `position`, counted from zero.
    pub fn get<T: FromDatum>(&self, position: usize) -> Option<T> {
        // SAFETY: the statement gives this position the SQL type of `T`.
        self.datum(position).and_then(|datum| unsafe { T::from_datum(datum, false) })
    }

    /// The text of the value at `position`, by the output function of its type; casts to text are not asked.
    pub fn text(&self, position: usize) -> Option<String> {
        // SAFETY: the tuple is of the descriptor's type; the answer is NULL or a NUL-terminated string.
        let text = unsafe { pg_sys::SPI_getvalue(self.tuple, self.descriptor, position as i32 + 1) };
        (!text.is_null()).then(|| super::relation::string(text))
    }

    /// The period at `position`, in a column of this range type; `None` for NULL.
    pub fn period(&self, position: usize, range: RangeType) -> Option<std::result::Result<Period<Bound>, Refusal>> {
        self.datum(position).map(|datum| range.read(datum))
    }

    /// The composite value at `position`; `None` if it is NULL or not composite.
    pub fn composite(&self, position: usize) -> Option<Composite<'t>> {
        // SAFETY: the descriptor is that of the tuple; takes any type's oid.
        let is_row = unsafe { pg_sys::type_is_rowtype(pg_sys::SPI_gettypeid(self.descriptor, position as i32 + 1)) };
        self.datum(position).filter(|_| is_row).map(Composite::from_datum)
    }

    /// The `tid` at `position`, as a parameter for another statement.
    pub fn tid(&self, position: usize) -> Parameter<'t> {
        Parameter { type_id: pg_sys::TIDOID, value: self.datum(position), marker: PhantomData }
    }
}

/// Rows that are read in batches.
pub struct Cursor<'s> {
    portal: pg_sys::Portal,
    session: PhantomData<&'s Session>,
}

impl<'s> Cursor<'s> {
    /// The next rows, at most `count`; none at the end.
    pub fn fetch(&self, count: usize) -> Table<'s> {
        // SAFETY: the portal is open.
        memory::returning(|| unsafe {
            pg_sys::SPI_cursor_fetch(self.portal, true, count as std::ffi::c_long);
            Table { raw: pg_sys::SPI_tuptable, processed: pg_sys::SPI_processed, session: PhantomData }
        })
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: opened once, closed once.
            unsafe { pg_sys::SPI_cursor_close(self.portal) };
        }
    }
}

fn statement(sql: &str) -> Result<CString> {
    CString::new(sql).map_err(|_| Error::new(Class::Argument, "an identifier must not contain a NUL character"))
}

fn failed(sql: &str, status: i32) -> Error {
    Error::new(Class::State, format!("internal statement failed with SPI status {status}")).detail(sql.to_string())
}
