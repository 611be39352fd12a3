//! Reading many rows of a table in the order of an index, straight into the answer of a function: the rows go from the table to
//! the answer as they are stored.

use std::ffi::{c_char, c_int};

use pgrx::pg_sys;

use super::column::attribute;
use super::memory::{self, Repeated};
use super::parameter::{Parameter, Parameters};
use super::report::{Error, Result};
use super::result::Rows;
use super::row::{Descriptor, Row, take_apart};
use super::settings::InOrder;
use super::spi::{Kept, Session, Table, failed};

unsafe extern "C-unwind" {
    // executor/tstoreReceiver.h, which pgrx does not bind.
    fn CreateTuplestoreDestReceiver() -> *mut pg_sys::DestReceiver;
    fn SetTuplestoreDestReceiverParams(
        receiver: *mut pg_sys::DestReceiver,
        store: *mut pg_sys::Tuplestorestate,
        context: pg_sys::MemoryContext,
        detoast: bool,
        shape: pg_sys::TupleDesc,
        message: *const c_char,
    );
}

/// A query whose plan reads an index in order, however small the table was when the plan was made.
pub struct Ordered(Kept);

impl Ordered {
    /// A query of one table, with the order of an index.
    pub fn new(sql: String) -> Ordered {
        Ordered(Kept::new(sql))
    }

    /// Reads rows, as [`Kept::query_as_caller`] does.
    pub fn query<'s>(&self, session: &'s Session, parameters: &[Parameter]) -> Result<Table<'s>> {
        self.plan(session, parameters)?;
        self.0.query_as_caller(session, parameters)
    }

    /// Makes the plan, if there is none that can be used.
    fn plan(&self, session: &Session, parameters: &[Parameter]) -> Result<(pg_sys::SPIPlanPtr, &[pg_sys::Oid])> {
        session.require_innermost()?;
        let types: Vec<_> = parameters.iter().map(Parameter::type_id).collect();
        let (plan, types) = self.0.kept(session, &types)?;
        let _settings = InOrder::prefer();
        // SAFETY: the plan is saved, and has one query. What is made here is kept, and released at once.
        memory::returning(|| unsafe {
            let made = pg_sys::SPI_plan_get_cached_plan(plan.as_ptr());
            if !made.is_null() {
                pg_sys::ReleaseCachedPlan(made, pg_sys::CurrentResourceOwner);
            }
        });
        Ok((plan.as_ptr(), types))
    }

    /// Executes the query as the caller does, and passes its rows to a receiver.
    ///
    /// # Safety
    /// The receiver is valid, and outlives the call.
    unsafe fn pass(
        &self,
        session: &Session,
        parameters: &[Parameter],
        receiver: *mut pg_sys::DestReceiver,
    ) -> Result<u64> {
        let (plan, types) = self.plan(session, parameters)?;
        let values = Parameters::of_types(parameters, types)?;
        // SAFETY: the plan takes these parameters, which outlive the call; by the contract of this function.
        memory::returning(|| unsafe {
            let options = pg_sys::SPIExecuteOptions {
                params: values.list(),
                read_only: true,
                must_return_tuples: true,
                dest: receiver,
                ..Default::default()
            };
            let status = pg_sys::SPI_execute_plan_extended(plan, &options);
            pg_sys::pfree(options.params.cast());
            if status < 0 { Err(failed("prepared query", status)) } else { Ok(pg_sys::SPI_processed) }
        })
    }
}

/// The decision about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The row is left out.
    Leave,
    /// The row is taken.
    Take,
    /// The row is taken, and no more rows are wanted.
    TakeLast,
}

impl Rows {
    /// Adds all rows that a query gives, which are of the row type that the function returns, and returns their number. Reads as
    /// [`Kept::query_as_caller`] does.
    pub fn put_all(&mut self, session: &Session, query: &Ordered, parameters: &[Parameter]) -> Result<u64> {
        let receiver = self.receiver();
        // SAFETY: the receiver was made for this call, and is freed by its own function.
        let count = unsafe { query.pass(session, parameters, receiver) };
        destroy(receiver);
        count
    }

