//! The name of the violated constraint in an error: PostgreSQL's own field, which pgrx does not fill.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pgrx::pg_sys;

use super::relation::Relation;

/// The names of a constraint and of its table.
#[derive(Debug)]
pub struct Names {
    schema: CString,
    table: CString,
    constraint: CString,
}

thread_local! {
    /// The names for the error that is being raised.
    static NEXT: RefCell<Option<Names>> = const { RefCell::new(None) };
}

unsafe extern "C-unwind" {
    // utils/elog.h, which pgrx does not bind.
    fn err_generic_string(field: c_int, text: *const c_char) -> c_int;
}

impl Names {
    pub(super) fn of(table: &Relation, constraint: &str) -> Option<Names> {
        Some(Names {
            schema: CString::new(table.schema()).ok()?,
            table: CString::new(table.name()).ok()?,
            constraint: CString::new(constraint).ok()?,
        })
    }

    /// Puts the names into the error that this code raises next. PostgreSQL calls the callbacks of the error's context when it
    /// finishes the error, and then leaves the context.
    pub(super) fn give_to_next_error(self) {
        NEXT.set(Some(self));
        // SAFETY: the stack of callbacks is a variable of the backend. The new member lasts as long as the backend; whatever
        // catches the error sets the stack back to what it was.
        unsafe {
            static mut CALLBACK: pg_sys::ErrorContextCallback = pg_sys::ErrorContextCallback {
                previous: std::ptr::null_mut(),
                callback: None,
                arg: std::ptr::null_mut(),
            };
            let callback = &raw mut CALLBACK;
            if pg_sys::error_context_stack == callback {
                return;
            }
            (*callback).previous = pg_sys::error_context_stack;
            (*callback).callback = Some(name_constraint);
            pg_sys::error_context_stack = callback;
        }
    }
}

unsafe extern "C-unwind" fn name_constraint(_argument: *mut c_void) {
    let Some(names) = NEXT.take() else { return };
    let put = |field: u32, name: &CStr| {
        // SAFETY: PostgreSQL calls this function while it makes an error, and copies the text.
        unsafe { err_generic_string(field as c_int, name.as_ptr()) };
    };
    put(pg_sys::PG_DIAG_SCHEMA_NAME as u32, &names.schema);
    put(pg_sys::PG_DIAG_TABLE_NAME as u32, &names.table);
    put(pg_sys::PG_DIAG_CONSTRAINT_NAME as u32, &names.constraint);
}
