//! Verifier keys, c2sp.org/signed-note: what is known of somebody who signs.

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::Verified;
use crate::name::{Name, NameError};
use crate::text;
use crate::tree::SIZE_MAX;

/// The number of a key: not unique, and no proof of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    pub(super) fn from_bytes(bytes: [u8; 4]) -> KeyId {
        KeyId(bytes)
    }

    pub(super) fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The number as keys write it: eight lower-case hex digits.
    fn read(digits: &str) -> Option<KeyId> {
        let id = u32::from_str_radix(digits, 16).ok().map(|id| KeyId(id.to_be_bytes()))?;
        (id.to_string() == digits).then_some(id)
    }

    fn of(name: &Name, kind: KeyKind, key: &[u8; 32]) -> KeyId {
        // SHA-256(key name || 0x0A || signature type || public key)[:4], c2sp.org/signed-note
        let hash: [u8; 32] = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([0x0a, kind.byte()])
            .chain_update(key)
            .finalize()
            .into();
        let [first, second, third, fourth, ..] = hash;
        KeyId([first, second, third, fourth])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The text of a note: type 0x01, c2sp.org/signed-note.
    Ed25519,
    /// A checkpoint and a time: type 0x04, c2sp.org/tlog-cosignature.
    Cosignature,
}

impl KeyKind {
    /// The byte of the type of signature.
    pub fn byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 0x01,
            KeyKind::Cosignature => 0x04,
        }
    }
}

/// The reason why a text is no key. It never tells what is in the text, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The text is not three parts with plus signs between: a name, eight lower-case hex digits, and base64.
    Format,
    /// The name cannot be that of a key.
    Name(NameError),
    /// The type of signature is none that this crate knows.
    Kind(u8),
    /// The key has the wrong number of bytes.
    Length,
    /// The bytes are no Ed25519 key, or one for which anybody can sign.
    Weak,
    /// The number is not that of this name and key.
    Id,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Format => {
                f.write_str("The key is not a name, eight hex digits and base64 with plus signs between.")
            }
            KeyError::Name(error) => error.fmt(f),
            KeyError::Kind(byte) => write!(f, "Signatures of type {byte} are not supported."),
            KeyError::Length => f.write_str("The key has the wrong number of bytes."),
            KeyError::Weak => f.write_str("The key is no Ed25519 key, or one for which anybody can sign."),
            KeyError::Id => f.write_str("The hex digits are not those of this name and this key."),
        }
    }
}

impl std::error::Error for KeyError {}

impl From<NameError> for KeyError {
    fn from(error: NameError) -> KeyError {
        KeyError::Name(error)
    }
}

/// The public key of somebody who signs, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: Name,
    id: KeyId,
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads the text of a key: `name+hex(key ID)+base64(type || public key)`. It is written again as the same text.
    pub fn read(text: &str) -> Result<VerifierKey, KeyError> {
        let (name, id, base64) = parts(text).ok_or(KeyError::Format)?;
        let name = Name::new(name)?;
        let id = KeyId::read(id).ok_or(KeyError::Format)?;
        let bytes = text::from_base64(base64).ok_or(KeyError::Format)?;
        let (kind, key) = bytes.split_first().ok_or(KeyError::Format)?;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::Cosignature,
            other => return Err(KeyError::Kind(*other)),
        };
        let key =
            VerifyingKey::from_bytes(key.try_into().map_err(|_| KeyError::Length)?).map_err(|_| KeyError::Weak)?;
        // Of small order: for such a key, one signature is good for many texts.
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        let read = VerifierKey::of(name, kind, key);
        if read.id == id { Ok(read) } else { Err(KeyError::Id) }
    }

    pub(super) fn of(name: Name, kind: KeyKind, key: VerifyingKey) -> VerifierKey {
        VerifierKey { id: KeyId::of(&name, kind, key.as_bytes()), name, kind, key }
    }

    /// The name of the key.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The number of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// What a signature by this key says; `None` if it is wrong.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<Verified<'_>> {
        match self.kind {
            KeyKind::Ed25519 => {
                self.is_signed(text.as_bytes(), signature).then_some(Verified { key: self, time: None })
            }
            KeyKind::Cosignature => {
                // u64 timestamp || opaque ed25519_signature[64], c2sp.org/tlog-cosignature
                let (time, signature) = signature.split_first_chunk()?;
                let time = u64::from_be_bytes(*time);
                let is_right = time <= SIZE_MAX && self.is_signed(cosigned(text, time).as_bytes(), signature);
                is_right.then_some(Verified { key: self, time: Some(time) })
            }
        }
    }

    /// Strictly: neither a weak key nor a second spelling of a signature passes.
    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

/// What a cosigner signs: the text of a checkpoint, and a time in seconds since 1970.
pub(super) fn cosigned(text: &str, time: u64) -> String {
    // "cosignature/v1" and the time, a line each, before the whole text, c2sp.org/tlog-cosignature
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The most bytes of a key that is read: twice a name of 255 bytes, so that there is room for number and base64.
const LENGTH_MAX: usize = 2 * Name::LENGTH_MAX;

/// Name, number and base64, which may have plus signs itself; `None` also for a text that is longer than any key.
pub(super) fn parts(text: &str) -> Option<(&str, &str, &str)> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let (name, rest) = text.split_once('+')?;
    let (id, base64) = rest.split_once('+')?;
    Some((name, id, base64))
}

/// The text of the key.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{}+{}", self.name, self.id, text::to_base64(&bytes))
    }
}
