//! The secret that everything is derived from, out of a file or the environment.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::host::{DerivedKeyring, Entropy as _, SystemEntropy};
use zeroize::Zeroizing;

use crate::config::{Config, ConfigError, Key, secret_file, secret_variable};
use crate::store::make_folder_of;

/// 32 random bytes.
type Secret = Zeroizing<[u8; 32]>;

/// The keyring of the file, and the current secret itself, for the host's own keys.
///
/// # Errors
///
/// A secret is missing, cannot be read, or is none.
pub fn open(config: &Config) -> Result<(DerivedKeyring, Secret), ConfigError> {
    let section = &config.file.keyring;
    let key = Key::of("keyring");
    let (text, key) = match (&section.file, &section.environment, &section.danger_secret) {
        (Some(path), ..) => {
            let key = key.then("file");
            (file(&config.resolve(path), section.create).map_err(|rule| config.error_at(&key, rule))?, key)
        }
        (None, Some(name), _) => {
            let key = key.then("environment");
            (secret_variable(name).map_err(|rule| config.error_at(&key, rule))?, key)
        }
        (None, None, Some(clear)) => (Zeroizing::new(clear.expose().to_owned()), key.then("danger_secret")),
        (None, None, None) => return Err(config.error_at(&key, "needs a secret")),
    };
    let current = decoded(&text).ok_or_else(|| config.error_at(&key, RULE))?;
    let mut keyring = DerivedKeyring::new(section.number, *current).map_err(|error| config.error_at(&key, error))?;
    for (index, retired) in section.retired.iter().enumerate() {
        let key = Key::of("keyring").then("retired").nth(index);
        let text = match (&retired.file, &retired.environment) {
            (Some(path), _) => secret_file(&config.resolve(path)),
            (None, Some(name)) => secret_variable(name),
            (None, None) => Err("needs a secret".to_owned()),
        };
        let text = text.map_err(|rule| config.error_at(&key, rule))?;
        let secret = decoded(&text).ok_or_else(|| config.error_at(&key, RULE))?;
        keyring = keyring.with_retired(retired.number, *secret).map_err(|error| config.error_at(&key, error))?;
    }
    Ok((keyring, current))
}

/// A new secret as text.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn new_secret() -> Result<Zeroizing<String>, String> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemEntropy.fill(&mut *bytes).map_err(|error| error.to_string())?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// What is in the file; a new secret, if there is no file and one may be made.
fn file(path: &Path, create: bool) -> Result<Zeroizing<String>, String> {
    if create && !path.exists() {
        let made = make(path);
        // Another process may have been faster: then both take what it wrote.
        made.or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    secret_file(path)
}

fn make(path: &Path) -> io::Result<()> {
    let secret = new_secret().map_err(io::Error::other)?;
    make_folder_of(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}

fn decoded(text: &str) -> Option<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    matches!(URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes), Ok(32)).then_some(bytes)
}

const RULE: &str = "must hold 32 random bytes in base64url without padding: 43 characters, as new-secret prints them";
