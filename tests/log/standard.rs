//! What the crate writes is what the standards mean: golang.org/x/mod/sumdb agrees with each verdict, and makes the same proofs.

use std::convert::Infallible;

use veritable_log::checkpoint::{Checkpoint, SignedCheckpoint, Trust};
use veritable_log::note::{Note, SigningKey, VerifierKey};
use veritable_log::proof::Proof;
use veritable_log::tile::TileId;
use veritable_log::tree::{NodeHash, leaf_hash};
use veritable_log::{Builder, Name, prove, verify};

use crate::go::Go;

/// Sizes around the borders of tiles and powers of two, and some between.
const SIZES: [usize; 14] = [1, 2, 3, 4, 5, 7, 8, 100, 255, 256, 257, 511, 513, 700];

fn leaves(count: usize) -> Vec<NodeHash> {
    (0..count as u64).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn text(hashes: &[NodeHash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}

/// The texts as arguments, behind one another.
fn words(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The tiles of the tree of these leaves.
fn tiles(leaves: &[NodeHash]) -> impl FnMut(TileId, u16) -> Result<Vec<NodeHash>, String> {
    let mut stored = std::collections::HashMap::new();
    let mut builder = Builder::new();
    for leaf in leaves {
        let mut store = |id, hashes: &[NodeHash]| {
            stored.insert(id, hashes.to_vec());
            Ok::<(), Infallible>(())
        };
        builder.push(*leaf, &mut store).expect("nothing fails");
    }
    stored.extend(builder.partial().map(|(id, hashes)| (id, hashes.to_vec())));
    move |id, width| {
        let hashes = stored.get(&id).ok_or_else(|| format!("no tile {id}"))?;
        Ok(hashes.iter().take(width.into()).copied().collect())
    }
}

/// A few leaves of each part of a tree.
fn some_of(size: usize) -> impl Iterator<Item = usize> {
    (0..size).filter(move |index| *index < 3 || index % 97 == 0 || index + 3 > size)
}

#[test]
fn go_makes_the_same_roots_and_proofs() {
    let mut go = Go::start();
    let all = leaves(700);
    for size in SIZES {
        let (leaves, mut tiles) = (&all[..size], tiles(&all[..size]));
        let (texts, size) = (text(leaves), size as u64);
        let texts = words(&texts);
        let root = prove::root(&mut tiles, size).unwrap().to_string();
        if size > 1 {
            assert_eq!(go.root(&texts), Ok(root), "size {size}");
        }
        for index in some_of(leaves.len()) {
            let ours = text(&prove::inclusion(&mut tiles, index as u64, size).unwrap()).join(" ");
            assert_eq!(go.prove_inclusion(index as u64, &texts), Ok(ours), "{index} of {size}");
            let old = index as u64 + 1;
            let ours = text(&prove::consistency(&mut tiles, old, size).unwrap()).join(" ");
            assert_eq!(go.prove_consistency(old, &texts), Ok(ours), "{old} to {size}");
        }
    }
}

/// The proof itself, and the proof with each hash changed, with one more, one less, and in another order.
fn changes(proof: &[NodeHash]) -> Vec<Vec<NodeHash>> {
    let mut changes = vec![proof.to_vec(), [proof, &[leaf_hash(b"more")]].concat()];
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at] = leaf_hash(b"another");
        changes.push(changed);
        changes.push([&proof[..at], &proof[at + 1..]].concat());
        if at > 0 && proof[at] != proof[at - 1] {
            let mut swapped = proof.to_vec();
            swapped.swap(at - 1, at);
            changes.push(swapped);
        }
    }
    changes
}

#[test]
fn go_accepts_the_proofs_that_we_accept_and_no_others() {
    let mut go = Go::start();
    let all = leaves(700);
    let (mut accepted, mut refused) = (0, 0);
    let mut both = |ours: bool, go: Result<String, String>, what: String| {
        assert_eq!(ours, go.is_ok(), "{what}: {go:?}");
        *if ours { &mut accepted } else { &mut refused } += 1;
    };
    for size in SIZES {
        let (leaves, mut tiles) = (&all[..size], tiles(&all[..size]));
        let size = size as u64;
        let root = prove::root(&mut tiles, size).unwrap();
        for index in some_of(leaves.len()).map(|index| index as u64) {
            let leaf = leaves[index as usize];
            for proof in changes(&prove::inclusion(&mut tiles, index, size).unwrap()) {
                let texts = text(&proof);
                // The right place, another leaf, another place, another size, and none at all.
                for (leaf, index, size) in [
                    (leaf, index, size),
                    (leaf_hash(b"another"), index, size),
                    (leaf, index ^ 1, size),
                    (leaf, index, size + 1),
                    (leaf, index, index),
                ] {
                    let ours = verify::inclusion(&leaf, index, size, &proof, &root).is_ok();
                    let theirs = go.inclusion(size, &root.to_string(), index, &leaf.to_string(), &words(&texts));
                    both(ours, theirs, format!("leaf {index} of {size}"));
                }
            }
            let old = index + 1;
            let old_root = prove::root(&mut tiles, old).unwrap();
            for proof in changes(&prove::consistency(&mut tiles, old, size).unwrap()) {
                let texts = text(&proof);
                for (old, old_root, size, root) in [
                    (old, old_root, size, root),
                    (old, root, size, old_root),
                    (old - 1, old_root, size, root),
                    (old, old_root, size + 1, root),
                    (old, old_root, old - 1, root),
                ] {
                    let ours = verify::consistency(old, size, &proof, &old_root, &root).is_ok();
                    let (root, old_root) = (root.to_string(), old_root.to_string());
                    let theirs = go.consistency(size, &root, old, &old_root, &words(&texts));
                    both(ours, theirs, format!("size {old} to {size}"));
                }
            }
        }
    }
    assert!(accepted > 200 && refused > 10_000, "{accepted} accepted, {refused} refused");
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(Name::new(name).unwrap(), &[seed; 32])
}

/// The checkpoint of these leaves, signed by the log and a witness.
fn signed(leaves: &[NodeHash]) -> SignedCheckpoint {
    let root = prove::root(&mut tiles(leaves), leaves.len() as u64).unwrap();
    let checkpoint = Checkpoint::new(Name::new("example.com/log").unwrap(), leaves.len() as u64, root).unwrap();
    let cosignature = key("witness.example/w1", 2).cosign(&checkpoint, 1_700_000_000).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint, &key("example.com/log", 1)).unwrap();
    SignedCheckpoint::of(signed.note().clone().with(cosignature).unwrap()).unwrap()
}

