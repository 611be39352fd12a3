//! Proofs are those of c2sp.org/tlog-proof: read strictly, written as they were read, and good for one leaf of one log.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::{Tree, leaves};
use veritable_log::checkpoint::{Checkpoint, CheckpointError, Distrusted, SignedCheckpoint, Trust};
use veritable_log::note::{NoteError, SigningKey};
use veritable_log::proof::{LENGTH_MAX, Proof, ProofError, Unproved};
use veritable_log::tree::NodeHash;
use veritable_log::{Name, prove, verify};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed(name("log"), &[1; 32])
}

/// The proof of a leaf in a log of so many.
fn proof(index: u64, size: usize) -> Proof {
    let mut tree = Tree::of(leaves(size));
    let path = prove::inclusion(&mut tree, index, size as u64).unwrap();
    let checkpoint = Checkpoint::new(name("log"), size as u64, tree.builder.root()).unwrap();
    Proof { extra: None, index, path, checkpoint: SignedCheckpoint::sign(checkpoint, &key()).unwrap() }
}

/// Changed between writing and reading.
fn changed(proof: &Proof, from: &str, to: &str) -> Result<Proof, ProofError> {
    let text = proof.to_string();
    assert!(text.contains(from), "{from} is not in {text}");
    Proof::read(text.replacen(from, to, 1).as_bytes())
}

#[test]
fn a_proof_looks_like_that_of_the_standard() {
    let mut proof = proof(2, 3);
    proof.extra = Some(b"event 7".to_vec());
    let expected = "c2sp.org/tlog-proof@v1
extra ZXZlbnQgNw==
index 2
p9kYlLYfv0Y3jYjj4bH3rvOVMsUEtIS9MVUdFeCgnf8=

log
3
m0ll+LIgukL3A5rQeByWbPkLsa6hWoBYbWNLMiqx9M4=

— log rMMpE2O9vwYC9Zomfb7EdRnjymL/fZs6Ktxa4Tx/7+wCdm+ymU0qlC+VGdjXEtwqA0JqsSE+wUq1j/z8YIRe0SPFcgA=
";
    assert_eq!(proof.to_string(), expected);
    assert_eq!(Proof::read(expected.as_bytes()), Ok(proof));
}

#[test]
fn a_proof_is_good_for_its_leaf_and_its_log() {
    let (proof, leaves) = (proof(5, 9), leaves(9));
    let (origin, keys) = (name("log"), [key().verifier()]);
    let trust = Trust { origin: &origin, log: &keys, witnesses: &[] };
    assert_eq!(proof.verify(&leaves[5], &trust).unwrap().log[0].key, &keys[0]);
    assert_eq!(proof.verify(&leaves[4], &trust), Err(Unproved::Inclusion(verify::Error::Root)));
    let other_index = changed(&proof, "index 5", "index 4").unwrap();
    assert_eq!(other_index.verify(&leaves[5], &trust), Err(Unproved::Inclusion(verify::Error::Root)));
    let beyond = changed(&proof, "index 5", "index 9").unwrap().verify(&leaves[5], &trust);
    assert_eq!(beyond, Err(Unproved::Inclusion(verify::Error::Index { index: 9, size: 9 })));
    let mut shorter = proof.clone();
    shorter.path.pop();
    let length = verify::Error::Length { expected: 4, found: 3 };
    assert_eq!(shorter.verify(&leaves[5], &trust), Err(Unproved::Inclusion(length)));
    // Another size, or another root, is not what the log has signed.
    let forged = changed(&proof, "log\n9\n", "log\n8\n").unwrap();
    let unproved = forged.verify(&leaves[5], &trust).unwrap_err();
    assert!(matches!(unproved, Unproved::Checkpoint(Distrusted::Note(_))));
    assert_eq!(unproved.to_string(), format!("The signature by the key log+{} is wrong.", keys[0].id()));
    let other = name("other");
    let foreign = proof.verify(&leaves[5], &Trust { origin: &other, ..trust });
    assert_eq!(foreign, Err(Unproved::Checkpoint(Distrusted::Origin { found: origin.clone() })));
    // What was added is not proved.
    let added = Proof { extra: Some(vec![]), ..proof };
    assert!(Proof::read(added.to_string().as_bytes()).unwrap().verify(&leaves[5], &trust).is_ok());
}