    /// Adds the rows that `choose` takes of those that [`Rows::put_all`] would add. `choose` gets a row of the table with the values
    /// at `places` alone; PostgreSQL's memory that `choose` allocates is freed after each row.
    pub fn put_chosen(
        &mut self,
        session: &Session,
        query: &Ordered,
        parameters: &[Parameter],
        (descriptor, places): (&Descriptor, &[usize]),
        mut choose: impl FnMut(&Row<'_>) -> Choice,
    ) -> Result<()> {
        let receiver = self.receiver();
        let mut chooser = Chooser {
            head: pg_sys::DestReceiver {
                receiveSlot: Some(receive),
                rStartup: Some(start),
                rShutdown: Some(shut),
                rDestroy: None,
                mydest: pg_sys::CommandDest::DestTuplestore,
            },
            receiver,
            row: Row::empty(descriptor),
            places: places.iter().map(|&place| (place, descriptor.number_among_existing(place))).collect(),
            memory: Repeated::new(),
            choose: &mut choose,
        };
        // SAFETY: the receiver is the head of this value, which outlives the call.
        let done = unsafe { query.pass(session, parameters, (&raw mut chooser).cast()) };
        chooser.memory.end();
        destroy(receiver);
        done.map(drop)
    }

    /// A receiver that puts rows into the answer, without columns that the table has no longer.
    fn receiver(&self) -> *mut pg_sys::DestReceiver {
        let (store, shape, context) = self.store();
        // SAFETY: the store and its shape are those of the running call's answer, and so is the context. The receiver compares the
        // shape with that of the query.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                let receiver = CreateTuplestoreDestReceiver();
                let message = c"the rows of the table are not those of its row type".as_ptr();
                SetTuplestoreDestReceiverParams(receiver, store, context, false, shape, message);
                receiver
            })
        }
    }
}

fn destroy(receiver: *mut pg_sys::DestReceiver) {
    // SAFETY: the receiver was made by `Rows::receiver`, and is freed once.
    unsafe {
        if let Some(destroy) = (*receiver).rDestroy {
            pg_sys::ffi::pg_guard_ffi_boundary(|| destroy(receiver));
        }
    }
}

/// A receiver that passes on what `choose` takes. PostgreSQL knows it by its head.
#[repr(C)]
struct Chooser<'c> {
    head: pg_sys::DestReceiver,
    receiver: *mut pg_sys::DestReceiver,
    /// The row for `choose`: between two calls, its values mean nothing.
    row: Row<'c>,
    /// The places of the values in the row, and in the rows of the query.
    places: Vec<(usize, usize)>,
    memory: Repeated,
    choose: &'c mut dyn FnMut(&Row<'_>) -> Choice,
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn start(head: *mut pg_sys::DestReceiver, operation: c_int, shape: pg_sys::TupleDesc) {
    // SAFETY: the head is that of a `Chooser`; the shape is that of the query's rows.
    unsafe {
        let chooser = &mut *head.cast::<Chooser>();
        let fits = |&(place, number): &(usize, usize)| {
            number < (*shape).natts as usize && attribute(shape, number).atttypid == chooser.row.type_at(place)
        };
        if !chooser.places.iter().all(fits) {
            Error::mismatch("a row").fail();
        }
        if let Some(start) = (*chooser.receiver).rStartup {
            pg_sys::ffi::pg_guard_ffi_boundary(|| start(chooser.receiver, operation, shape));
        }
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn receive(slot: *mut pg_sys::TupleTableSlot, head: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: the head is that of a `Chooser`, and the slot holds a row of the shape that `start` has checked. The row that `choose`
    // gets points into the slot, and cannot be kept.
    unsafe {
        let chooser = &mut *head.cast::<Chooser>();
        for &(place, number) in &chooser.places {
            take_apart(slot, number + 1);
            chooser.row.lend(place, *(*slot).tts_values.add(number), *(*slot).tts_isnull.add(number));
        }
        let choice = chooser.memory.run(|| (chooser.choose)(&chooser.row));
        let is_taken = choice == Choice::Leave
            || (*chooser.receiver)
                .receiveSlot
                .is_some_and(|receive| pg_sys::ffi::pg_guard_ffi_boundary(|| receive(slot, chooser.receiver)));
        is_taken && choice != Choice::TakeLast
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn shut(head: *mut pg_sys::DestReceiver) {
    // SAFETY: the head is that of a `Chooser`.
    unsafe {
        let receiver = (*head.cast::<Chooser>()).receiver;
        if let Some(shut) = (*receiver).rShutdown {
            pg_sys::ffi::pg_guard_ffi_boundary(|| shut(receiver));
        }
    }
}
