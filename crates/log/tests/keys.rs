//! Keys are those of c2sp.org/signed-note and of Go's sumdb/note, and a private key shows nowhere.

mod support;

use support::hex;
use veritable_log::note::{KeyError, KeyKind, SigningKey, VerifierKey};
use veritable_log::{Name, NameError};

const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

#[test]
fn a_key_is_written_as_it_was_read() {
    for text in [EXAMPLE, NEUMANN] {
        let key = VerifierKey::read(text).unwrap();
        assert_eq!(key.to_string(), text);
        assert_eq!(key.kind(), KeyKind::Ed25519);
    }
    let key = VerifierKey::read(NEUMANN).unwrap();
    assert_eq!((key.name().as_str(), key.id().to_string().as_str()), ("PeterNeumann", "c74f20a3"));
}

#[test]
fn a_private_key_has_its_public_one() {
    let key = SigningKey::read(NEUMANN_PRIVATE).unwrap();
    assert_eq!(key.verifier().to_string(), NEUMANN);
    assert_eq!(key.name().as_str(), "PeterNeumann");
    // The key of the test log of tessera, whose seed and public key are published.
    let seed: [u8; 32] = hex("eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0").try_into().unwrap();
    let key = SigningKey::from_seed(Name::new("example.com/log/testdata").unwrap(), &seed);
    let expected = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    assert_eq!(key.verifier().to_string(), expected);
    let read =
        SigningKey::read("PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg");
    assert_eq!(read.unwrap().verifier(), key.verifier());
    // The same key as a witness has another number.
    let key = SigningKey::from_seed(Name::new("witness.example/w1").unwrap(), &seed);
    let expected = "witness.example/w1+c03ad8d4+BOHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    assert_eq!(key.cosigner().to_string(), expected);
    assert_eq!(VerifierKey::read(expected), Ok(key.cosigner()));
    assert_eq!(key.cosigner().kind(), KeyKind::Cosignature);
    assert_ne!(key.cosigner().id(), key.verifier().id());
}

#[test]
fn a_malformed_key_is_an_error() {
    let space = KeyError::Name(NameError::Character(' '));
    let reasons = [
        ("", KeyError::Format),
        ("PeterNeumann", KeyError::Format),
        ("PeterNeumann+c74f20a3", KeyError::Format),
        ("PeterNeumann+c74f20a3+", KeyError::Format),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name(NameError::Empty)),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", space),
        // Digits in capitals, too few, too many, none; a sign.
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Format),
        ("PeterNeumann+74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Format),
        ("PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Format),
        ("PeterNeumann+g74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Format),
        // Another number than the key's; another name for the number.
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
        ("PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
        // Base64 that is cut, has no padding where it needs one, or something behind it.
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", KeyError::Format),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n", KeyError::Format),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy", KeyError::Length),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAAAA", KeyError::Length),
        // A type for ECDSA, and one for ML-DSA-44.
        ("PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Kind(2)),
        ("PeterNeumann+c74f20a3+Bhpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Kind(6)),
    ];
    for (text, reason) in reasons {
        assert_eq!(VerifierKey::read(text), Err(reason), "{text}");
        assert!(reason.to_string().ends_with('.'));
    }
}

/// Nothing of a text that is far too long is decoded.
#[test]
fn a_key_is_not_longer_than_its_parts() {
    let base64 = "AAAA".repeat(1000);
    assert_eq!(VerifierKey::read(&format!("PeterNeumann+c74f20a3+{base64}")), Err(KeyError::Format));
    let private = SigningKey::read(&format!("PRIVATE+KEY+PeterNeumann+c74f20a3+{base64}"));
    assert_eq!(private.unwrap_err(), KeyError::Format);
    let name = Name::new(&"a".repeat(Name::LENGTH_MAX)).unwrap();
    let key = SigningKey::from_seed(name, &[7; 32]).verifier();
    assert_eq!(VerifierKey::read(&key.to_string()), Ok(key));
}

/// For a key of small order, somebody else than its owner can sign.
#[test]
fn a_weak_key_is_refused() {
    let weak = [
        // The neutral element, and points of order 2, 4 and 8.
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        // No point at all.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    for key in weak {
        let bytes = [&[1], &hex(key)[..]].concat();
        let base64 = support::base64(&bytes);
        let text = format!("weak+00000000+{base64}");
        assert_eq!(VerifierKey::read(&text), Err(KeyError::Weak), "{key}");
    }
}

#[test]
fn no_error_and_no_debug_output_shows_a_private_key() {
    let secret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let shown = format!("{:?}", SigningKey::read(NEUMANN_PRIVATE).unwrap());
    assert_eq!(shown, "SigningKey { name: Name(\"PeterNeumann\"), .. }");
    let malformed = [
        (format!("PeterNeumann+c74f20a3+{secret}"), KeyError::Format),
        (format!("PRIVATE+KEY+PeterNeumann+c74f20a3+{}", &secret[1..]), KeyError::Format),
        (format!("PRIVATE+KEY+PeterNeumann+c74f20a3+{}", &secret[4..]), KeyError::Length),
        (format!("PRIVATE+KEY+PeterNeumann+c74f20a3+{}", &secret[..40]), KeyError::Length),
        (format!("PRIVATE+KEY+PeterNeumann+c74f20a3+{secret}AAAA"), KeyError::Length),
        (format!("PRIVATE+KEY+PeterNeumann+c74f20a4+{secret}"), KeyError::Id),
        (format!("PRIVATE+KEY+PeterNeumann+C74F20A3+{secret}"), KeyError::Id),
        (format!("PRIVATE+KEY+Peter Neumann+c74f20a3+{secret}"), KeyError::Name(NameError::Character(' '))),
        (format!("PRIVATE+KEY+{secret}+c74f20a3+{secret}"), KeyError::Format),
        ("PRIVATE+KEY+".to_string(), KeyError::Format),
        (String::new(), KeyError::Format),
    ];
    for (text, reason) in malformed {
        let error = SigningKey::read(&text).unwrap_err();
        assert_eq!(error, reason, "{text}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&secret[4..20]), "{shown}");
    }
}

#[test]
fn a_name_has_no_spaces_control_characters_and_plus_signs() {
    for name in ["a", "example.com/log", "postgres/public.events", "Ψ", "\u{7e}"] {
        assert_eq!(Name::new(name).unwrap().as_str(), name);
    }
    assert_eq!(Name::new(""), Err(NameError::Empty));
    assert_eq!(Name::new(&"a".repeat(256)), Err(NameError::TooLong));
    assert!(Name::new(&"a".repeat(255)).is_ok());
    for character in [' ', '\u{a0}', '\u{2003}', '\u{3000}', '\n', '\t', '\0', '\u{7f}', '\u{85}', '+'] {
        let error = Name::new(&format!("a{character}b")).unwrap_err();
        assert_eq!(error, NameError::Character(character));
        assert!(error.to_string().ends_with('.'));
    }
}

#[test]
fn any_text_has_a_name_and_different_texts_have_different_ones() {
    let name = |text: &str| Name::encoded(text).unwrap().to_string();
    assert_eq!(name("postgres/public.events"), "postgres/public.events");
    assert_eq!(name("my base/a+b.50% \u{2003}\n"), "my%20base/a%2Bb.50%25%20%E2%80%83%0A");
    assert_eq!(name("%20"), "%2520");
    assert_eq!(Name::encoded(""), Err(NameError::Empty));
    assert_eq!(Name::encoded(&" ".repeat(86)), Err(NameError::TooLong));
}