#[test]
fn a_malformed_proof_is_an_error() {
    let proof = proof(5, 9);
    let hash = proof.path[0].to_string();
    let text = proof.to_string();
    let with = |from: &str, to: &str| text.replacen(from, to, 1);
    let too_many = NodeHash::new([0; 32]).to_string() + "\n";
    let reasons = [
        (String::new(), ProofError::NoCheckpoint),
        ("c2sp.org/tlog-proof@v1\nindex 5\n".to_string(), ProofError::NoCheckpoint),
        (with("@v1", "@v2"), ProofError::Header),
        (format!("\n{text}"), ProofError::Header),
        (with("index 5", ""), ProofError::Index),
        (with("index 5\n", ""), ProofError::Index),
        (with("index 5", "index 05"), ProofError::Index),
        (with("index 5", "index  5"), ProofError::Index),
        (with("index 5", "index 5 "), ProofError::Index),
        (with("index 5", "index"), ProofError::Index),
        (with("index 5", "Index 5"), ProofError::Index),
        (with("index 5", "index 9223372036854775808"), ProofError::Index),
        (with("index 5", "extra AA\nindex 5"), ProofError::Extra),
        (with("index 5", "extra AB==\nindex 5"), ProofError::Extra),
        (with("index 5", "extra AA==\nextra AA==\nindex 5"), ProofError::Index),
        (with("index 5", "index 5\nextra AA=="), ProofError::Hash { line: 1 }),
        (with("index 5", "extra\nindex 5"), ProofError::Index),
        (with(&hash, "AA=="), ProofError::Hash { line: 1 }),
        (with(&hash, &format!(" {hash}")), ProofError::Hash { line: 1 }),
        (with(&hash, &format!("{hash}\r")), ProofError::Hash { line: 1 }),
        (with(&format!("{hash}\n"), &too_many.repeat(61)), ProofError::Hash { line: 64 }),
        (with("\n\nlog", "\n\n\nlog"), ProofError::Checkpoint(CheckpointError::Lines)),
        (with("\n\nlog", "\nlog"), ProofError::Hash { line: 5 }),
        (with("log\n9", "log\n09"), ProofError::Checkpoint(CheckpointError::Size)),
        (with("— log ", "— log"), ProofError::Checkpoint(CheckpointError::Note(NoteError::Signature { line: 1 }))),
        (format!("{text}\n"), ProofError::Checkpoint(CheckpointError::Note(NoteError::Unsigned))),
        ("a".repeat(LENGTH_MAX + 1), ProofError::TooLong),
    ];
    for (text, reason) in reasons {
        assert_eq!(Proof::read(text.as_bytes()), Err(reason.clone()), "{}", &text[..text.len().min(200)]);
        assert!(reason.to_string().ends_with('.'));
    }
    let not_utf8 = [b"c2sp.org/tlog-proof@v1\nindex 5\n\xff\n\n".as_slice(), b"log"].concat();
    assert_eq!(Proof::read(&not_utf8), Err(ProofError::Hash { line: 1 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_again(
        size in 1_usize..300,
        index in any::<prop::sample::Index>(),
        extra in prop::option::of(vec(any::<u8>(), 0..40)),
    ) {
        let index = index.index(size);
        let proof = Proof { extra, ..proof(index as u64, size) };
        let text = proof.to_string();
        let read = Proof::read(text.as_bytes()).unwrap();
        prop_assert_eq!(read.to_string(), text);
        let (origin, keys) = (name("log"), [key().verifier()]);
        let trust = Trust { origin: &origin, log: &keys, witnesses: &[] };
        prop_assert!(read.verify(&leaves(size)[index], &trust).is_ok());
        prop_assert_eq!(read, proof);
    }

    #[test]
    fn a_changed_byte_proves_nothing(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = proof(5, 9).to_string().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != with);
        bytes[at] = with;
        let (origin, keys) = (name("log"), [key().verifier()]);
        let trust = Trust { origin: &origin, log: &keys, witnesses: &[] };
        let verdict = Proof::read(&bytes).map(|proof| proof.verify(&leaves(9)[5], &trust).is_ok());
        prop_assert!(!verdict.unwrap_or(false));
    }
}
