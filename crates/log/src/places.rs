//! Which positions the leaves of a tile of level 0 have, and which of them are the first events of their entities.
//!
//! A tile says where an event stands in the tree, and positions have gaps. This is what names an event that is gone. It is
//! a hint: nothing signs it. Positions without gaps take one byte a tile; the first events take a bit a leaf at most.
//!
//! ```text
//! places = gaps, gap…, firsts
//! gaps   = the number of gaps, a byte
//! gap    = the index of the leaf behind the gap, a byte; the number of positions in the gap, less one, in LEB128
//! firsts = a bit for each leaf, the lowest bit first, set if the leaf is the first event of its entity; without the
//!          zero bytes at the end
//! ```
//!
//! The position of the first leaf and the number of leaves stand elsewhere, beside the tile.

use std::fmt;

use crate::tile::WIDTH;

/// The place of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The position of the event.
    pub position: i64,
    /// Whether the event is the first of its entity.
    pub is_first: bool,
}

/// The reason why places cannot be written, or bytes are no places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacesError {
    /// A tile has 1 to 256 leaves.
    Count(usize),
    /// The position of this leaf is not after that of the leaf before.
    Order {
        /// The index of the leaf in the tile.
        index: usize,
    },
    /// The bytes end too early.
    Short,
    /// The bytes say the same in another way than they would be written, or go on behind the end.
    NotCanonical,
    /// A position is beyond the largest `bigint`.
    Position,
}

impl fmt::Display for PlacesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlacesError::Count(count) => write!(f, "A tile has 1 to {WIDTH} leaves, and not {count}."),
            PlacesError::Order { index } => {
                write!(f, "The position of leaf {index} is not after that of the leaf before.")
            }
            PlacesError::Short => f.write_str("The places of the leaves end too early."),
            PlacesError::NotCanonical => f.write_str("The places of the leaves are not as they would be written."),
            PlacesError::Position => f.write_str("The position of a leaf is too large."),
        }
    }
}

impl std::error::Error for PlacesError {}

/// The bytes for the places of the leaves of a tile, in order.
pub fn encode(places: &[Place]) -> Result<Vec<u8>, PlacesError> {
    check(places.len())?;
    let (mut count, mut gaps) = (0, Vec::new());
    let pairs = places.iter().zip(places.iter().skip(1));
    for (index, (before, place)) in (1..).zip(pairs) {
        if place.position <= before.position {
            return Err(PlacesError::Order { index });
        }
        let skipped = place.position.abs_diff(before.position) - 1;
        if let Some(less_one) = skipped.checked_sub(1) {
            count += 1;
            gaps.push(index as u8);
            write_number(&mut gaps, less_one);
        }
    }
    let firsts =
        places.chunks(8).map(|eight| eight.iter().rev().fold(0, |bits, place| bits << 1 | u8::from(place.is_first)));
    let mut firsts: Vec<u8> = firsts.collect();
    while firsts.last() == Some(&0) {
        firsts.pop();
    }
    Ok([vec![count], gaps, firsts].concat())
}

/// The places in these bytes: of `count` leaves, the first of which has the position `first`.
pub fn decode(bytes: &[u8], first: i64, count: usize) -> Result<Vec<Place>, PlacesError> {
    check(count)?;
    let mut rest = bytes;
    let mut skipped = vec![0; count];
    let mut last = 0;
    for _ in 0..read_byte(&mut rest)? {
        let index = usize::from(read_byte(&mut rest)?);
        let gap = read_number(&mut rest)?.checked_add(1).ok_or(PlacesError::Position)?;
        // Gaps are in order, behind the first leaf, and within the tile.
        *skipped.get_mut(index).filter(|_| index > last).ok_or(PlacesError::NotCanonical)? = gap;
        last = index;
    }
    let firsts = rest;
    let mut places = Vec::with_capacity(count);
    let mut position = first;
    for (index, gap) in skipped.into_iter().enumerate() {
        if index > 0 {
            let next = position.checked_add(1).and_then(|next| next.checked_add_unsigned(gap));
            position = next.ok_or(PlacesError::Position)?;
        }
        let bits = firsts.get(index / 8).copied().unwrap_or(0);
        places.push(Place { position, is_first: bits >> (index % 8) & 1 == 1 });
    }
    // Whatever else the bytes could say, they would not be written so.
    if encode(&places)? == bytes { Ok(places) } else { Err(PlacesError::NotCanonical) }
}

fn check(count: usize) -> Result<(), PlacesError> {
    if (1..=usize::from(WIDTH)).contains(&count) { Ok(()) } else { Err(PlacesError::Count(count)) }
}

/// LEB128: seven bits a byte, the lowest first; the top bit says that another byte follows.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Result<u64, PlacesError> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = read_byte(bytes)?;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return Err(PlacesError::Position);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(PlacesError::Position)
}

fn read_byte(bytes: &mut &[u8]) -> Result<u8, PlacesError> {
    let (byte, rest) = bytes.split_first().ok_or(PlacesError::Short)?;
    *bytes = rest;
    Ok(*byte)
}
