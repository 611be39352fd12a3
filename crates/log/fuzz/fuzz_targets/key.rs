//! Any text is a key or is refused; a key is written again as the same text, and no error shows a private one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_log::Name;
use veritable_log::note::{SigningKey, VerifierKey};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(key) = VerifierKey::read(text) {
        assert_eq!(key.to_string(), text);
    }
    match SigningKey::read(text) {
        Ok(key) => {
            let verifier = key.verifier();
            assert_eq!(VerifierKey::read(&verifier.to_string()), Ok(verifier.clone()));
            assert!(key.sign("text\n").unwrap().verify([&verifier]).is_ok());
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            // No message of ours has a word of such a length.
            let mut words = text.split(['+', ' ']).filter(|word| word.len() > 30);
            assert!(words.all(|secret| !shown.contains(secret)), "{shown}");
        }
    }
    if let Ok(name) = Name::encoded(text) {
        assert_eq!(Name::new(name.as_str()), Ok(name));
    }
});
