//! Notes are those of c2sp.org/signed-note: read strictly, written as they were read, believed for known keys alone.

mod support;

use proptest::prelude::*;
use veritable_log::note::{LENGTH_MAX, Note, NoteError, SIGNATURES_MAX, SigningKey, Untrusted, VerifierKey};

const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
";

const NEUMANN_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const NEUMANN_TEXT: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.
";
const NEUMANN: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(veritable_log::Name::new(name).unwrap(), &[seed; 32])
}

fn read(note: &str) -> Result<Note, NoteError> {
    Note::read(note.as_bytes())
}

#[test]
fn the_example_of_the_standard_verifies() {
    let note = read(EXAMPLE).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    let known = [VerifierKey::read(EXAMPLE_KEY).unwrap()];
    let verified = note.verify(&known).unwrap();
    assert_eq!((verified.len(), verified[0].key, verified[0].time), (1, &known[0], None));
    assert_eq!(note.to_string(), EXAMPLE);
}

#[test]
fn the_example_of_go_is_signed_with_the_same_bytes() {
    let key = SigningKey::read(NEUMANN_PRIVATE).unwrap();
    let note = key.sign(NEUMANN_TEXT).unwrap();
    assert_eq!(note.to_string(), NEUMANN);
    assert_eq!(read(NEUMANN), Ok(note));
}

#[test]
fn another_text_or_signature_does_not_verify() {
    let known = [VerifierKey::read(EXAMPLE_KEY).unwrap()];
    let wrong = Untrusted::Wrong { name: known[0].name().clone(), id: known[0].id() };
    for forged in [EXAMPLE.replace("example message", "Example message"), EXAMPLE.replace("srV1", "srV2")] {
        assert_eq!(read(&forged).unwrap().verify(&known), Err(wrong.clone()));
    }
    assert_eq!(wrong.to_string(), "The signature by the key example.com/foo+530d903a is wrong.");
    // A signature that is cut, or longer than one.
    for length in [5, 40, 67, 69, 100] {
        let bytes: Vec<u8> = [0x53, 0x0d, 0x90, 0x3a].into_iter().chain(std::iter::repeat(7)).take(length).collect();
        let forged = format!("This is an example message.\n\n— example.com/foo {}\n", support::base64(&bytes));
        assert_eq!(read(&forged).unwrap().verify(&known), Err(wrong.clone()), "{length} bytes");
    }
}

#[test]
fn unknown_keys_are_ignored_and_a_wrong_signature_of_a_known_one_condemns_the_note() {
    let (log, other, stranger) = (key("log", 1), key("other", 2), key("stranger", 3));
    let note = log.sign("text\n").unwrap().merge(other.sign("text\n").unwrap()).unwrap();
    let (log_key, other_key) = (log.verifier(), other.verifier());
    assert_eq!(note.verify([&log_key]).unwrap().len(), 1);
    assert_eq!(note.verify([&other_key, &log_key]).unwrap().len(), 2);
    assert_eq!(note.verify([&stranger.verifier()]), Err(Untrusted::Unknown));
    assert_eq!(note.verify([]), Err(Untrusted::Unknown));
    // The same name with another key has another number: unknown. So has the same key with another name.
    assert_eq!(note.verify([&key("log", 9).verifier(), &key("log2", 1).verifier()]), Err(Untrusted::Unknown));
    // The signature of the other key under the text of the log's: wrong, though that of the log is right.
    let forged = log.sign("text\n").unwrap();
    let elsewhere = other.sign("another text\n").unwrap();
    let forged = forged.with(elsewhere.signatures()[0].clone()).unwrap();
    assert_eq!(forged.verify([&log_key]).unwrap().len(), 1);
    let wrong = Untrusted::Wrong { name: other_key.name().clone(), id: other_key.id() };
    assert_eq!(forged.verify([&log_key, &other_key]), Err(wrong));
}

#[test]
fn two_notes_with_the_same_text_are_one() {
    let (log, other) = (key("log", 1), key("other", 2));
    let (ours, theirs) = (log.sign("text\n").unwrap(), other.sign("text\n").unwrap());
    let both = ours.clone().merge(theirs.clone()).unwrap();
    assert_eq!(both.signatures(), [ours.signatures(), theirs.signatures()].concat());
    assert_eq!(both.clone().merge(ours.clone()), Ok(both.clone()));
    assert_eq!(read(&both.to_string()), Ok(both));
    assert_eq!(ours.merge(other.sign("another text\n").unwrap()), Err(NoteError::OtherText));
}

#[test]
fn the_last_empty_line_ends_the_text() {
    let key = key("log", 1);
    for text in
        ["\n", "a\n", "a\n\nb\n", "a\n\n", "\n\n\n", "— log AAAAAAAA\n", "a\n\n— log AAAAAAAA\n", "\u{7f}\u{a0}Ψ\n"]
    {
        let note = key.sign(text).unwrap();
        let again = read(&note.to_string()).unwrap();
        assert_eq!(again.text(), text);
        assert!(again.verify([&key.verifier()]).is_ok());
    }
}

