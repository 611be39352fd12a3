//! `jsonb` as its text, from the bytes that PostgreSQL stores.
//!
//! A container is a header (a count and flags), one entry of 32 bits for each child, and the children's data. The entry
//! of a child holds the child's type and either the length or the end of the child's data. An object's children are all
//! its keys and then all its values. Numerics and containers begin on multiples of four. A scalar at the root is an
//! array of one element with a flag. Numbers are in the byte order of the machine. See `jsonb.h` in PostgreSQL.
//!
//! Any bytes give a text or an error, in time and memory that are linear in the longer of input and output, because the
//! data of children may not overlap. Nesting takes no stack.

use std::slice;

use super::{Error, numeric, room, string};

/// Writes a jsonb as its text, exactly what `jsonb_out` gives: `{"a": 1, "b": [1, 2]}`.
///
/// `bytes` are the bytes after the varlena header.
pub fn write(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    write_with(out, bytes, numeric::text)
}

/// Writes a jsonb as [`write()`] does, but numbers without trailing zeros after the point: equal documents give equal texts.
///
/// `bytes` are the bytes after the varlena header.
pub fn write_normal(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    write_with(out, bytes, numeric::write_normal)
}

/// The function that writes a number from the bytes after its header.
trait Number: Fn(&mut Vec<u8>, &[u8]) -> Result<(), Error> {}

impl<F: Fn(&mut Vec<u8>, &[u8]) -> Result<(), Error>> Number for F {}

#[inline]
fn write_with(out: &mut Vec<u8>, bytes: &[u8], number: impl Number) -> Result<(), Error> {
    let mut ancestors = Stack::default();
    let mut container = Container::open(out, bytes, true)?;
    loop {
        match container.write_scalars(out, &number)? {
            Some(bytes) => {
                let child = Container::open(out, bytes, false)?;
                ancestors.push(std::mem::replace(&mut container, child))?;
            }
            None => {
                room::reserve(out, 1)?;
                out.extend_from_slice(container.kind.end());
                match ancestors.pop() {
                    Some(parent) => container = parent,
                    None => return Ok(()),
                }
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Array,
    Object,
    /// The array that stands for the scalar inside it.
    Scalar,
}

impl Kind {
    fn start(self) -> &'static [u8] {
        match self {
            Kind::Array => b"[",
            Kind::Object => b"{",
            Kind::Scalar => b"",
        }
    }

    fn end(self) -> &'static [u8] {
        match self {
            Kind::Array => b"]",
            Kind::Object => b"}",
            Kind::Scalar => b"",
        }
    }
}

/// A container, and the position of the writer in it.
#[derive(Clone, Default)]
struct Container<'a> {
    kind: Kind,
    first: bool,
    /// The entries of the keys to come; none outside of an object.
    keys: slice::Iter<'a, [u8; 4]>,
    /// The start of the next key's data.
    key_start: usize,
    /// The entries of the elements or values to come.
    values: slice::Iter<'a, [u8; 4]>,
    /// The start of the data of the next element or value.
    value_start: usize,
    /// The bytes after the entries.
    data: &'a [u8],
}

impl<'a> Container<'a> {
    /// Reads the header of a container and writes its opening bracket.
    #[inline]
    fn open(out: &mut Vec<u8>, bytes: &'a [u8], root: bool) -> Result<Container<'a>, Error> {
        const SHORT: Error = Error::Damaged("a jsonb container holds its header and its entries");
        const COUNT: u32 = 0x0fff_ffff;
        const SCALAR: u32 = 0x5000_0000;
        const ARRAY: u32 = 0x4000_0000;
        const OBJECT: u32 = 0x2000_0000;

        let (header, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
        let header = u32::from_ne_bytes(*header);
        let count = (header & COUNT) as usize;
        let kind = match header & !COUNT {
            ARRAY => Kind::Array,
            OBJECT => Kind::Object,
            SCALAR if root && count == 1 => Kind::Scalar,
            _ => return Err(Error::Damaged("a jsonb container is an array or an object")),
        };
        let key_count = if let Kind::Object = kind { count } else { 0 };
        let (entries, data) = rest.split_at_checked((key_count + count) * 4).ok_or(SHORT)?;
        let (keys, values) = entries.as_chunks().0.split_at(key_count);

        room::reserve(out, 1)?;
        out.extend_from_slice(kind.start());
        Ok(Container {
            kind,
            first: true,
            keys: keys.iter(),
            key_start: 0,
            values: values.iter(),
            value_start: data_end(keys),
            data,
        })
    }

    /// Writes children until one of them is a container, and returns that container's bytes; `None` if no child is left.
    #[inline]
    fn write_scalars(&mut self, out: &mut Vec<u8>, number: &impl Number) -> Result<Option<&'a [u8]>, Error> {
        for &entry in self.values.by_ref() {
            // Room for a comma and the longest literal.
            room::reserve(out, 2 + 5)?;
            if !self.first {
                out.extend_from_slice(b", ");
            }
            self.first = false;

            if let Some(&key) = self.keys.next() {
                let key = Entry(u32::from_ne_bytes(key));
                let text = key.data(self.data, &mut self.key_start)?;
                if key.kind() != Entry::STRING {
                    return Err(Error::Damaged("a key of a jsonb object is a string"));
                }
                string::write(out, text)?;
                room::reserve(out, 2 + 5)?;
                out.extend_from_slice(b": ");
            }

            let entry = Entry(u32::from_ne_bytes(entry));
            let start = self.value_start;
            let data = entry.data(self.data, &mut self.value_start)?;
            match entry.kind() {
                Entry::STRING => string::write(out, data)?,
                Entry::NUMERIC => number(out, without_header(aligned(data, start)?)?)?,
                Entry::FALSE => out.extend_from_slice(b"false"),
                Entry::TRUE => out.extend_from_slice(b"true"),
                Entry::NULL => out.extend_from_slice(b"null"),
                Entry::CONTAINER => return Ok(Some(aligned(data, start)?)),
                _ => return Err(Error::Damaged("a jsonb entry has one of six types")),
            }
        }
        Ok(None)
    }
}

/// The entry of one child in a container.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    const STRING: u32 = 0x0000_0000;
    const NUMERIC: u32 = 0x1000_0000;
    const FALSE: u32 = 0x2000_0000;
    const TRUE: u32 = 0x3000_0000;
    const NULL: u32 = 0x4000_0000;
    const CONTAINER: u32 = 0x5000_0000;