/// Each byte of a text changed to another that can stand there. Base64 is the exception: Go accepts another last digit for the
/// same bytes, which the standard does not ask for.
fn tampered(text: &str) -> Vec<String> {
    let mut tampered = Vec::new();
    for (at, character) in text.char_indices() {
        let is_last_digit = text[at..].starts_with(['=', '\n']) || text[at + character.len_utf8()..].starts_with('=');
        for with in ['A', '7', ' '] {
            if with != character && !is_last_digit {
                tampered.push(format!("{}{with}{}", &text[..at], &text[at + character.len_utf8()..]));
            }
        }
        if character == '\n' {
            tampered.push(format!("{}{}", &text[..at], &text[at + 1..]));
            tampered.push(format!("{}\r\n{}", &text[..at], &text[at + 1..]));
        }
    }
    tampered
}

#[test]
fn go_believes_the_notes_that_we_believe_and_no_others() {
    let mut go = Go::start();
    let note = signed(&leaves(300)).note().to_string();
    let keys = [key("example.com/log", 1).verifier(), key("witness.example/w1", 2).cosigner()];
    let vkeys = keys.each_ref().map(ToString::to_string);
    let vkeys = vkeys.each_ref().map(String::as_str);
    assert_eq!(go.note(&note, &vkeys), Ok(String::new()));
    // The witness alone, the log alone, and nobody that is known.
    for known in [&vkeys[..1], &vkeys[1..]] {
        assert_eq!(go.note(&note, known), Ok(String::new()));
    }
    let stranger = key("example.com/log", 3).verifier();
    assert!(go.note(&note, &[&stranger.to_string()]).is_err());
    assert!(Note::read(note.as_bytes()).unwrap().verify([&stranger]).is_err());
    let (mut believed, mut refused) = (0, 0);
    for text in tampered(&note) {
        // A name or a number of an unknown key is changed into another one: the other signature is left.
        let ours = Note::read(text.as_bytes()).is_ok_and(|note| note.verify(&keys).is_ok());
        assert_eq!(go.note(&text, &vkeys).is_ok(), ours, "{text:?}");
        *if ours { &mut believed } else { &mut refused } += 1;
    }
    assert!(believed < 250 && refused > 700, "{believed} believed, {refused} refused");
}

