//! The check that a text is a line: one pass, without recursion.

use super::members::string_end;
use super::{Because, Refused, Text};
use crate::line::{number, string};

type Result<T> = std::result::Result<T, Refused>;

/// Checks that the text is a line.
pub(super) fn line(text: &str) -> Result<()> {
    let mut check = Check { text, at: 0, open: Vec::new(), names: Vec::new(), written: Vec::new() };
    check.line()?;
    if check.at < text.len() { Err(check.unexpected()) } else { Ok(()) }
}

/// The known properties of an open container, as bits.
type Open = u8;

/// The container is an object; otherwise an array.
const OBJECT: Open = 1;
/// The container is a jsonb: it has spaces.
const JSONB: Open = 2;
/// The container is not a jsonb: it has no spaces, or contains what no jsonb contains. If both are possible, neither bit is set.
const PLAIN: Open = 4;

/// The mark of the first name of an object, beside the name's offset. An offset is less than `LENGTH_MAX`, below 2^30.
const FIRST: u32 = 1 << 31;

struct Check<'a> {
    text: &'a str,
    at: usize,
    /// The containers around the current value.
    open: Vec<Open>,
    /// The offsets of names in the open objects: in a jsonb the last one, for the order; in a composite all.
    names: Vec<u32>,
    /// A buffer for the writer's form of an escape.
    written: Vec<u8>,
}

impl<'a> Check<'a> {
    fn line(&mut self) -> Result<()> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        let mut last: Option<Text> = None;
        loop {
            let start = self.at;
            let name = self.string()?;
            if last.is_some_and(|last| last >= name) {
                return Err(Refused { offset: start, because: Because::Order });
            }
            last = Some(name);
            self.expect(b':')?;
            self.value()?;
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Reads one value, including the values in it.
    fn value(&mut self) -> Result<()> {
        loop {
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    if !self.take(b'}') {
                        self.open(OBJECT)?;
                        self.name(true)?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if !self.take(b']') {
                        self.open(0)?;
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => return Err(self.unexpected()),
            }
            // A value has ended, and containers around it may end, too.
            loop {
                let Some(&open) = self.open.last() else {
                    return Ok(());
                };
                if self.take(b',') {
                    self.space()?;
                    if open & OBJECT != 0 {
                        self.name(false)?;
                    }
                    break;
                }
                self.expect(if open & OBJECT != 0 { b'}' } else { b']' })?;
                self.close()?;
            }
        }
    }

    fn open(&mut self, kind: Open) -> Result<()> {
        // A container in a jsonb is a jsonb.
        let around = self.open.last().map_or(0, |around| around & JSONB);
        self.open.try_reserve(1).map_err(|_| self.refused(Because::OutOfMemory))?;
        self.open.push(kind | around);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let closed = self.open.pop().unwrap_or_default();
        if closed & OBJECT != 0 {
            let first = self.names.iter().rposition(|name| name & FIRST != 0).unwrap_or_default();
            let names = self.names.get_mut(first..).unwrap_or_default();
            if closed & PLAIN != 0 {
                distinct(self.text, names)?;
            }
            self.names.truncate(first);
        }
        if closed & PLAIN != 0 {
            self.mark_plain();
        }
        Ok(())
    }

    /// Notes that the innermost container contains what no jsonb contains. The caller knows that the container is not a jsonb.
    fn mark_plain(&mut self) {
        if let Some(around) = self.open.last_mut() {
            *around |= PLAIN;
        }
    }

    /// Reads the space after a comma or a colon, or its absence.
    fn space(&mut self) -> Result<()> {
        let is_space = self.bytes().get(self.at) == Some(&b' ');
        let refused = self.refused(Because::Space);
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let (is, is_not) = if is_space { (JSONB, PLAIN) } else { (PLAIN, JSONB) };
        if *open & is_not != 0 {
            return Err(refused);
        }
        *open |= is;
        self.at += usize::from(is_space);
        Ok(())
    }

    /// Reads the name of a member of the innermost object, and the colon after it.
    fn name(&mut self, is_first: bool) -> Result<()> {
        let start = self.at;
        let name = self.string()?;
        self.expect(b':')?;
        self.space()?;
        let is_jsonb = self.open.last().is_some_and(|open| open & JSONB != 0);
        let mark = if is_first { FIRST } else { 0 };
        // An offset has 30 bits.
        let offset = start as u32;
        if is_first || !is_jsonb {
            self.names.try_reserve(1).map_err(|_| self.refused(Because::OutOfMemory))?;
            self.names.push(offset | mark);
        } else if let Some(last) = self.names.last_mut() {
            let before = name_at(self.text, *last);
            // The order of `lengthCompareJsonbString` in jsonb_util.c.
            if (before.bytes().count(), before) >= (name.bytes().count(), name) {
                return Err(Refused { offset: start, because: Because::Order });
            }
            *last = offset | *last & FIRST;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Text<'a>> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            let rest = self.bytes().get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            self.at += plain.unwrap_or(rest.len());
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(Text(self.text.get(start..self.at).unwrap_or_default()));
                }
                b'\\' => self.escape()?,
                _ => return Err(self.refused(Because::Escape)),
            }
        }
    }

