//! Places are read as they were written, and written in one way only.

use proptest::collection::vec;
use proptest::prelude::*;
use veritable_log::places::{Place, PlacesError, decode, encode};

/// The places of these positions; those of the second list are first events.
fn places(positions: impl IntoIterator<Item = i64>, firsts: &[i64]) -> Vec<Place> {
    let place = |position| Place { position, is_first: firsts.contains(&position) };
    positions.into_iter().map(place).collect()
}

/// This format never changes: the bytes are stored.
#[test]
fn the_format_is_the_documented_one() {
    for (places, expected) in [
        (places([7], &[]), &[0][..]),
        (places([7], &[7]), &[0, 0b1]),
        (places(1..=256, &[]), &[0]),
        (places(1..=256, &[1]), &[0, 0b1]),
        (places(1..=256, &[10]), &[0, 0, 0b10]),
        // One position is missing after the second leaf; then 129.
        (places([10, 11, 13, 14, 144], &[]), &[2, 2, 0, 4, 0x80, 0x01]),
        (places([10, 11, 13, 14, 144], &[10, 13, 144]), &[2, 2, 0, 4, 0x80, 0x01, 0b10101]),
    ] {
        let bytes = encode(&places).unwrap();
        assert_eq!(bytes, expected, "{places:?}");
        assert_eq!(decode(&bytes, places[0].position, places.len()), Ok(places));
    }
}

#[test]
fn positions_without_gaps_take_one_byte() {
    assert_eq!(encode(&places(1_000_000..1_000_256, &[])).unwrap().len(), 1);
    // First events alone: a bit each.
    let all: Vec<i64> = (1..=256).collect();
    assert_eq!(encode(&places(1..=256, &all)).unwrap().len(), 1 + 32);
    // The worst that a bigint has room for.
    let far = (-128..128).map(|place| place * (i64::MAX / 128));
    let far = places(far, &[]);
    assert!(encode(&far).unwrap().len() <= 1 + 255 * 10);
}

#[test]
fn the_ends_of_a_bigint_are_positions() {
    let ends = places([i64::MIN, i64::MAX], &[i64::MAX]);
    let bytes = encode(&ends).unwrap();
    assert_eq!(decode(&bytes, i64::MIN, 2), Ok(ends));
    // From another first position the last one is too large.
    assert_eq!(decode(&bytes, i64::MIN + 1, 2), Err(PlacesError::Position));
    assert_eq!(decode(&[0], i64::MAX, 2), Err(PlacesError::Position));
}

#[test]
fn places_out_of_order_are_not_written() {
    assert_eq!(encode(&places([], &[])), Err(PlacesError::Count(0)));
    assert_eq!(encode(&places(0..257, &[])), Err(PlacesError::Count(257)));
    assert_eq!(encode(&places([1, 2, 2], &[])), Err(PlacesError::Order { index: 2 }));
    assert_eq!(encode(&places([5, 4], &[])), Err(PlacesError::Order { index: 1 }));
}

#[test]
fn malformed_bytes_are_an_error() {
    use PlacesError::{Count, NotCanonical, Position, Short};
    let reasons: [(&[u8], usize, PlacesError); _] = [
        (&[0], 0, Count(0)),
        (&[0], 257, Count(257)),
        (&[], 1, Short),
        (&[1], 2, Short),
        (&[1, 1], 2, Short),
        (&[1, 1, 0x80], 2, Short),
        // A gap before the first leaf, behind the last, twice in one place, or before the gap before.
        (&[1, 0, 0], 3, NotCanonical),
        (&[1, 3, 0], 3, NotCanonical),
        (&[2, 1, 0, 1, 0], 3, NotCanonical),
        (&[2, 2, 0, 1, 0], 3, NotCanonical),
        // A number with a superfluous byte, or one that is too large.
        (&[1, 1, 0x80, 0x00], 2, NotCanonical),
        (&[1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 2, Position),
        (&[1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], 2, Position),
        (&[1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 2, Position),
        // Zeroes at the end, first events behind the last leaf, bytes behind the end.
        (&[0, 0], 3, NotCanonical),
        (&[0, 0b1000], 3, NotCanonical),
        (&[0, 0b1, 1], 3, NotCanonical),
    ];
    for (bytes, count, reason) in reasons {
        assert_eq!(decode(bytes, 1, count), Err(reason), "{bytes:?}");
        assert!(reason.to_string().ends_with('.'));
    }
}

proptest! {
    #[test]
    fn places_are_read_as_they_were_written(
        first in any::<i64>(),
        steps in vec((prop_oneof![4 => Just(1_u64), 1 => 1_u64..300, 1 => any::<u64>()], any::<bool>()), 1..=256),
    ) {
        let mut position = first;
        let mut places = Vec::new();
        for (step, is_first) in steps {
            places.push(Place { position, is_first });
            match position.checked_add_unsigned(step).filter(|next| *next > position) {
                Some(next) => position = next,
                None => break,
            }
        }
        let bytes = encode(&places).unwrap();
        prop_assert_eq!(decode(&bytes, first, places.len()), Ok(places));
    }

    #[test]
    fn any_bytes_are_places_in_one_spelling_or_an_error(
        first in any::<i64>(),
        bytes in vec(prop_oneof![0_u8..4, any::<u8>()], 0..24),
        count in 0_usize..300,
    ) {
        if let Ok(places) = decode(&bytes, first, count) {
            prop_assert_eq!(places.len(), count);
            prop_assert_eq!(places[0].position, first);
            prop_assert_eq!(encode(&places).unwrap(), bytes);
        }
    }
}
