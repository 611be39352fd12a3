//! Room in the buffer. A lack of memory is an error, never an abort of the process.

use super::{Error, LENGTH_MAX};

/// Makes room for `more` bytes after the end of `out`, so that appending these bytes cannot allocate.
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
    // Doubling keeps the total cost of appending linear; room beyond the limit would have no use.
    let doubled = out.capacity().max(64).min(room_max).max(more);
    out.try_reserve_exact(doubled).map_err(|_| Error::OutOfMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_at_the_longest_line() {
        // This code does not touch pages that are zero from the start, so the room costs address space only.
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
