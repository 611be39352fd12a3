//! Randomness.

use pgrx::pg_sys;

use super::report::{Class, Error, Result};

/// Unpredictable bytes.
pub fn bytes<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    // SAFETY: writes as many bytes as the array has.
    if unsafe { pg_sys::pg_strong_random(bytes.as_mut_ptr().cast(), LENGTH) } {
        Ok(bytes)
    } else {
        Err(Error::new(Class::State, "could not generate random values"))
    }
}
