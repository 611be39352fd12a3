//! Room in the buffer: taken in a way that fails with an error, never with an abort of the process.

use super::{Error, LENGTH_MAX};

/// Makes room for `more` bytes after the end of `out`, so that appending them cannot allocate.
#[inline]
pub(crate) fn reserve(out: &mut Vec<u8>, more: usize) -> Result<(), Error> {
    let room = out.capacity().min(LENGTH_MAX).saturating_sub(out.len());
    if more > room { grow(out, more) } else { Ok(()) }
}

#[cold]
fn grow(out: &mut Vec<u8>, more: usize) -> Result<(), Error> {
    let room_max = LENGTH_MAX.saturating_sub(out.len());
    if more > room_max {
        return Err(Error::TooLong);
    }
    // Doubling keeps appending linear in all that is appended; room beyond the limit would be of no use.
    let doubled = out.capacity().max(64).min(room_max).max(more);
    out.try_reserve_exact(doubled).map_err(|_| Error::OutOfMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_at_the_longest_line() {
        // Pages that are zero from the start are not touched, so this costs address space only.
        for spare in [0, 1000] {
            let mut out = vec![0; LENGTH_MAX - 10 + spare];
            out.truncate(LENGTH_MAX - 10);
            assert_eq!(reserve(&mut out, 11), Err(Error::TooLong));
            assert_eq!(reserve(&mut out, usize::MAX), Err(Error::TooLong));
            assert_eq!(reserve(&mut out, 10), Ok(()));
        }
    }

    #[test]
    fn room_doubles() {
        let mut out = vec![0; 1000];
        reserve(&mut out, 1).unwrap();
        assert!(out.capacity() >= 2000);
    }
}
