//! The border between PostgreSQL's function calls and ours.

use std::marker::PhantomData;

use pgrx::{FromDatum, IntoDatum, pg_sys};

use super::report::{Class, Error, Result};
use super::row::Composite;
use super::spi::Parameter;

/// One call of a function, with its arguments.
pub struct Call<'call> {
    info: pg_sys::FunctionCallInfo,
    marker: PhantomData<&'call ()>,
}

/// What a function returns to PostgreSQL.
pub struct Answer {
    datum: pg_sys::Datum,
    null: bool,
}

impl Answer {
    /// SQL NULL.
    pub const NULL: Answer = Answer { datum: pg_sys::Datum::null(), null: true };

    /// The answer of a function that returns `void`, or of a trigger that skips its row.
    pub const VOID: Answer = Answer { datum: pg_sys::Datum::null(), null: false };

    pub(super) fn datum(datum: pg_sys::Datum) -> Self {
        Answer { datum, null: false }
    }
}

impl<T: IntoDatum> From<T> for Answer {
    fn from(value: T) -> Self {
        value.into_datum().map_or(Answer::NULL, Answer::datum)
    }
}

impl<'call> Call<'call> {
    /// Runs `body` as the function that PostgreSQL called with `info`.
    ///
    /// # Safety
    /// `info` is what PostgreSQL passed to the function that is running.
    pub unsafe fn run(
        info: pg_sys::FunctionCallInfo,
        body: impl FnOnce(&Call<'call>) -> Result<Answer>,
    ) -> pg_sys::Datum {
        let call = Call { info, marker: PhantomData };
        match body(&call) {
            Ok(answer) => {
                // SAFETY: `info` is valid during the call, by the contract of this function.
                unsafe { (*info).isnull = answer.null };
                answer.datum
            }
            Err(error) => error.raise(),
        }
    }

    pub(super) fn info(&self) -> pg_sys::FunctionCallInfo {
        self.info
    }

    /// The argument at `position`, counted from zero; `None` for NULL.
    pub(super) fn argument(&self, position: usize) -> Option<pg_sys::Datum> {
        // SAFETY: `args` has `nargs` members; a call from SQL always has as many as the function declares.
        unsafe {
            let info = &*self.info;
            if position >= info.nargs as usize {
                return None;
            }
            let argument = *info.args.as_ptr().add(position);
            (!argument.isnull).then_some(argument.value)
        }
    }

    /// A `regclass` or `oid` argument.
    pub fn oid(&self, position: usize) -> Option<pg_sys::Oid> {
        self.argument(position).map(|datum| pg_sys::Oid::from(datum.value() as u32))
    }

    /// The table whose row type the polymorphic argument at `position` has.
    pub fn table_of_argument(&self, position: usize) -> Option<pg_sys::Oid> {
        // SAFETY: `flinfo` is valid during the call; zero where the type is not known.
        let row_type = unsafe { pg_sys::get_fn_expr_argtype((*self.info).flinfo, position as i32) };
        super::relation::of_row_type(row_type).filter(|relation| super::relation::is_table(*relation))
    }

    /// A `jsonb` argument, as a parameter for a statement.
    pub fn jsonb(&self, position: usize) -> Option<Parameter<'call>> {
        self.argument(position).map(|datum| Parameter::of_type(pg_sys::JSONBOID, Some(datum)))
    }

