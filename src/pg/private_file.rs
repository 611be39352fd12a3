//! Files that hold a secret: the rules are those of PostgreSQL for the key of its TLS certificate.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

unsafe extern "C" {
    /// Of the C library.
    fn geteuid() -> u32;
}

/// The most bytes of a secret.
const LENGTH_MAX: u64 = 4096;

/// The contents of the file, which are wiped when they are no longer needed; or the reason why the file must not be read, as
/// a sentence that tells nothing of the contents.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    if !path.is_absolute() {
        return Err("The path of the file is not absolute.".to_string());
    }
    let file = File::open(path).map_err(|error| reason(&error))?;
    // Of the open file, not of the path: nobody can exchange it in between.
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if !metadata.is_file() {
        return Err("It is not a regular file.".to_string());
    }
    // SAFETY: asks the operating system.
    let server = unsafe { geteuid() };
    let mode = metadata.permissions().mode();
    match metadata.uid() {
        owner if owner == server && mode & 0o077 == 0 => {}
        // A file of root may be readable for a group to which the server belongs.
        0 if mode & 0o037 == 0 => {}
        owner if owner == server || owner == 0 => {
            return Err(
                "Others than its owner have access to the file. Use u=rw (0600), or u=rw,g=r (0640) for a file of \
                        root."
                    .to_string(),
            );
        }
        _ => return Err("The file belongs neither to the user that runs the server nor to root.".to_string()),
    }
    if metadata.len() > LENGTH_MAX {
        return Err(format!("The file is larger than {LENGTH_MAX} bytes."));
    }
    // With room for all, so that no copy is left behind by growing.
    let mut contents = Zeroizing::new(Vec::with_capacity(LENGTH_MAX as usize + 1));
    file.take(LENGTH_MAX).read_to_end(&mut contents).map_err(|error| reason(&error))?;
    Ok(contents)
}

fn reason(error: &std::io::Error) -> String {
    format!("The operating system says: {error}.")
}
