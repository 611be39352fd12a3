//! Signing keys. Neither errors nor `Debug` show one; the memory of one is wiped.

use std::fmt;

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use super::key::{self, KeyError, KeyId, KeyKind, VerifierKey};
use super::{Note, NoteError, Signature};
use crate::checkpoint::Checkpoint;
use crate::name::Name;
use crate::text;
use crate::tree::SIZE_MAX;

/// A private Ed25519 key, with its name.
pub struct SigningKey {
    name: Name,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Reads the text of a key as Go's sumdb/note writes it: `PRIVATE+KEY+name+hex(key ID)+base64(0x01 || seed)`.
    ///
    /// The text is the secret: wiping it is up to the caller.
    pub fn read(text: &str) -> Result<SigningKey, KeyError> {
        let (name, id, base64) = text.strip_prefix("PRIVATE+KEY+").and_then(key::parts).ok_or(KeyError::Format)?;
        let bytes = Zeroizing::new(text::from_base64(base64).ok_or(KeyError::Format)?);
        let (kind, seed) = bytes.split_first().ok_or(KeyError::Format)?;
        // Before the type: in a key of another length, that byte could be one of the secret.
        let seed = seed.try_into().map_err(|_| KeyError::Length)?;
        if *kind != KeyKind::Ed25519.byte() {
            return Err(KeyError::Kind(*kind));
        }
        let key = SigningKey { name: Name::new(name)?, key: ed25519_dalek::SigningKey::from_bytes(seed) };
        // As the text of a verifier key writes the number.
        if key.verifier().id().to_string() == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The key with this name and seed, which has to be 32 bytes of randomness.
    pub fn from_seed(name: Name, seed: &[u8; 32]) -> SigningKey {
        SigningKey { name, key: ed25519_dalek::SigningKey::from_bytes(seed) }
    }

    /// The name of the key.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The key that verifies what [`sign`](SigningKey::sign) signs.
    pub fn verifier(&self) -> VerifierKey {
        self.of(KeyKind::Ed25519)
    }

    /// The key that verifies what [`cosign`](SigningKey::cosign) signs.
    pub fn cosigner(&self) -> VerifierKey {
        self.of(KeyKind::Cosignature)
    }

    fn of(&self, kind: KeyKind) -> VerifierKey {
        VerifierKey::of(self.name.clone(), kind, self.key.verifying_key())
    }

    /// The note with this text, signed.
    pub fn sign(&self, text: &str) -> Result<Note, NoteError> {
        // Ed25519, RFC 8032, over the text with its last line feed, c2sp.org/signed-note
        let bytes = self.key.sign(text.as_bytes()).to_bytes();
        Note::new(text, self.signature(self.verifier().id(), bytes.to_vec()))
    }

    /// A cosignature: that this checkpoint, at this time in seconds since 1970, was that of the largest tree of its log
    /// which the cosigner had seen. `None` for a time beyond 2^63 - 1.
    ///
    /// A key that signs as a log should not cosign, and each cosigner needs a key of its own: c2sp.org/tlog-cosignature.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Option<Signature> {
        if time > SIZE_MAX {
            return None;
        }
        let signature = self.key.sign(key::cosigned(&checkpoint.to_string(), time).as_bytes()).to_bytes();
        // u64 timestamp || opaque ed25519_signature[64], c2sp.org/tlog-cosignature
        let bytes = [&time.to_be_bytes()[..], &signature].concat();
        Some(self.signature(self.cosigner().id(), bytes))
    }

    fn signature(&self, id: KeyId, bytes: Vec<u8>) -> Signature {
        Signature { name: self.name.clone(), id, bytes }
    }
}

/// The name alone.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}
