//! The masked text of commands, hostile ones included.

use proptest::prelude::*;
use veritable_command::masked;

fn check(text: &str, expected: &str) {
    assert_eq!(masked(text, 8192), expected, "{text}");
}

#[test]
fn a_literal_is_masked_in_each_of_its_forms() {
    for literal in [
        "'secret'",
        "''",
        "'it''s secret'",
        "E'it\\'s secret'",
        "e'\\\\'",
        "E'a\\\\\\'secret'",
        "U&'\\0041 secret'",
        "u&'secret'",
        "B'0101'",
        "X'ff'",
        "N'secret'",
        "$$secret$$",
        "$tag$secret $$ 'x' $other$ $tag$",
        "$é1$secret$é1$",
        "'secret'\n'more secret'",
        "'secret' -- 'x\n  'more secret'",
        "E'secret'\n'it\\'s more'",
        "'/* secret */ -- secret'",
    ] {
        check(
            &format!("ALTER TABLE t ALTER c SET DEFAULT {literal}, ADD d int;"),
            "ALTER TABLE t ALTER c SET DEFAULT '…', ADD d int;",
        );
    }
    check("SELECT 'a' 'b', E'a' /* \n */ 'b', 'a'/**/\n'b'", "SELECT '…' '…', '…'  '…', '…' \n'…'");
}

#[test]
fn names_numbers_and_parameters_stay() {
    for text in [
        "ALTER TABLE \"it's\" ADD \"a\"\"b --\" numeric(10, 2) DEFAULT 1_000.5e-3",
        "SELECT a$$b$$, $1, te, n, u & b, é$x$, 0x1F, a[1:2], a->b, 5 % 2, _e",
        "SELECT U&\"d\\0061t\" UESCAPE",
    ] {
        check(text, text);
    }
    // A word that only ends in a prefix is a word: the literal after it has no escapes.
    check("DROP TABLE abe'x'", "DROP TABLE abe'…'");
    check("SELECT 1$$secret$$, $1$$secret$$", "SELECT 1'…', $1'…'");
}

#[test]
fn comments_are_left_out() {
    check("-- secret\nDROP TABLE t -- secret", "DROP TABLE t");
    check("DROP/* secret /* nested ' */ \" */TABLE t", "DROP TABLE t");
    check("SELECT 1 +-- secret\n2", "SELECT 1 + \n2");
    check("SELECT 1 */* secret */ 2", "SELECT 1 *  2");
}

#[test]
fn the_rest_is_left_out_where_the_text_can_be_read_in_two_ways() {
    // With standard_conforming_strings = off, the backslash escapes the quote.
    check("SELECT 'C:\\', 'secret'", "SELECT '…'…");
    check("SELECT 'a\\'' , 'secret'", "SELECT '…'…");
    check("SELECT 'a\\\\', 'secret'", "SELECT '…', '…'");
    check("SELECT U&'a\\', 'secret'", "SELECT '…'…");
}

#[test]
fn an_unterminated_token_hides_the_rest() {
    for text in ["'secret", "E'secret\\'", "$a$secret$b$", "$$secret$", "/* secret /* */", "\"secret"] {
        let out = masked(&format!("SELECT {text}"), 8192);
        assert!(!out.contains("secret") && out.starts_with("SELECT"), "{text}: {out}");
    }
    check("SELECT $", "SELECT $");
    check("SELECT $a", "SELECT $a");
    check("", "");
    check("'", "'…'…");
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let text = format!("SELECT {}", "é".repeat(100));
    for size in 0..200 {
        let out = masked(&text, size);
        assert!(out.len() <= size.max("…".len()), "{size}: {}", out.len());
        assert!(text.starts_with(out.trim_end_matches('…')));
    }
    assert_eq!(masked(&text, 207), text);
}

proptest! {
    #[test]
    fn any_text_is_masked_within_the_size(text in "\\PC*", size in 0usize..100) {
        prop_assert!(masked(&text, size).len() <= size.max(3));
    }

    /// What is written between tokens of all kinds as a literal never shows.
    #[test]
    fn no_literal_shows(parts in prop::collection::vec(prop_oneof![
        Just("a "), Just("e "), Just("1"), Just("/* ' */"), Just("-- '\n"), Just("\"'\""), Just("$1 "), Just("'' "),
        Just("E'\\'' "), Just("$$'$$ "), Just("\n"), Just("+"), Just("'hidden' "), Just("E'\\'hidden' "), Just("$x$hidden$x$ "),
        Just("/* hidden */"), Just("U&'hidden' "),
    ], 0..12)) {
        let text = parts.concat();
        let out = masked(&text, 8192);
        prop_assert!(!out.contains("hidden"), "{text:?} shows as {out:?}");
    }
}
