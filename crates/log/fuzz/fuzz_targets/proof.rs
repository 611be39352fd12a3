//! Any bytes are a proof or are refused; a proof is written again as the same bytes, and is good for no leaf but the one it
//! was made for.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use veritable_log::Name;
use veritable_log::checkpoint::Trust;
use veritable_log::note::{SigningKey, VerifierKey};
use veritable_log::proof::Proof;
use veritable_log::tree::leaf_hash;

static LOG: LazyLock<(Name, [VerifierKey; 1])> = LazyLock::new(|| {
    let name = Name::new("log").unwrap();
    (name.clone(), [SigningKey::from_seed(name, &[1; 32]).verifier()])
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = Proof::read(bytes) else { return };
    assert_eq!(proof.to_string().as_bytes(), bytes);
    let (origin, keys) = &*LOG;
    let trust = Trust { origin, log: keys, witnesses: &[] };
    // No seed has this leaf.
    assert!(proof.verify(&leaf_hash(b"not in the log"), &trust).is_err());
    // The seeds have the leaves 0 to 8, as eight bytes.
    let leaf = leaf_hash(&proof.index.to_be_bytes());
    if proof.verify(&leaf, &trust).is_ok() {
        assert!(proof.index < proof.checkpoint.checkpoint().size());
    }
});
