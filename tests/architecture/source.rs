//! Sources as the rules read them: without comments, and with or without what is in strings.

use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct File {
    /// Its path from the top, with slashes.
    pub path: String,
    pub text: String,
}

/// A word of a file.
pub struct Word {
    pub line: usize,
    pub text: String,
}

/// The top of the repository.
pub fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below these folders whose paths are wanted, in order. What is built or found by fuzzing is left out.
pub fn files(folders: &[&str], is_wanted: impl Fn(&str) -> bool) -> Vec<File> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&top().join(folder), &mut paths);
    }
    paths.sort();
    let relative = paths.into_iter().map(|path| {
        let path = path.strip_prefix(top()).expect("below the top").to_string_lossy().replace('\\', "/");
        File { text: String::new(), path }
    });
    let wanted = relative.filter(|file| is_wanted(&file.path));
    wanted
        .map(|file| {
            let bytes = std::fs::read(top().join(&file.path)).expect("a file");
            File { text: String::from_utf8_lossy(&bytes).into_owned(), ..file }
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let name = entry.file_name();
        let is_folder = entry.file_type().expect("a type").is_dir();
        if is_folder
            && !["target", "corpus", "artifacts", "coverage", "__pycache__"].iter().any(|skipped| name == *skipped)
        {
            collect(&entry.path(), paths);
        } else if !is_folder {
            paths.push(entry.path());
        }
    }
}

impl File {
    /// The words of its code: neither of comments nor of strings, nor, in Rust, what follows a dot.
    pub fn words(&self) -> Vec<Word> {
        self.words_of(&code(&self.text, self.is_sql(), false))
    }

    /// The same, with those of strings.
    pub fn words_and_strings(&self) -> Vec<Word> {
        self.words_of(&code(&self.text, self.is_sql(), true))
    }

    fn words_of(&self, code: &str) -> Vec<Word> {
        let mut before_is_dot = false;
        let is_wanted = |token: &Word| {
            let is_member = std::mem::replace(&mut before_is_dot, token.text == ".") && !self.is_sql();
            is_word(&token.text) && !is_member
        };
        tokens(code).into_iter().filter(is_wanted).collect()
    }

    fn is_sql(&self) -> bool {
        self.path.ends_with(".sql")
    }

    /// What stands at the top of the crate in the paths that it uses: after `crate::`, or after as many `super::` as lead there.
    pub fn imports(&self) -> Vec<Word> {
        let tokens = tokens(&code(&self.text, false, false));
        let text = |at: usize| tokens.get(at).map_or("", |token: &Word| token.text.as_str());
        let depth = self.path.matches('/').count() - usize::from(self.path.ends_with("/mod.rs"));
        let mut imports = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let mut supers = 0;
            while text(at) == "super" && text(at + 1) == "::" {
                supers += 1;
                at += 2;
            }
            let is_top = if supers > 0 {
                supers >= depth
            } else if text(at) == "crate" && text(at + 1) == "::" {
                at += 2;
                true
            } else {
                at += 1;
                false
            };
            if is_top && text(at) == "{" {
                imports.extend(first_words(&tokens, at));
            } else if is_top && is_word(text(at)) {
                imports.push(Word { line: tokens[at].line, text: text(at).to_string() });
            }
        }
        imports
    }
}

/// The first word of each path in braces that begin here.
fn first_words(tokens: &[Word], open: usize) -> Vec<Word> {
    let (mut depth, mut words) = (0, Vec::new());
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            text if depth == 1 && is_word(text) && matches!(tokens[at - 1].text.as_str(), "{" | ",") => {
                words.push(Word { line: token.line, text: text.to_string() });
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    words
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::`, and single other characters.
fn tokens(code: &str) -> Vec<Word> {
    let mut tokens = Vec::new();
    for (n, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let of_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if of_word(first) {
                rest.find(|c| !of_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Word { line: n + 1, text: rest[..length].to_string() });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The text with blanks instead of comments, and, if wanted, instead of what is in strings. Lines stay lines.
fn code(text: &str, is_sql: bool, with_strings: bool) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let in_word = before.is_alphanumeric() || before == '_';
        let (length, is_kept) = if rest.starts_with(if is_sql { "--" } else { "//" }) {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if is_sql {
            (first.len_utf8(), true)
        } else if rest.starts_with("/*") {
            (block_comment(rest), false)
        } else if let Some(length) = raw_string(rest).filter(|_| !in_word || matches!(before, 'b' | 'c')) {
            (length, with_strings)
        } else if first == '"' {
            (string(rest), with_strings)
        } else if let Some(length) = character(rest) {
            (length, with_strings)
        } else {
            (first.len_utf8(), true)
        };
        let (part, after) = rest.split_at(length);
        before = part.chars().next_back().unwrap_or(' ');
        if is_kept {
            code.push_str(part);
        } else {
            code.push(' ');
            code.extend(part.chars().filter(|&c| c == '\n'));
        }
        rest = after;
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a raw string that begins here, if one does.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.chars().take_while(|&c| c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

fn string(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character that begins here: a lifetime has no second quote.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let mut characters = body.chars();
    let first = characters.next()?;
    if first == '\\' {
        let escaped = characters.next()?;
        let from = 2 + escaped.len_utf8();
        return Some(from + text[from..].find('\'')? + 1);
    }
    (characters.next() == Some('\'')).then(|| 1 + first.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_string(), text: text.to_string() }
    }

    fn texts(words: Vec<Word>) -> Vec<String> {
        words.into_iter().map(|word| format!("{}:{}", word.line, word.text)).collect()
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        let text = ".z a /* b /* c */\nd */ e // f\ng \"h \\\" // i\" 'j' '\\'' k<'l> r#\"m \" n\"# c\"o\" b'p'";
        let rust = file("src/a/b.rs", text);
        assert_eq!(texts(rust.words()), ["1:a", "2:e", "3:g", "3:k", "3:l", "3:c", "3:b"]);
        let all: Vec<String> = texts(rust.words_and_strings());
        assert!(["3:h", "3:i", "3:m", "3:n", "3:o"].iter().all(|word| all.contains(&word.to_string())), "{all:?}");
        assert_eq!(texts(file("a.sql", "SELECT 'x' -- y\n, z").words()), ["1:SELECT", "1:x", "2:z"]);
    }

    #[test]
    fn imports_are_what_stands_at_the_top_of_the_crate() {
        let text = "use crate::pg::{row, spi};\nuse crate::{chain::seal, table::{turn, lru}, ddl};\nuse super::head;\nfn f() { super::super::packing::pack(); crate::validation::x(); std::mem::swap(); }";
        let names = ["1:pg", "2:chain", "2:table", "2:ddl", "4:packing", "4:validation"];
        assert_eq!(texts(file("src/chain/verify.rs", text).imports()), names);
        let deeper = file("src/pg/line/value.rs", "use super::super::row; use super::super::super::chain;");
        assert_eq!(texts(deeper.imports()), ["1:chain"]);
        assert_eq!(texts(file("src/pg/mod.rs", "use super::chain;").imports()), ["1:chain"]);
    }
}