    fn kind(self) -> u32 {
        self.0 & 0x7000_0000
    }

    /// Whether the number is the end of the child's data, rather than its length.
    fn is_end(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    fn number(self) -> usize {
        (self.0 & 0x0fff_ffff) as usize
    }

    /// The child's data, which starts at `start`; moves `start` to its end.
    #[inline]
    fn data<'a>(self, data: &'a [u8], start: &mut usize) -> Result<&'a [u8], Error> {
        // No overflow: the start lies within a slice, and the number has 28 bits.
        let end = if self.is_end() { self.number() } else { *start + self.number() };
        let child = data.get(*start..end);
        *start = end;
        child.ok_or(Error::Damaged("the children of a jsonb container lie within it, one after another"))
    }
}

/// The end of the last child's data: the last stored end (one entry in 32 stores it), plus the lengths since.
#[inline]
fn data_end(entries: &[[u8; 4]]) -> usize {
    let mut end: usize = 0;
    for &entry in entries.iter().rev() {
        let entry = Entry(u32::from_ne_bytes(entry));
        end = end.saturating_add(entry.number());
        if entry.is_end() {
            break;
        }
    }
    end
}

/// `data` without the padding before the next multiple of four.
#[inline]
fn aligned(data: &[u8], start: usize) -> Result<&[u8], Error> {
    let padding = start.wrapping_neg() % 4;
    data.get(padding..).ok_or(Error::Damaged("the padding of a jsonb value lies within it"))
}

/// The content of a varlena that is neither compressed nor stored elsewhere: the bytes after its header.
#[inline]
fn without_header(bytes: &[u8]) -> Result<&[u8], Error> {
    const DAMAGED: Error = Error::Damaged("a numeric in a jsonb is stored plainly, within its entry");
    // The lowest two bits of the first byte tell the form (on a big-endian machine the highest two): a short varlena
    // has its length in that single byte, a long varlena in four bytes.
    let (&first, _) = bytes.split_first().ok_or(DAMAGED)?;
    let (is_short, short_length) =
        if cfg!(target_endian = "big") { (first & 0x80 != 0, first & 0x7f) } else { (first & 1 != 0, first >> 1) };
    if is_short {
        return bytes.get(1..short_length.into()).ok_or(DAMAGED);
    }
    let header = u32::from_ne_bytes(*bytes.first_chunk().ok_or(DAMAGED)?);
    let (form, length) =
        if cfg!(target_endian = "big") { (header >> 30, header & 0x3fff_ffff) } else { (header & 3, header >> 2) };
    if form != 0 {
        return Err(DAMAGED);
    }
    bytes.get(4..length as usize).ok_or(DAMAGED)
}

/// The containers around the current one. The first few take no memory from the heap.
#[derive(Default)]
struct Stack<'a> {
    shallow: [Container<'a>; SHALLOW],
    deep: Vec<Container<'a>>,
    depth: usize,
}

/// Deeper than most documents, and still cheap to set up.
const SHALLOW: usize = 4;

impl<'a> Stack<'a> {
    fn push(&mut self, container: Container<'a>) -> Result<(), Error> {
        match self.shallow.get_mut(self.depth) {
            Some(place) => *place = container,
            None => {
                self.deep.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
                self.deep.push(container);
            }
        }
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Container<'a>> {
        self.depth = self.depth.checked_sub(1)?;
        match self.shallow.get(self.depth) {
            Some(container) => Some(container.clone()),
            None => self.deep.pop(),
        }
    }
}
