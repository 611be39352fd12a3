//! Any text is a checkpoint or is refused; a checkpoint is written again as the same text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use veritable_log::checkpoint::{Checkpoint, SignedCheckpoint};
use veritable_log::tree::{EMPTY_ROOT, SIZE_MAX};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(checkpoint) = Checkpoint::read(text)
    {
        assert_eq!(checkpoint.to_string(), text);
        assert!(checkpoint.size() <= SIZE_MAX);
        assert!(checkpoint.size() > 0 || *checkpoint.root() == EMPTY_ROOT);
    }
    if let Ok(signed) = SignedCheckpoint::read(bytes) {
        assert_eq!(signed.to_string().as_bytes(), bytes);
        assert_eq!(signed.note().text(), signed.checkpoint().to_string());
    }
});
