//! Any bytes are a note or are refused; a note is written again as the same bytes, and is believed only if its signer signed it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use veritable_log::Name;
use veritable_log::note::{Note, SigningKey};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Name::new("log").unwrap(), &[1; 32]));

fuzz_target!(|bytes: &[u8]| {
    let keys = [KEY.verifier(), KEY.cosigner()];
    if let Ok(note) = Note::read(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        // Nobody but the seeds has the key, which has signed these texts alone.
        if note.verify(&keys).is_ok() {
            assert!(["text\n", "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"].contains(&note.text()));
        }
        let twice = note.clone().merge(note.clone()).unwrap();
        assert!(twice.signatures().len() <= note.signatures().len());
    }
    // Any text that can be signed can be read.
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(note) = KEY.sign(text)
    {
        let read = Note::read(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text);
        assert_eq!(read, note);
    }
});
