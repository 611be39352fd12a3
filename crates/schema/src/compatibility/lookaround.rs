//! Patterns without their look-arounds.
//!
//! Soundness. A look-around takes no characters, and everything around it can only match more if it always holds: a pattern
//! without its look-arounds matches whatever it matches with them. What cuts alternatives off (atomic groups, possessive
//! repetitions, conditions) would be no such thing within a look-around, which is dropped as a whole; outside of one, it is
//! either refused by the engine without look-around, or read as if it cut nothing off, which matches more again. Each
//! look-around leaves an empty group, so that what follows it applies to nothing else. Where the text of the pattern could be
//! read in more than one way (flags, classes that begin with a bracket, escapes that are not the same in both engines), there
//! is no answer.

/// The escapes by letters that both engines read in the same way. Others of letters and digits refer back, or differ.
const ESCAPES: &str = "bBdDnrsStuwWx";
/// The openings of look-arounds.
const LOOKS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];
/// The openings of other groups.
const GROUPS: [&str; 3] = ["(?:", "(?<", "(?P<"];

/// Whether the pattern looks around itself.
pub(super) fn is_in(pattern: &str) -> bool {
    LOOKS.iter().any(|opening| pattern.contains(opening)) && regex_syntax::parse(pattern).is_err()
}

/// The pattern without look-arounds, which matches at least as much. It is in the engine's syntax, as the one that is returned.
pub(super) fn without(pattern: &str) -> Option<String> {
    rewritten(pattern, false)
}

/// The pattern with what it looks for, or must not find, written out: only a source of texts.
pub(super) fn written_out(pattern: &str) -> Option<String> {
    rewritten(pattern, true)
}

fn rewritten(pattern: &str, written_out: bool) -> Option<String> {
    let mut out = String::new();
    // The groups within the look-around that is being dropped, and itself.
    let mut dropped = 0_usize;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let part = match first {
            '\\' => escape(rest)?,
            '[' => class(rest)?,
            '(' => {
                let look = LOOKS.iter().find(|opening| rest.starts_with(**opening));
                let opening = look.or_else(|| GROUPS.iter().find(|opening| rest.starts_with(**opening)));
                if opening.is_none() && rest.starts_with("(?") {
                    return None;
                }
                let (part, after) = rest.split_at(opening.map_or(1, |opening| opening.len()));
                rest = after;
                if dropped > 0 || look.is_some() && !written_out {
                    out.push_str(if dropped == 0 { "(?:)" } else { "" });
                    dropped += 1;
                } else {
                    out.push_str(if look.is_some() { "(?:" } else { part });
                }
                continue;
            }
            ')' if dropped > 0 => {
                dropped -= 1;
                rest = &rest[1..];
                continue;
            }
            other => other.len_utf8(),
        };
        let (part, after) = rest.split_at(part);
        rest = after;
        if dropped == 0 {
            out.push_str(part);
        }
    }
    (dropped == 0).then_some(out)
}

/// The length of the escape at the beginning.
fn escape(text: &str) -> Option<usize> {
    let mut chars = text.chars().skip(1);
    let escaped = chars.next()?;
    let is_known = if escaped.is_ascii_alphanumeric() {
        // With a brace, other kinds of boundaries.
        ESCAPES.contains(escaped) && !(escaped.eq_ignore_ascii_case(&'b') && chars.next() == Some('{'))
    } else {
        !matches!(escaped, '<' | '>')
    };
    is_known.then(|| 1 + escaped.len_utf8())
}

/// The length of the class at the beginning.
fn class(text: &str) -> Option<usize> {
    let mut at = if text.starts_with("[^") { 2 } else { 1 };
    if text[at..].starts_with(']') {
        return None;
    }
    loop {
        match text[at..].chars().next()? {
            ']' => return Some(at + 1),
            '\\' => at += escape(&text[at..])?,
            // Within a class, the translation has escaped it.
            '[' => return None,
            other => at += other.len_utf8(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_arounds_are_dropped_as_a_whole() {
        for (pattern, bare, all) in [
            ("^(?!admin)[a-z]+$", "^(?:)[a-z]+$", "^(?:admin)[a-z]+$"),
            ("a(?=(b|[)]\\))c)*d", "a(?:)*d", "a(?:(b|[)]\\))c)*d"),
            ("(?<n>a)(?<=a)(?<!(?:b))", "(?<n>a)(?:)(?:)", "(?<n>a)(?:a)(?:(?:b))"),
            ("(?!(?=a)b)c", "(?:)c", "(?:(?:a)b)c"),
            ("[(?=]ä\\(", "[(?=]ä\\(", "[(?=]ä\\("),
        ] {
            assert_eq!(without(pattern).as_deref(), Some(bare));
            assert_eq!(written_out(pattern).as_deref(), Some(all));
        }
        for pattern in
            ["(?x)a #(?=\n b #)\n c", "(?>a(?=b)|ab)", "(a)\\1(?=b)", "[]](?=a)", "(?=a", "\\K(?=a)", "\\<(?=a)"]
        {
            assert_eq!(without(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_without_look_arounds_matches_whatever_it_matches_with_them() {
        use proptest::prelude::*;
        use proptest::strategy::ValueTree;
        use proptest::test_runner::TestRunner;

        let leaf = prop::sample::select(vec!["a", "b", ".", "\\d", "[^a]", "^", "$", "\\b", "ab", "\\w"]);
        let pattern = leaf.prop_map(str::to_owned).prop_recursive(4, 16, 3, |inner| {
            let around = prop::sample::select(vec!["(?=", "(?!", "(?<=", "(?<!", "(?:", "("]);
            let many = prop::sample::select(vec!["*", "+", "?", "{0,2}", "*+", "++", "?+", "*?"]);
            prop_oneof![
                (around, inner.clone()).prop_map(|(opening, inner)| format!("{opening}{inner})")),
                (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left}{right}")),
                (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("(?:{left}|{right})")),
                (inner, many).prop_map(|(inner, many)| format!("(?:{inner}){many}")),
            ]
        });
        let texts = ["", "a", "b", "ab", "ba", "aab", "abab", "1", "a1", "٣", "\n", "a\nb", "-", "a-b", "bbb"];
        let (mut runner, mut compared) = (TestRunner::deterministic(), 0);
        for _ in 0..1000 {
            let pattern = pattern.new_tree(&mut runner).unwrap().current();
            let Ok(fancy) = fancy_regex::Regex::new(&pattern) else { continue };
            let Some(bare) = without(&pattern).and_then(|bare| regex::Regex::new(&bare).ok()) else { continue };
            for text in texts {
                assert!(!matches!(fancy.is_match(text), Ok(true)) || bare.is_match(text), "{pattern} {text:?}");
                compared += usize::from(bare.is_match(text));
            }
        }
        assert!(compared > 1000, "{compared}");
    }
}