#[test]
fn a_text_that_no_note_can_have_is_not_signed() {
    let key = key("log", 1);
    assert_eq!(key.sign(""), Err(NoteError::Text));
    assert_eq!(key.sign("text"), Err(NoteError::Text));
    assert_eq!(key.sign("a\tb\n"), Err(NoteError::Control { offset: 1 }));
    assert_eq!(key.sign("a\r\n"), Err(NoteError::Control { offset: 1 }));
    assert_eq!(key.sign(&format!("{}\n", "a".repeat(LENGTH_MAX))), Err(NoteError::TooLong));
}

#[test]
fn a_malformed_note_is_an_error() {
    let line = "— log AAAAAAAA\n";
    assert!(read(&format!("text\n\n{line}")).is_ok());
    let signature = |line| Err(NoteError::Signature { line });
    let reasons = [
        (String::new(), Err(NoteError::Unsigned)),
        ("text\n".to_string(), Err(NoteError::Unsigned)),
        ("text\n\n".to_string(), Err(NoteError::Unsigned)),
        (format!("text\n{line}"), Err(NoteError::Unsigned)),
        (format!("text\n\n{line}\n"), Err(NoteError::Unsigned)),
        (format!("\n{line}"), Err(NoteError::Unsigned)),
        // No line feed at the end; two at the end; another dash, no space, two spaces, no name, no base64.
        (format!("text\n\n{}", line.trim_end()), signature(1)),
        ("text\n\n- log AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n—log AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n—  log AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n— log  AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n— log AAAAAAAA \n".to_string(), signature(1)),
        ("text\n\n—  AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n— log\n".to_string(), signature(1)),
        ("text\n\n— log \n".to_string(), signature(1)),
        ("text\n\n— lo+g AAAAAAAA\n".to_string(), signature(1)),
        ("text\n\n— lo\u{a0}g AAAAAAAA\n".to_string(), signature(1)),
        // Four bytes are a number without a signature; base64 without padding, with bits behind the end, of another alphabet.
        ("text\n\n— log AAAAAA==\n".to_string(), signature(1)),
        ("text\n\n— log AAAAAAA\n".to_string(), signature(1)),
        ("text\n\n— log AAAAAAB=\n".to_string(), signature(1)),
        ("text\n\n— log AAAA-_AA\n".to_string(), signature(1)),
        (format!("text\n\n{line}text\n"), signature(2)),
        (format!("text\n\n{}", line.repeat(SIGNATURES_MAX + 1)), Err(NoteError::TooManySignatures)),
        ("te\0xt\n\n— log AAAAAAAA\n".to_string(), Err(NoteError::Control { offset: 2 })),
        ("text\r\n\n— log AAAAAAAA\n".to_string(), Err(NoteError::Control { offset: 4 })),
        (format!("{}\n\n{line}", "a".repeat(LENGTH_MAX)), Err(NoteError::TooLong)),
    ];
    for (note, reason) in reasons {
        assert_eq!(read(&note), reason, "{}", &note[..note.len().min(100)]);
        assert!(reason.unwrap_err().to_string().ends_with('.'));
    }
    assert_eq!(Note::read(b"te\xffxt\n\n"), Err(NoteError::NotUtf8 { offset: 2 }));
    assert!(read(&format!("text\n\n{}", line.repeat(SIGNATURES_MAX))).is_ok());
}

#[test]
fn a_note_takes_no_more_signatures_than_a_reader_accepts() {
    let mut note = key("log", 0).sign("text\n").unwrap();
    for seed in 1..SIGNATURES_MAX as u8 {
        note = note.merge(key("log", seed).sign("text\n").unwrap()).unwrap();
    }
    assert_eq!(read(&note.to_string()), Ok(note.clone()));
    let one_more = key("log", 200).sign("text\n").unwrap();
    assert_eq!(note.clone().merge(one_more), Err(NoteError::TooManySignatures));
    // One that is there already is not one more.
    assert!(note.clone().merge(key("log", 7).sign("text\n").unwrap()).is_ok());
    // All of them are verified.
    let known: Vec<VerifierKey> = (0..SIGNATURES_MAX as u8).map(|seed| key("log", seed).verifier()).collect();
    assert_eq!(note.verify(&known).unwrap().len(), SIGNATURES_MAX);
}

proptest! {
    #[test]
    fn what_is_read_is_written_again(bytes in "([a\u{e9}\n\t—] ?){0,6}\n\n(— [ab+ ]{1,2} [A=/]{8,12}\n?){0,3}") {
        if let Ok(note) = read(&bytes) {
            prop_assert_eq!(note.to_string(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_seen(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let known = [VerifierKey::read(EXAMPLE_KEY).unwrap()];
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != with);
        bytes[at] = with;
        prop_assert!(Note::read(&bytes).is_err() || Note::read(&bytes).unwrap().verify(&known).is_err());
    }
}