    /// A `bytea` argument.
    pub fn bytes(&self, position: usize) -> Option<&'call [u8]> {
        // SAFETY: the SQL declaration says that this argument is a `bytea`.
        self.argument(position).and_then(|datum| unsafe { <&[u8]>::from_datum(datum, false) })
    }

    /// The bytes of an argument of variable length: a `text`, a `json`, or the container of a `jsonb`.
    pub fn contents(&self, position: usize) -> Option<&'call [u8]> {
        self.argument(position).map(super::value::bytes)
    }

    /// A `text` or `json` argument.
    pub fn text(&self, position: usize) -> Result<Option<&'call str>> {
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| Error::new(Class::Corrupted, "text is not UTF-8"));
        self.contents(position).map(utf8).transpose()
    }

    /// A `jsonb` argument, as its text.
    pub fn jsonb_text(&self, position: usize) -> Option<String> {
        self.argument(position).map(|datum| super::types::text_of(pg_sys::JSONBOID, datum))
    }

    /// A `bigint` argument.
    pub fn integer(&self, position: usize) -> Option<i64> {
        self.argument(position).map(|datum| datum.value() as i64)
    }

    /// A `boolean` argument.
    pub fn boolean(&self, position: usize) -> Option<bool> {
        self.argument(position).map(|datum| datum.value() as u8 != 0)
    }

    /// A `name` argument.
    pub fn name(&self, position: usize) -> Option<String> {
        self.argument(position).map(name_of)
    }

    /// A `name[]` argument, if it is not NULL.
    pub fn given_names(&self, position: usize) -> Result<Option<Vec<String>>> {
        self.argument(position).map(|_| self.names(position)).transpose()
    }

    /// A `name[]` argument; NULL counts as empty. A NULL in it is 22004's cousin: refused with 22023.
    pub fn names(&self, position: usize) -> Result<Vec<String>> {
        let Some(datum) = self.argument(position) else { return Ok(Vec::new()) };
        elements(datum, pg_sys::NAMEOID, pg_sys::NAMEDATALEN as i32, false, b'c')
            .into_iter()
            .map(|element| {
                element.map(name_of).ok_or_else(|| Error::new(Class::Argument, "a column name must not be null"))
            })
            .collect()
    }

    /// A `text[]` argument, if it is not NULL.
    pub fn texts(&self, position: usize) -> Result<Option<Vec<String>>> {
        let Some(datum) = self.argument(position) else { return Ok(None) };
        elements(datum, pg_sys::TEXTOID, -1, false, b'i')
            .into_iter()
            .map(|element| {
                // SAFETY: an element of a `text[]` is a `text`.
                element
                    .and_then(|element| unsafe { String::from_datum(element, false) })
                    .ok_or_else(|| Error::new(Class::Argument, "a value of an entity must not be null"))
            })
            .collect::<Result<Vec<_>>>()
            .map(Some)
    }

    /// A `record` argument.
    pub fn composite(&self, position: usize) -> Option<Composite<'call>> {
        self.argument(position).map(Composite::from_datum)
    }

    /// The aggregate's state, which is the first argument and lives as long as the group; made by `T::default` at
    /// the group's first row.
    pub fn state<T: Default>(&self) -> Result<&'call mut T> {
        match self.argument(0) {
            // SAFETY: declared `internal`, so it is a pointer that `new_state` returned.
            Some(state) => Ok(unsafe { &mut *state.cast_mut_ptr::<T>() }),
            None => self.new_state(T::default()),
        }
    }

    /// Keeps a state as long as the aggregate's group.
    pub fn new_state<T>(&self, state: T) -> Result<&'call mut T> {
        const { assert!(!std::mem::needs_drop::<T>(), "the end of a group frees the state and calls nothing") };
        let mut context = std::ptr::null_mut();
        // SAFETY: `info` is valid, and `context` is written when the answer is not zero.
        if unsafe { pg_sys::AggCheckCallContext(self.info, &mut context) } == 0 {
            return Err(Error::new(Class::State, "aggregate function called in non-aggregate context"));
        }
        // SAFETY: PostgreSQL aligns to 8 bytes; there is room to align further.
        unsafe {
            let room = pg_sys::MemoryContextAlloc(context, size_of::<T>() + align_of::<T>());
            let place = room.cast::<u8>().add(room.cast::<u8>().align_offset(align_of::<T>())).cast::<T>();
            place.write(state);
            Ok(&mut *place)
        }
    }

    /// The type and the collation of each argument, as the expression that calls the function has them.
    pub fn argument_types(&self) -> Result<Vec<(pg_sys::Oid, pg_sys::Oid)>> {
        // SAFETY: the expression of a call, where there is one, is a node that lives as long as the function's record;
        // its list has as many members as its length says, which are expressions.
        unsafe {
            let function = (*self.info).flinfo;
            let expression = if function.is_null() { std::ptr::null_mut() } else { (*function).fn_expr };
            if expression.is_null() || (*expression).type_ != pg_sys::NodeTag::T_FuncExpr {
                return Err(Error::new(Class::Argument, "could not determine the types of the arguments"));
            }
            if pg_sys::get_fn_expr_variadic(function) {
                return Err(Error::new(Class::Unsupported, "a VARIADIC array is not supported here")
                    .hint("Pass its elements one by one."));
            }
            let arguments = &*(*expression.cast::<pg_sys::FuncExpr>()).args;
            let types_of = |position| {
                let argument = (*arguments.elements.add(position)).ptr_value.cast::<pg_sys::Node>();
                (pg_sys::exprType(argument), pg_sys::exprCollation(argument))
            };
            Ok((0..arguments.length as usize).map(types_of).collect())
        }
    }

    /// What `make` answers: made at the first call from a place in an expression, and kept as long as that.
    pub fn kept<T>(&self, make: impl FnOnce() -> Result<T>) -> Result<&'call T> {
        // SAFETY: a function called from SQL has a record, whose `fn_extra` is for its own use and lives in `fn_mcxt`.
        unsafe {
            let function = (*self.info).flinfo;
            if (*function).fn_extra.is_null() {
                let mut context = pgrx::PgMemoryContexts::For((*function).fn_mcxt);
                (*function).fn_extra = context.leak_and_drop_on_delete(make()?).cast();
            }
            Ok(&*(*function).fn_extra.cast())
        }
    }

    /// Another aggregate state, as the argument at `position`.
    pub fn other_state<T>(&self, position: usize) -> Option<&'call T> {
        // SAFETY: declared `internal`, so it is a pointer that `state` returned.
        self.argument(position).map(|state| unsafe { &*state.cast_mut_ptr::<T>() })
    }
}