#[test]
fn go_signs_as_we_do() {
    let mut go = Go::start();
    let private = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let key = SigningKey::read(private).unwrap();
    for text in ["\n", "text\n", "a\n\nb\n", "a\n\n\n", "Ψ — \u{2003}\n", "— a AAAAAAAA\n"] {
        let theirs = go.sign(text, private).unwrap();
        assert_eq!(key.sign(text).unwrap().to_string(), theirs);
        let note = Note::read(theirs.as_bytes()).unwrap();
        assert_eq!(note.text(), text);
        assert!(note.verify([&key.verifier()]).is_ok());
        assert_eq!(go.note(&theirs, &[&key.verifier().to_string()]), Ok(String::new()));
    }
    for text in ["", "text", "a\tb\n", "a\r\n"] {
        assert!(key.sign(text).is_err(), "{text:?}");
    }
}

#[test]
fn go_verifies_the_proofs_that_we_verify_and_no_others() {
    let mut go = Go::start();
    let leaves = leaves(300);
    let path = prove::inclusion(&mut tiles(&leaves), 257, 300).unwrap();
    let proof = Proof { extra: Some(b"event 258".to_vec()), index: 257, path, checkpoint: signed(&leaves) };
    let (proof, leaf) = (proof.to_string(), leaves[257].to_string());
    let (log, witnesses) = ([key("example.com/log", 1).verifier()], [key("witness.example/w1", 2).cosigner()]);
    let origin = Name::new("example.com/log").unwrap();
    let trust = Trust { origin: &origin, log: &log, witnesses: &witnesses };
    let vkeys = [log[0].to_string(), witnesses[0].to_string()];
    let vkeys = vkeys.each_ref().map(String::as_str);
    assert_eq!(go.proof(&proof, "example.com/log", &leaf, &vkeys), Ok(String::new()));
    assert!(go.proof(&proof, "example.com/log", &leaves[256].to_string(), &vkeys).is_err());
    assert!(go.proof(&proof, "example.com/other", &leaf, &vkeys).is_err());
    // Of the log's signature alone: Go's tools ask for any one known key, and we for one of the log's.
    let (mut verified, mut refused) = (0, 0);
    for text in tampered(&proof) {
        let ours = Proof::read(text.as_bytes())
            .is_ok_and(|proof| proof.verify(&leaves[257], &Trust { witnesses: &[], ..trust }).is_ok());
        assert_eq!(go.proof(&text, "example.com/log", &leaf, &vkeys[..1]).is_ok(), ours, "{text:?}");
        *if ours { &mut verified } else { &mut refused } += 1;
    }
    assert!(verified < 500 && refused > 1_500, "{verified} verified, {refused} refused");
}

#[test]
fn go_reads_the_keys_that_we_read_and_no_others() {
    let mut go = Go::start();
    let key: VerifierKey = key("example.com/log", 1).verifier();
    let note = signed(&leaves(3)).note().to_string();
    let text = key.to_string();
    for at in 0..text.len() - 1 {
        for with in ["A", "g", "+", ""] {
            let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
            let ours = VerifierKey::read(&changed)
                .is_ok_and(|key| Note::read(note.as_bytes()).unwrap().verify([&key]).is_ok());
            assert_eq!(go.note(&note, &[&changed]).is_ok(), ours, "{changed}");
            assert_eq!(ours, changed == text, "{changed}");
        }
    }
}
