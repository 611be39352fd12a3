//! The representations of a document.

use jsonschema::json::{Json, Jsonb, Node, SerdeJson};
use jsonschema_value::LazyInstance;
use jsonschema_value::numeric::bignum::exceeds_digit_budget;

use crate::Value;
use crate::bounded::BoundedNode;
use crate::bounds::DIGITS;

/// A representation of a document: [`Stored`] or [`Parsed`].
pub trait Form: sealed::Held {
    /// A document.
    type Input: ?Sized;
    #[doc(hidden)]
    fn root(document: &Self::Input) -> BoundedNode<'_, Self::Json>;
}

mod sealed {
    pub trait Held {
        type Json: super::Digits;
    }
}

/// A representation that tells the length of a number before any code writes the number out.
pub trait Digits: Json {
    /// The approximate number of decimal digits between the first and the last, including point and zeros.
    fn digits(number: &Self::Node<'_>) -> u64;
}

/// PostgreSQL's storage form of a jsonb: the bytes of its root container, without the varlena header, at any address.
pub struct Stored;

impl sealed::Held for Stored {
    type Json = Jsonb;
}

impl Form for Stored {
    type Input = [u8];

    fn root(document: &[u8]) -> BoundedNode<'_, Jsonb> {
        BoundedNode::root(Jsonb::root(document))
    }
}

impl Digits for Jsonb {
    // A numeric: a varlena header of 1 or 4 bytes, then either 0b10 and a short form that spans at most 319 digits, or
    // sign and display scale (16 bits), weight (16 bits, in groups of four digits before the point) and groups.
    fn digits(number: &Self::Node<'_>) -> u64 {
        let LazyInstance::Deferred { bytes, .. } = number.lazy_value() else { return 0 };
        let short_varlena = bytes[0] & if cfg!(target_endian = "big") { 0x80 } else { 0x01 } != 0;
        let numeric = if short_varlena { &bytes[1..] } else { &bytes[4..] };
        let header = u16::from_ne_bytes([numeric[0], numeric[1]]);
        if header & 0xc000 == 0x8000 {
            return numeric.len() as u64;
        }
        let weight = i16::from_ne_bytes([numeric[2], numeric[3]]);
        u64::from(header & 0x3fff) + 4 * u64::try_from(weight).unwrap_or(0)
    }
}

/// A parsed text.
pub struct Parsed;

impl sealed::Held for Parsed {
    type Json = SerdeJson;
}

impl Form for Parsed {
    type Input = Value;

    fn root(document: &Value) -> BoundedNode<'_, SerdeJson> {
        BoundedNode::root(document)
    }
}

impl Digits for SerdeJson {
    fn digits(number: &Self::Node<'_>) -> u64 {
        Node::as_number(number).map_or(0, |number| written_digits(number.as_str()))
    }
}

/// The digits of a number's text, and the zeros of its exponent if the validator writes them out. It does up to
/// [`DIGITS`], however long the text is; above it computes with the text and the exponent instead.
pub(crate) fn written_digits(text: &str) -> u64 {
    let length = text.len() as u64;
    if exceeds_digit_budget(text) {
        return length;
    }
    let zeros = text.split_once(['e', 'E']).map_or(0, |(_, exponent)| exponent.parse().map_or(0, i32::unsigned_abs));
    DIGITS.min(length + u64::from(zeros))
}