    /// Reads an escape, which has to be the writer's escape for the decoded character.
    fn escape(&mut self) -> Result<()> {
        let rest = self.bytes().get(self.at + 1..).unwrap_or_default();
        let refused = self.refused(Because::Escape);
        let (decoded, length) = match rest {
            [] => return Err(Refused { offset: self.text.len(), because: Because::Incomplete }),
            [b'b', ..] => ('\x08', 2),
            [b'f', ..] => ('\x0c', 2),
            [b'n', ..] => ('\n', 2),
            [b'r', ..] => ('\r', 2),
            [b't', ..] => ('\t', 2),
            [byte @ (b'"' | b'\\' | b'/'), ..] => (char::from(*byte), 2),
            [b'u', digits @ ..] => {
                let Some(digits) = digits.first_chunk::<4>() else {
                    return Err(Refused { offset: self.text.len(), because: Because::Incomplete });
                };
                let digit = |code: Option<u32>, &digit: &u8| Some(code? << 4 | char::from(digit).to_digit(16)?);
                let code = digits.iter().fold(Some(0), digit).and_then(char::from_u32);
                (code.ok_or(refused)?, 6)
            }
            _ => return Err(refused),
        };
        self.written.clear();
        string::write(&mut self.written, decoded.encode_utf8(&mut [0; 4]).as_bytes())
            .map_err(|_| self.refused(Because::OutOfMemory))?;
        let escape = self.bytes().get(self.at..self.at + length);
        if escape.is_none() || self.written.get(1..self.written.len() - 1) != escape {
            return Err(refused);
        }
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        let has_exponent = text.iter().any(|byte| b"eE".contains(byte));
        let is_jsonb = self.open.last().is_some_and(|open| open & JSONB != 0);
        if !number::is_json_number(text) || has_exponent && is_jsonb {
            return Err(self.refused(Because::Number));
        }
        if has_exponent {
            self.mark_plain();
        }
        self.at += length;
        Ok(())
    }

    fn literal(&mut self, literal: &str) -> Result<()> {
        literal.bytes().try_for_each(|byte| self.expect(byte))
    }

    fn peek(&self) -> Result<u8> {
        self.bytes().get(self.at).copied().ok_or_else(|| self.refused(Because::Incomplete))
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        self.peek()?;
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn unexpected(&self) -> Refused {
        self.refused(if self.bytes().get(self.at) == Some(&b' ') { Because::Space } else { Because::Unexpected })
    }

    fn refused(&self, because: Because) -> Refused {
        Refused { offset: self.at, because }
    }
}

/// Checks that no two of the names are equal. The check may sort them.
fn distinct(text: &str, names: &mut [u32]) -> Result<()> {
    names.sort_unstable_by(|a, b| (name_at(text, *a), a & !FIRST).cmp(&(name_at(text, *b), b & !FIRST)));
    let twice = names.windows(2).find_map(|pair| match pair {
        [before, name] if name_at(text, *before) == name_at(text, *name) => Some(*name & !FIRST),
        _ => None,
    });
    twice.map_or(Ok(()), |name| Err(Refused { offset: name as usize, because: Because::Order }))
}

/// The name at this offset, with or without its mark.
fn name_at(text: &str, name: u32) -> Text<'_> {
    let rest = text.get((name & !FIRST) as usize..).unwrap_or_default();
    Text(rest.get(..string_end(rest)).unwrap_or_default())
}
