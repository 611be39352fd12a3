//! The text of an SQL command as it may be kept: without comments, and with each string literal replaced by `'…'`.
//!
//! A literal may be secret, and so may be what a comment says. Names and numbers stay. The tokens are those of PostgreSQL's
//! own lexer (`src/backend/parser/scan.l`). Where a text can be read in two ways, the rest of the text is left out: never
//! does a part of a literal stay.
#![forbid(unsafe_code)]

/// What stands in the place of a literal.
const LITERAL: &str = "'…'";
/// What stands at the end of a text that was cut, or whose rest cannot be told.
const CUT: &str = "…";

/// The masked text of a command, of at most `size` bytes.
pub fn masked(text: &str, size: usize) -> String {
    let mut masking = Masking { text, place: 0, out: String::new() };
    let is_whole = masking.run(size);
    let mut out = masking.out;
    out.truncate(out.trim_end().len());
    out.drain(..out.len() - out.trim_start().len());
    if !is_whole || out.len() > size {
        let mut end = out.len().min(size.saturating_sub(CUT.len()));
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push_str(CUT);
    }
    out
}

struct Masking<'a> {
    text: &'a str,
    /// The start of the next token.
    place: usize,
    out: String,
}

/// A literal that ended, or the end of the text, or a place that cannot be told.
type Ended = Option<()>;

impl Masking<'_> {
    /// Returns whether the text was read to its end.
    fn run(&mut self, size: usize) -> bool {
        while self.place < self.text.len() {
            if self.out.len() > size {
                return false;
            }
            if self.token().is_none() {
                return false;
            }
        }
        true
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.place + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self) -> Ended {
        match self.byte(0) {
            b'-' if self.byte(1) == b'-' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment()?,
            b'\'' => self.literal(false)?,
            b'"' => self.name()?,
            b'$' => self.dollar()?,
            byte if begins_word(byte) => self.word()?,
            byte if byte.is_ascii_digit() => {
                self.copy(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
            }
            byte if is_space(byte) => self.copy(is_space),
            _ => self.copy_to(self.place + 1),
        }
        Some(())
    }

    /// Copies the bytes from the present place for as long as they are of a kind. A byte outside ASCII is of no kind but a word's.
    fn copy(&mut self, is_of_kind: impl Fn(u8) -> bool) {
        let rest = &self.text.as_bytes()[self.place..];
        let length = rest.iter().position(|byte| !is_of_kind(*byte)).unwrap_or(rest.len());
        self.copy_to(self.place + length);
    }

    fn copy_to(&mut self, end: usize) {
        self.out.push_str(&self.text[self.place..end]);
        self.place = end;
    }

    /// Two quotes side by side would read as one.
    fn mask(&mut self) {
        if self.out.ends_with('\'') {
            self.out.push(' ');
        }
        self.out.push_str(LITERAL);
    }

    /// A comment separates tokens, as a space does.
    fn separate(&mut self) {
        if !self.out.ends_with(|last: char| last.is_ascii_whitespace()) && !self.out.is_empty() {
            self.out.push(' ');
        }
    }

    fn line_comment(&mut self) {
        let rest = &self.text.as_bytes()[self.place..];
        self.place += rest.iter().position(|byte| is_newline(*byte)).unwrap_or(rest.len());
        self.separate();
    }

    /// A comment in `/* */`, which can contain others.
    fn block_comment(&mut self) -> Ended {
        let mut depth = 0usize;
        while self.place < self.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.place += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.place += 2;
                    if depth == 0 {
                        self.separate();
                        return Some(());
                    }
                }
                _ => self.place += 1,
            }
        }
        None
    }

    /// A literal in single quotes; `escapes`: whether a backslash is known to escape. Otherwise that depends on the setting
    /// `standard_conforming_strings` at the time of parsing, which is not known here.
    fn literal(&mut self, escapes: bool) -> Ended {
        self.mask();
        self.place += 1;
        let mut backslashes = 0;
        loop {
            match (self.byte(0), self.byte(1)) {
                _ if self.place >= self.text.len() => return None,
                (b'\\', _) => {
                    backslashes += 1;
                    self.place += 1;
                    continue;
                }
                (b'\'', _) if backslashes % 2 == 1 => {
                    if !escapes {
                        return None;
                    }
                    self.place += 1;
                }
                (b'\'', b'\'') => self.place += 2,
                (b'\'', _) => {
                    self.place += 1;
                    match self.continuation() {
                        Some(place) => self.place = place + 1,
                        None => return Some(()),
                    }
                }
                _ => self.place += 1,
            }
            backslashes = 0;
        }
    }

    /// The place of the quote with which the literal goes on: after space and comments with a newline.
    fn continuation(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (mut place, mut newline) = (self.place, false);
        loop {
            match bytes.get(place)? {
                byte if is_space(*byte) => {
                    newline |= is_newline(*byte);
                    place += 1;
                }
                b'-' if bytes.get(place + 1) == Some(&b'-') => {
                    place += bytes[place..].iter().position(|byte| is_newline(*byte))?;
                }
                b'\'' if newline => return Some(place),
                _ => return None,
            }
        }
    }

    /// A name in double quotes.
    fn name(&mut self) -> Ended {
        let mut end = self.place + 1;
        loop {
            end += self.text.as_bytes()[end..].iter().position(|byte| *byte == b'"')? + 1;
            if self.text.as_bytes().get(end) != Some(&b'"') {
                break;
            }
            end += 1;
        }
        self.copy_to(end);
        Some(())
    }

    /// A literal in dollar quotes, a parameter or a stray sign.
    fn dollar(&mut self) -> Ended {
        let bytes = self.text.as_bytes();
        let mut end = self.place + 1;
        if bytes.get(end).is_some_and(|byte| begins_word(*byte)) {
            let is_tag = |byte: &u8| continues_word(*byte) && *byte != b'$';
            end += bytes[end..].iter().position(|byte| !is_tag(byte)).unwrap_or(bytes.len() - end);
        }
        if bytes.get(end) != Some(&b'$') {
            self.copy_to(self.place + 1);
            return Some(());
        }
        let quote = &self.text[self.place..=end];
        let after = end + 1;
        self.mask();
        self.place = after + self.text[after..].find(quote)? + quote.len();
        Some(())
    }

    /// A word: a keyword, a name, or the prefix of a literal.
    fn word(&mut self) -> Ended {
        let rest = &self.text[self.place..];
        let length = rest.bytes().position(|byte| !continues_word(byte)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let is = |letter: &str| word.eq_ignore_ascii_case(letter);
        if after.starts_with('\'') && ["e", "b", "x", "n"].iter().any(|prefix| is(prefix)) {
            self.place += length;
            return self.literal(is("e"));
        }
        if is("u") && after.starts_with("&'") {
            self.place += length + 1;
            return self.literal(false);
        }
        self.copy_to(self.place + length);
        Some(())
    }
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    begins_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// Space, as the lexer of every version knows it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
