//! The settings that the text of a value depends on, pinned for a moment, as the line format demands (chain format 1).
//!
//! Output functions read C variables, so this code sets and restores the variables directly: a backend writes a line
//! for every row, and the machinery behind `SET` costs more than the line.

use pgrx::pg_sys;

// Values of the variables; miscadmin.h and utils/bytea.h define them.
const USE_ISO_DATES: i32 = 1;
const DATEORDER_YMD: i32 = 0;
const INTSTYLE_ISO_8601: i32 = 3;
const BYTEA_OUTPUT_HEX: i32 = 1;

unsafe extern "C" {
    // utils/bytea.h, which pgrx does not bind.
    static mut bytea_output: i32;
}

/// `DateStyle = ISO, YMD`, `IntervalStyle = iso_8601`, `extra_float_digits = 1`, `bytea_output = hex`,
/// `TimeZone = UTC`, until dropped.
pub struct Pinned {
    date_style: i32,
    date_order: i32,
    interval_style: i32,
    float_digits: i32,
    bytea: i32,
    zone: *mut pg_sys::pg_tz,
}

impl Pinned {
    /// Pins the settings.
    pub fn new() -> Pinned {
        // SAFETY: variables of the backend, which has one thread; `pg_tzset` answers a zone that lives as long as the
        // backend, and knows UTC without reading a file.
        unsafe {
            let before = Pinned {
                date_style: pg_sys::DateStyle,
                date_order: pg_sys::DateOrder,
                interval_style: pg_sys::IntervalStyle,
                float_digits: pg_sys::extra_float_digits,
                bytea: bytea_output,
                zone: pg_sys::session_timezone,
            };
            let utc = pg_sys::pg_tzset(c"UTC".as_ptr());
            pg_sys::DateStyle = USE_ISO_DATES;
            pg_sys::DateOrder = DATEORDER_YMD;
            pg_sys::IntervalStyle = INTSTYLE_ISO_8601;
            pg_sys::extra_float_digits = 1;
            bytea_output = BYTEA_OUTPUT_HEX;
            pg_sys::session_timezone = utc;
            before
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: restores the former values; calls nothing, so it may run while unwinding.
        unsafe {
            pg_sys::DateStyle = self.date_style;
            pg_sys::DateOrder = self.date_order;
            pg_sys::IntervalStyle = self.interval_style;
            pg_sys::extra_float_digits = self.float_digits;
            bytea_output = self.bytea;
            pg_sys::session_timezone = self.zone;
        }
    }
}
