//! Checkpoints and cosignatures are those of c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature.

mod support;

use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use support::{Tree, to_hex};
use veritable_log::checkpoint::{Checkpoint, CheckpointError, Distrusted, SignedCheckpoint, Trust};
use veritable_log::note::{Note, NoteError, SigningKey, Untrusted, VerifierKey};
use veritable_log::tree::{EMPTY_ROOT, NodeHash, leaf_hash};
use veritable_log::{Name, NameError, prove, tile};

const TESSERA: &str = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";

/// The entries of the log, as published.
const ENTRIES: [&str; 15] = [
    "one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten",
    "fourten", "fivten",
];

/// Root and signature of each size, from 0 to 15. The log is in testdata of transparency-dev/tessera, Apache-2.0.
const CHECKPOINTS: &str = include_str!("tessera.txt");

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn published() -> Vec<(NodeHash, &'static str)> {
    let pair = |line: &'static str| line.split_once(' ').expect("a root and a signature");
    let root = |(root, signature)| (NodeHash::from_base64(root).expect("a root"), signature);
    CHECKPOINTS.lines().map(pair).map(root).collect()
}

#[test]
fn a_published_log_is_rebuilt_and_signed_with_the_same_bytes() {
    let key = SigningKey::read(TESSERA).unwrap();
    let origin = name("example.com/log/testdata");
    let mut tree = Tree::default();
    assert_eq!(published().len(), 16);
    for (size, (root, signature)) in published().into_iter().enumerate() {
        if let Some(last) = size.checked_sub(1) {
            tree.grow([leaf_hash(ENTRIES[last].as_bytes())]);
        }
        assert_eq!(tree.builder.root(), root, "size {size}");
        let checkpoint = Checkpoint::new(origin.clone(), size as u64, root).unwrap();
        let signed = SignedCheckpoint::sign(checkpoint, &key).unwrap();
        let expected = format!("example.com/log/testdata\n{size}\n{root}\n\n— example.com/log/testdata {signature}\n");
        assert_eq!(signed.to_string(), expected);
        assert_eq!(SignedCheckpoint::read(expected.as_bytes()), Ok(signed.clone()));
        let trust = Trust { origin: &origin, log: &[key.verifier()], witnesses: &[] };
        assert_eq!(signed.verify(&trust).unwrap().log.len(), 1);
    }
    // tile/0/000.p/15, of which the other 14 tiles are beginnings.
    let (id, hashes) = tree.builder.partial().next().unwrap();
    assert_eq!(id.path(15), "tile/0/000.p/15");
    let expected = "93593af14d2cce39867d2e73fe4ca400a38581605c5c4501a03e752d9b51a130";
    assert_eq!(to_hex(&Sha256::digest(tile::to_bytes(hashes))), expected);
}

#[test]
fn proofs_over_the_published_log_are_the_expected_ones() {
    let mut tree = Tree::of(ENTRIES.iter().map(|entry| leaf_hash(entry.as_bytes())));
    let texts = |proof: Vec<NodeHash>| proof.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        texts(prove::inclusion(&mut tree, 5, 15).unwrap()),
        [
            "zMKa4OAqd7D0V4wawXST15z0JiEEkprIBPkfxOesWvA=",
            "nk9gCR+floFqznAPtqjjcnnV64dge2jQB95D5t164Hg=",
            "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
            "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
        ]
    );
    assert_eq!(
        texts(prove::inclusion(&mut tree, 14, 15).unwrap()),
        [
            "GiUtVP0XhIaZ/fl7ReMLgw+9YUtjFAt8kaTdfOe2u/I=",
            "3cFRCtyHVxAUTugFyRgo30efbl+BVxdTQDIGg5H61SA=",
            "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=",
        ]
    );
    assert_eq!(
        texts(prove::consistency(&mut tree, 7, 15).unwrap()),
        [
            "2Q0P5jSR+TdkwdXWyx+GbBWX0KZbNZkWzCjyTPSozsw=",
            "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=",
            "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
            "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
            "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
        ]
    );
    assert_eq!(texts(prove::consistency(&mut tree, 8, 15).unwrap()), ["5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks="]);
}

/// The checkpoint of size 15.
fn checkpoint() -> Checkpoint {
    let (root, _) = published()[15];
    Checkpoint::new(name("example.com/log/testdata"), 15, root).unwrap()
}

const WITNESS_SEED: &str = "eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0";

/// A witness with the key of the log: for tests alone, as each needs its own.
fn witness() -> SigningKey {
    let seed = support::hex(WITNESS_SEED).try_into().unwrap();
    SigningKey::from_seed(name("witness.example/w1"), &seed)
}

