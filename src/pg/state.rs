//! The state of an aggregate: a value of a Rust type that lives as long as the group.

use std::any::TypeId;
use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};

use pgrx::pg_sys;

use super::answer::{Answer, running};
use super::function::Call;
use super::report::{Class, Error, Result};

/// A state as PostgreSQL keeps it: with marks that tell it from a state of another type, or of another extension.
struct Kept<T> {
    place: *const Kept<T>,
    type_id: TypeId,
    state: RefCell<T>,
}

/// A state, borrowed by one call.
pub struct State<'call, T> {
    kept: &'call Kept<T>,
    state: RefMut<'call, T>,
}

impl<T> Deref for State<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for State<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

impl<'call> Call<'call> {
    /// The aggregate's state, the first argument. `T::default` makes the state at the group's first row.
    pub fn state<T: Default + 'static>(&self) -> Result<State<'call, T>> {
        match self.other_state(0)? {
            Some(state) => Ok(state),
            None => self.new_state(T::default()),
        }
    }

    /// Keeps a state as long as the aggregate's group.
    pub fn new_state<T: 'static>(&self, state: T) -> Result<State<'call, T>> {
        const { assert!(!std::mem::needs_drop::<T>(), "the end of a group frees the state and calls nothing") };
        let mut context = std::ptr::null_mut();
        // SAFETY: `info` is valid, and `context` is written if the answer is not zero.
        if unsafe { pg_sys::AggCheckCallContext(self.info(), &mut context) } == 0 {
            return Err(Error::new(Class::State, "aggregate function called in non-aggregate context"));
        }
        // SAFETY: PostgreSQL aligns to 8 bytes; the allocation leaves room to align further.
        let kept = unsafe {
            let room = pg_sys::MemoryContextAlloc(context, size_of::<Kept<T>>() + align_of::<Kept<T>>());
            let place = room.cast::<u8>().add(room.cast::<u8>().align_offset(align_of::<Kept<T>>())).cast::<Kept<T>>();
            place.write(Kept { place, type_id: TypeId::of::<T>(), state: RefCell::new(state) });
            &*place
        };
        Ok(State { kept, state: kept.state.borrow_mut() })
    }

    /// The state in the argument at `position`.
    pub fn other_state<T: 'static>(&self, position: usize) -> Result<Option<State<'call, T>>> {
        let Some(datum) = self.internal(position) else { return Ok(None) };
        let place = datum.cast_mut_ptr::<Kept<T>>();
        // SAFETY: an `internal` argument of an aggregate is a pointer that one of its functions has returned. A state
        // of ours begins with its own address; only a superuser can mix the functions of two aggregates.
        let kept = unsafe {
            if !place.is_aligned() || (*place).place != place.cast_const() || (*place).type_id != TypeId::of::<T>() {
                return Err(Error::new(Class::Declaration, "argument is not a state of this aggregate"));
            }
            &*place
        };
        let state = kept.state.try_borrow_mut().map_err(|_| Error::mismatch("a state that is in use"))?;
        Ok(Some(State { kept, state }))
    }
}

impl Answer {
    /// An aggregate's state.
    pub fn state<T>(state: State<T>) -> Answer {
        Answer::made(pg_sys::Datum::from(std::ptr::from_ref(state.kept)), running())
    }
}