impl Answer {
    /// A `bytea`.
    pub fn bytes(bytes: &[u8]) -> Answer {
        bytes.into()
    }

    /// A `text`. The bytes are UTF-8, as all text of a UTF-8 database is.
    pub fn text(bytes: &[u8]) -> Answer {
        // `text` and `bytea` are stored alike.
        bytes.into()
    }

    /// An aggregate's state.
    pub fn state<T>(state: &mut T) -> Answer {
        Answer::datum(pg_sys::Datum::from(std::ptr::from_mut(state)))
    }
}

fn name_of(datum: pg_sys::Datum) -> String {
    // SAFETY: a `name` is a NUL-terminated string in NAMEDATALEN bytes.
    unsafe { std::ffi::CStr::from_ptr(datum.cast_mut_ptr()) }.to_string_lossy().into_owned()
}

pub(super) fn elements(
    array: pg_sys::Datum,
    element: pg_sys::Oid,
    length: i32,
    by_value: bool,
    alignment: u8,
) -> Vec<Option<pg_sys::Datum>> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: `array` is an array of `element`, whose length, passing and alignment the caller knows; the two result
    // arrays have `count` members.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        pg_sys::deconstruct_array(
            array,
            element,
            length,
            by_value,
            alignment as std::ffi::c_char,
            &mut values,
            &mut nulls,
            &mut count,
        );
        (0..count as usize).map(|i| (!*nulls.add(i)).then(|| *values.add(i))).collect()
    }
}

/// Declares a C function for `CREATE FUNCTION … LANGUAGE c`: its record of the calling convention, and its body.
macro_rules! sql_function {
    ($(#[$doc:meta])* $symbol:ident / $record:ident = $body:expr) => {
        #[allow(unsafe_code, missing_docs, reason = "the record of the function that follows, which has docs")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $record() -> &'static pgrx::pg_sys::Pg_finfo_record {
            const VERSION_1: pgrx::pg_sys::Pg_finfo_record = pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &VERSION_1
        }

        $(#[$doc])*
        #[allow(unsafe_code, reason = "the macro belongs to the seam")]
        #[unsafe(no_mangle)]
        #[pgrx::pg_guard]
        pub extern "C-unwind" fn $symbol(info: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum {
            // SAFETY: PostgreSQL calls this function, through the record above.
            unsafe { $crate::pg::function::Call::run(info, $body) }
        }
    };
}
pub(crate) use sql_function;

/// What is done when PostgreSQL loads the library.
macro_rules! when_loaded {
    ($($body:tt)*) => {
        #[allow(unsafe_code, missing_docs, reason = "the macro belongs to the seam")]
        #[pgrx::pg_guard]
        pub extern "C-unwind" fn _PG_init() {
            $($body)*
        }
    };
}
pub(crate) use when_loaded;