const COSIGNATURE: &str = "— witness.example/w1 wDrY1AAAAABkGFDLU8lL/xl41ywuQPE4WNwBRA1vvmUnCQ/yy6aSAjZW42mczmnuBM5L6fhzKnTK9SPHBTn/n3KBl4dSA7KK7aJFCA==\n";

#[test]
fn a_cosignature_has_the_expected_bytes_and_tells_its_time() {
    let cosignature = witness().cosign(&checkpoint(), 1_679_315_147).unwrap();
    assert_eq!(cosignature.to_string(), COSIGNATURE);
    let log = SigningKey::read(TESSERA).unwrap();
    let note = log.sign(&checkpoint().to_string()).unwrap().with(cosignature).unwrap();
    let signed = SignedCheckpoint::read(note.to_string().as_bytes()).unwrap();
    let (log_keys, witnesses) = ([log.verifier()], [witness().cosigner()]);
    let origin = name("example.com/log/testdata");
    let trust = Trust { origin: &origin, log: &log_keys, witnesses: &witnesses };
    let signers = signed.verify(&trust).unwrap();
    assert_eq!(signers.log.iter().map(|signer| (signer.key, signer.time)).collect::<Vec<_>>(), [(&log_keys[0], None)]);
    let times: Vec<_> = signers.witnesses.iter().map(|signer| (signer.key, signer.time)).collect();
    assert_eq!(times, [(&witnesses[0], Some(1_679_315_147))]);
    // Nobody has to know the witness.
    assert_eq!(signed.verify(&Trust { witnesses: &[], ..trust }).unwrap().witnesses, []);
}

#[test]
fn a_cosignature_of_another_time_or_checkpoint_is_wrong() {
    let key = witness().cosigner();
    let wrong = Err(Untrusted::Wrong { name: key.name().clone(), id: key.id() });
    let text = checkpoint().to_string();
    let note = |text: &str, line: &str| Note::read(format!("{text}\n{line}").as_bytes()).unwrap();
    assert!(note(&text, COSIGNATURE).verify([&key]).is_ok());
    assert_eq!(note(&text, &COSIGNATURE.replace("BkGFDL", "BkGFDM")).verify([&key]), wrong);
    assert_eq!(note(&text.replace("15", "14"), COSIGNATURE).verify([&key]), wrong);
    // A signature without a time, by the same key.
    let plain = witness().sign(&text).unwrap();
    assert_eq!(plain.verify([&key]), Err(Untrusted::Unknown));
    // A time beyond what the format allows, and one at its end.
    assert_eq!(witness().cosign(&checkpoint(), 1 << 63), None);
    // Somebody else's program could sign one all the same.
    let time = 1_u64 << 63;
    let seed = support::hex(WITNESS_SEED).try_into().unwrap();
    let message = format!("cosignature/v1\ntime {time}\n{text}");
    let signed = ed25519_dalek::SigningKey::from_bytes(&seed).sign(message.as_bytes()).to_bytes();
    let id = support::hex(&key.id().to_string());
    let line = support::base64(&[&id[..], &time.to_be_bytes(), &signed].concat());
    assert_eq!(note(&text, &format!("— witness.example/w1 {line}\n")).verify([&key]), wrong);
    let last = witness().cosign(&checkpoint(), (1 << 63) - 1).unwrap();
    let verified = Note::new(&text, last).unwrap();
    assert_eq!(verified.verify([&key]).unwrap()[0].time, Some((1 << 63) - 1));
}

#[test]
fn a_checkpoint_is_believed_if_its_own_log_has_signed_it() {
    let log = SigningKey::read(TESSERA).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint(), &log).unwrap();
    let (ours, others) = (name("example.com/log/testdata"), name("example.com/other"));
    let (keys, witnesses) = ([log.verifier()], [witness().cosigner()]);
    let error = |trust| signed.verify(&trust).unwrap_err();
    let foreign = error(Trust { origin: &others, log: &keys, witnesses: &[] });
    assert_eq!(foreign, Distrusted::Origin { found: ours.clone() });
    assert_eq!(foreign.to_string(), "The checkpoint is that of another log: example.com/log/testdata.");
    let unknown = error(Trust { origin: &ours, log: &[], witnesses: &witnesses });
    assert_eq!(unknown, Distrusted::Note(Untrusted::Unknown));
    // A witness alone is not enough.
    let cosigned = Note::new(&checkpoint().to_string(), witness().cosign(&checkpoint(), 1).unwrap()).unwrap();
    let cosigned = SignedCheckpoint::of(cosigned).unwrap();
    let trust = Trust { origin: &ours, log: &keys, witnesses: &witnesses };
    assert_eq!(cosigned.verify(&trust), Err(Distrusted::NotByTheLog));
}

