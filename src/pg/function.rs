//! The border between PostgreSQL's function calls and the extension's functions.

use std::any::Any;
use std::cell::OnceCell;
use std::marker::PhantomData;

use pgrx::pg_sys;

pub use super::answer::Answer;
use super::answer::{Content, Nested, running};
use super::datum::{bytes, elements, is_compatible, is_toasted};
use super::parameter::Parameter;
use super::report::{Class, Error, Result};
use super::text::string;
use super::{memory, types};

/// One call of a function, with its arguments.
pub struct Call<'call> {
    info: pg_sys::FunctionCallInfo,
    /// The memory context for allocations that last as long as the call.
    context: pg_sys::MemoryContext,
    marker: PhantomData<&'call ()>,
}

/// Data that lasts as long as the place in an expression that calls the function.
struct Extra {
    /// The declared types of the function's arguments.
    arguments: Vec<pg_sys::Oid>,
    result: pg_sys::Oid,
    /// The types and collations of the call's arguments.
    expression: OnceCell<Vec<(pg_sys::Oid, pg_sys::Oid)>>,
    kept: OnceCell<Box<dyn Any>>,
}

impl<'call> Call<'call> {
    /// Runs `body` as the function that PostgreSQL called with `info`.
    ///
    /// # Safety
    /// `info` is the argument that PostgreSQL passed to the running function.
    pub unsafe fn run(
        info: pg_sys::FunctionCallInfo,
        body: impl for<'c> FnOnce(&Call<'c>) -> Result<Answer>,
    ) -> pg_sys::Datum {
        // SAFETY: a variable of the backend.
        let call = Call { info, context: unsafe { pg_sys::CurrentMemoryContext }, marker: PhantomData };
        let nested = Nested::begin(call.context);
        let datum = body(&call).and_then(|answer| call.give(answer));
        drop(nested);
        datum.unwrap_or_else(|error| error.fail())
    }

    fn give(&self, answer: Answer) -> Result<pg_sys::Datum> {
        let datum = match answer.0 {
            Content::Null => None,
            Content::Void if self.is_trigger() || self.extra().result == pg_sys::VOIDOID => Some(pg_sys::Datum::null()),
            Content::Value(type_id, value) if is_compatible(type_id, self.extra().result) => Some(value.given_away()),
            Content::Made(datum, call)
                if call == running() && (self.is_trigger() || self.extra().result == pg_sys::INTERNALOID) =>
            {
                Some(datum)
            }
            _ => return Err(Error::new(Class::Declaration, "function returns a value of another type than declared")),
        };
        // SAFETY: `info` is valid during the call.
        unsafe { (*self.info).isnull = datum.is_none() };
        Ok(datum.unwrap_or(pg_sys::Datum::null()))
    }

    /// Whether the call is that of a trigger or event trigger: such a call has a context instead of arguments.
    fn is_trigger(&self) -> bool {
        // SAFETY: the context of a call is NULL or a node, which begins with its tag.
        unsafe {
            let context = (*self.info).context;
            !context.is_null()
                && matches!((*context).type_, pg_sys::NodeTag::T_TriggerData | pg_sys::NodeTag::T_EventTriggerData)
        }
    }

    pub(super) fn info(&self) -> pg_sys::FunctionCallInfo {
        self.info
    }

    /// The error of a trigger function that was called otherwise, in the server's own words.
    pub(super) fn not_called_by(&self, caller: &str, class: Class) -> Error {
        // SAFETY: a call has its function's record; the name of any function is a NUL-terminated string, or NULL.
        let name = unsafe {
            let name = pg_sys::get_func_name((*(*self.info).flinfo).fn_oid);
            if name.is_null() { String::new() } else { string(name) }
        };
        Error::new(class, format!("function \"{name}\" was not called by {caller}"))
    }

    fn extra(&self) -> &'call Extra {
        // SAFETY: a function that is called through its record has `fn_extra` for its own use: NULL, or the value stored
        // here, which lives in `fn_mcxt`. The function with this oid exists; the types of its arguments are written.
        unsafe {
            let function = (*self.info).flinfo;
            if function.is_null() {
                Error::new(Class::Declaration, "function is called without a record of it").fail();
            }
            if (*function).fn_extra.is_null() {
                let (mut types, mut count) = (std::ptr::null_mut(), 0);
                let result = pg_sys::get_func_signature((*function).fn_oid, &mut types, &mut count);
                let arguments =
                    if count == 0 { Vec::new() } else { std::slice::from_raw_parts(types, count as usize).to_vec() };
                let extra = Extra { arguments, result, expression: OnceCell::new(), kept: OnceCell::new() };
                (*function).fn_extra =
                    pgrx::PgMemoryContexts::For((*function).fn_mcxt).leak_and_drop_on_delete(extra).cast();
            }
            &*(*function).fn_extra.cast()
        }
    }

    /// The argument at `position`, counted from zero; `None` for NULL.
    fn argument(&self, position: usize) -> Option<pg_sys::Datum> {
        // SAFETY: `args` has `nargs` members.
        unsafe {
            let info = &*self.info;
            if position >= info.nargs as usize {
                return None;
            }
            let argument = *info.args.as_ptr().add(position);
            (!argument.isnull).then_some(argument.value)
        }
    }

    /// The argument at `position`, if it is declared with one of these types. A role that may create C functions can
    /// declare a function differently from the extension.
    pub(super) fn typed(&self, position: usize, is_expected: impl Fn(pg_sys::Oid) -> bool) -> Option<pg_sys::Datum> {
        let datum = self.argument(position)?;
        if !self.extra().arguments.get(position).is_some_and(|&type_id| is_expected(type_id)) {
            Error::new(Class::Declaration, format!("argument {} is declared of another type", position + 1)).fail();
        }
        Some(datum)
    }

    /// The argument, with its type from the calling expression if there is one: the declaration may say `"any"`.
    pub(super) fn argument_of(&self, position: usize, type_id: pg_sys::Oid) -> Option<pg_sys::Datum> {
        let datum = self.argument(position)?;
        let types = self.extra().expression.get();
        if types.and_then(|types| types.get(position)).is_none_or(|&(actual, _)| actual != type_id) {
            Error::mismatch("an argument").fail();
        }
        Some(datum)
    }

    /// A `regclass` or `oid` argument.
    pub fn oid(&self, position: usize) -> Option<pg_sys::Oid> {
        let datum = self.typed(position, |type_id| matches!(type_id, pg_sys::OIDOID | pg_sys::REGCLASSOID))?;
        Some(pg_sys::Oid::from(datum.value() as u32))
    }

    /// The table whose row type the polymorphic argument at `position` has.
    pub fn table_of_argument(&self, position: usize) -> Option<pg_sys::Oid> {
        // SAFETY: `flinfo` is valid during the call; the answer is zero if the type is not known.
        let row_type = unsafe { pg_sys::get_fn_expr_argtype((*self.info).flinfo, position as i32) };
        super::relation::of_row_type(row_type).filter(|relation| super::relation::is_table(*relation))
    }

    /// A `jsonb` argument, as a parameter for a statement.
    pub fn jsonb(&self, position: usize) -> Option<Parameter<'call>> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::JSONBOID)?;
        // SAFETY: a `jsonb`, which lives as long as the call.
        Some(unsafe { Parameter::borrowed(pg_sys::JSONBOID, Some(datum)) })
    }

    /// The contents of an argument of one of these types, all of variable length. A value that has to be fetched or
    /// decompressed is copied to memory that lasts as long as the call.
    fn varlena(&self, position: usize, types: &[pg_sys::Oid]) -> Option<&'call [u8]> {
        let datum = self.typed(position, |type_id| types.contains(&type_id))?;
        // SAFETY: the argument is of a varlena type, and lives as long as the call.
        unsafe {
            if is_toasted(datum.cast_mut_ptr()) {
                memory::within(self.context, || Some(bytes(datum)))
            } else {
                Some(bytes(datum))
            }
        }
    }

    /// A `bytea` argument.
    pub fn bytes(&self, position: usize) -> Option<&'call [u8]> {
        self.varlena(position, &[pg_sys::BYTEAOID])
    }

    /// The bytes of an argument of variable length: a `text`, a `json`, or the container of a `jsonb`.
    pub fn contents(&self, position: usize) -> Option<&'call [u8]> {
        self.varlena(position, &[pg_sys::TEXTOID, pg_sys::JSONOID, pg_sys::JSONBOID])
    }

    /// A `text` or `json` argument.
    pub fn text(&self, position: usize) -> Result<Option<&'call str>> {
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| Error::new(Class::Corrupted, "text is not UTF-8"));
        self.varlena(position, &[pg_sys::TEXTOID, pg_sys::JSONOID]).map(utf8).transpose()
    }

    /// An `interval` argument: months, days, and microseconds.
    pub fn interval(&self, position: usize) -> Option<(i32, i32, i64)> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::INTERVALOID)?;
        // SAFETY: an `interval`, which lives as long as the call.
        let interval = unsafe { &*datum.cast_mut_ptr::<pg_sys::Interval>() };
        Some((interval.month, interval.day, interval.time))
    }

    /// A `jsonb` argument, as its text.
    pub fn jsonb_text(&self, position: usize) -> Option<String> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::JSONBOID)?;
        // SAFETY: a `jsonb`.
        Some(unsafe { types::text_of(pg_sys::JSONBOID, datum) })
    }

    /// A `bigint` argument.
    pub fn integer(&self, position: usize) -> Option<i64> {
        self.typed(position, |type_id| type_id == pg_sys::INT8OID).map(|datum| datum.value() as i64)
    }

    /// An `integer` argument.
    pub fn small_integer(&self, position: usize) -> Option<i32> {
        self.typed(position, |type_id| type_id == pg_sys::INT4OID).map(|datum| datum.value() as i32)
    }

    /// A `boolean` argument.
    pub fn boolean(&self, position: usize) -> Option<bool> {
        self.typed(position, |type_id| type_id == pg_sys::BOOLOID).map(|datum| datum.value() as u8 != 0)
    }

    /// A `timestamptz` argument, as a parameter for a statement.
    pub fn timestamp(&self, position: usize) -> Option<Parameter<'call>> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::TIMESTAMPTZOID)?;
        // SAFETY: a `timestamptz`, which is passed by value.
        Some(unsafe { Parameter::borrowed(pg_sys::TIMESTAMPTZOID, Some(datum)) })
    }

    /// A `name` argument.
    pub fn name(&self, position: usize) -> Option<String> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::NAMEOID)?;
        // SAFETY: a `name`.
        Some(unsafe { name_of(datum) })
    }

    /// A `name[]` argument, unless it is NULL.
    pub fn given_names(&self, position: usize) -> Result<Option<Vec<String>>> {
        self.argument(position).map(|_| self.names(position)).transpose()
    }

    /// A `name[]` argument; NULL counts as empty. A NULL element is refused with 22023, a cousin of 22004.
    pub fn names(&self, position: usize) -> Result<Vec<String>> {
        let is_names = |type_id| type_id == pg_sys::NAMEARRAYOID;
        let Some(datum) = self.typed(position, is_names) else { return Ok(Vec::new()) };
        // SAFETY: an array of names, whose length and alignment these are.
        let elements = unsafe { elements(datum, pg_sys::NAMEOID, pg_sys::NAMEDATALEN as i32, false, b'c') };
        elements
            .into_iter()
            .map(|element| {
                // SAFETY: an element of a `name[]` is a `name`.
                element
                    .map(|name| unsafe { name_of(name) })
                    .ok_or_else(|| Error::new(Class::Argument, "a column name must not be null"))
            })
            .collect()
    }

    /// A `bigint[]` argument, unless it is NULL. A NULL element is refused with 22023, a cousin of 22004.
    pub fn integers(&self, position: usize) -> Result<Option<Vec<i64>>> {
        let Some(datum) = self.typed(position, |type_id| type_id == pg_sys::INT8ARRAYOID) else { return Ok(None) };
        // SAFETY: an array of integers, whose length and alignment these are.
        let elements = unsafe { elements(datum, pg_sys::INT8OID, 8, true, b'd') };
        let null = || Error::new(Class::Argument, "a number must not be null");
        elements
            .into_iter()
            .map(|element| Ok(element.ok_or_else(null)?.value() as i64))
            .collect::<Result<_>>()
            .map(Some)
    }

    /// A `text[]` argument, unless it is NULL.
    pub fn texts(&self, position: usize) -> Option<Vec<Option<String>>> {
        let datum = self.typed(position, |type_id| type_id == pg_sys::TEXTARRAYOID)?;
        // SAFETY: an array of texts, whose length and alignment these are.
        let elements = unsafe { elements(datum, pg_sys::TEXTOID, -1, false, b'i') };
        // SAFETY: an element of a `text[]` is a `text`.
        let text = |text| String::from_utf8_lossy(unsafe { bytes(text) }).into_owned();
        Some(elements.into_iter().map(|element| element.map(text)).collect())
    }

    /// An argument that holds the state of an aggregate.
    pub(super) fn internal(&self, position: usize) -> Option<pg_sys::Datum> {
        self.typed(position, |type_id| type_id == pg_sys::INTERNALOID)
    }

    /// The type and the collation of each argument, from the expression that calls the function.
    pub fn argument_types(&self) -> Result<Vec<(pg_sys::Oid, pg_sys::Oid)>> {
        let extra = self.extra();
        if let Some(types) = extra.expression.get() {
            return Ok(types.clone());
        }
        let types = self.types_of_expression()?;
        Ok(extra.expression.get_or_init(|| types).clone())
    }

    fn types_of_expression(&self) -> Result<Vec<(pg_sys::Oid, pg_sys::Oid)>> {
        // SAFETY: the expression of a call, if there is one, is a node that lives as long as the function's record; the
        // expression's list has as many members as its length says, all of them expressions.
        unsafe {
            let function = (*self.info).flinfo;
            let expression = (*function).fn_expr;
            if expression.is_null() || (*expression).type_ != pg_sys::NodeTag::T_FuncExpr {
                return Err(Error::new(Class::Argument, "could not determine the types of the arguments"));
            }
            if pg_sys::get_fn_expr_variadic(function) {
                return Err(Error::new(Class::Unsupported, "a VARIADIC array is not supported here")
                    .hint("Pass its elements one by one."));
            }
            let arguments = (*expression.cast::<pg_sys::FuncExpr>()).args;
            if arguments.is_null() {
                return Ok(Vec::new());
            }
            let arguments = &*arguments;
            let types_of = |position| {
                let argument = (*arguments.elements.add(position)).ptr_value.cast::<pg_sys::Node>();
                (pg_sys::exprType(argument), pg_sys::exprCollation(argument))
            };
            Ok((0..arguments.length as usize).map(types_of).collect())
        }
    }

    /// The value that `make` returns at the first call from a place in an expression, kept as long as that place.
    pub fn kept<T: 'static>(&self, make: impl FnOnce() -> Result<T>) -> Result<&'call T> {
        let kept = &self.extra().kept;
        let any = match kept.get() {
            Some(any) => any,
            None => {
                let made = make()?;
                kept.get_or_init(|| Box::new(made))
            }
        };
        any.downcast_ref().ok_or_else(|| Error::mismatch("what a function keeps"))
    }
}

/// # Safety
/// The datum is a `name`.
unsafe fn name_of(datum: pg_sys::Datum) -> String {
    // SAFETY: a `name` is a NUL-terminated string in NAMEDATALEN bytes.
    unsafe { std::ffi::CStr::from_ptr(datum.cast_mut_ptr()) }.to_string_lossy().into_owned()
}

/// Declares a C function for `CREATE FUNCTION … LANGUAGE c`: the record of its calling convention, and its body.
macro_rules! sql_function {
    ($(#[$doc:meta])* $symbol:ident = $body:expr) => {
        const _: () = {
            #[allow(unsafe_code, reason = "the macro belongs to the seam")]
            #[unsafe(export_name = concat!("pg_finfo_", stringify!($symbol)))]
            extern "C" fn record() -> &'static pgrx::pg_sys::Pg_finfo_record {
                const VERSION_1: pgrx::pg_sys::Pg_finfo_record = pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
                &VERSION_1
            }
        };

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

/// Runs when PostgreSQL loads the library.
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