#[test]
fn lines_behind_the_root_are_kept() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\neven more\n";
    let checkpoint = Checkpoint::read(text).unwrap();
    assert_eq!(checkpoint.extensions(), ["more", "even more"]);
    assert_eq!((checkpoint.origin().as_str(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.root().to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_eq!(checkpoint.to_string(), text);
    // They are signed with the rest.
    let key = witness();
    let signed = Note::new(text, key.cosign(&checkpoint, 1).unwrap()).unwrap();
    assert!(signed.verify([&key.cosigner()]).is_ok());
}

#[test]
fn a_malformed_checkpoint_is_an_error() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let space = CheckpointError::Origin(NameError::Character(' '));
    let reasons = [
        (String::new(), CheckpointError::Lines),
        ("log\n".to_string(), CheckpointError::Lines),
        ("log\n1\n".to_string(), CheckpointError::Lines),
        (format!("log\n1\n{root}"), CheckpointError::Lines),
        (format!("\nlog\n1\n{root}\n"), CheckpointError::Lines),
        (format!("log\n1\n{root}\n\n"), CheckpointError::Lines),
        (format!("log\n1\n{root}\n\nmore\n"), CheckpointError::Lines),
        (format!("log\n\n{root}\n"), CheckpointError::Lines),
        (format!("a log\n1\n{root}\n"), space),
        (format!("log\n01\n{root}\n"), CheckpointError::Size),
        (format!("log\n00\n{root}\n"), CheckpointError::Size),
        (format!("log\n-1\n{root}\n"), CheckpointError::Size),
        (format!("log\n+1\n{root}\n"), CheckpointError::Size),
        (format!("log\n 1\n{root}\n"), CheckpointError::Size),
        (format!("log\n1 \n{root}\n"), CheckpointError::Size),
        (format!("log\n١\n{root}\n"), CheckpointError::Size),
        (format!("log\n0x1\n{root}\n"), CheckpointError::Size),
        (format!("log\n9223372036854775808\n{root}\n"), CheckpointError::Size),
        (format!("log\n99999999999999999999\n{root}\n"), CheckpointError::Size),
        ("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n".to_string(), CheckpointError::Root),
        ("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n".to_string(), CheckpointError::Root),
        ("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA\n".to_string(), CheckpointError::Root),
        ("log\n1\nAAAA\n".to_string(), CheckpointError::Root),
        (format!("log\n0\n{root}\n"), CheckpointError::EmptyRoot),
    ];
    for (text, reason) in reasons {
        assert_eq!(Checkpoint::read(&text), Err(reason.clone()), "{text:?}");
        assert!(reason.to_string().ends_with('.'));
    }
    assert!(Checkpoint::read(&format!("log\n9223372036854775807\n{root}\n")).is_ok());
    assert!(Checkpoint::read(&format!("log\n0\n{EMPTY_ROOT}\n")).is_ok());
    assert_eq!(Checkpoint::new(name("log"), u64::MAX, EMPTY_ROOT), Err(CheckpointError::Size));
    // The text of a checkpoint is bounded as that of a note is: each extension takes memory of its own.
    let extended = |count: usize| format!("log\n1\n{root}\n{}", "a\n".repeat(count));
    assert_eq!(Checkpoint::read(&extended(1000)).unwrap().extensions().len(), 1000);
    assert_eq!(Checkpoint::read(&extended(500_000)), Err(CheckpointError::Note(NoteError::TooLong)));
    let unsigned = SignedCheckpoint::read(b"log\n0\n");
    assert_eq!(unsigned, Err(CheckpointError::Note(NoteError::Unsigned)));
}

#[test]
fn a_key_of_the_log_may_also_be_a_former_one() {
    let (now, before) = (SigningKey::from_seed(name("log"), &[1; 32]), SigningKey::from_seed(name("log"), &[2; 32]));
    let checkpoint = Checkpoint::new(name("log"), 0, EMPTY_ROOT).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint, &before).unwrap();
    let keys: [VerifierKey; 2] = [now.verifier(), before.verifier()];
    let origin = name("log");
    let trust = Trust { origin: &origin, log: &keys, witnesses: &[] };
    assert_eq!(signed.verify(&trust).unwrap().log[0].key, &keys[1]);
}
