//! The users of the configuration file. A table of your own would stand here.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::host::{AccountDirectory, AccountStanding, StorageError};
use grantsmith::value::{Realm, Subject};
use zeroize::Zeroizing;

use crate::config::{PasswordPhc, UserSection};
use crate::passwords::{self, Busy, PasswordChecks};

/// Everybody who may log in.
pub struct Accounts {
    users: HashMap<Subject, Account>,
    /// Compared with where there is no user, so that it takes as long.
    decoy: String,
    checks: Arc<PasswordChecks>,
}

struct Account {
    password: PasswordPhc,
    is_disabled: bool,
}

impl Accounts {
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn new(users: &[UserSection], checks: Arc<PasswordChecks>) -> Result<Self, String> {
        let decoy = passwords::decoy(users.iter().map(|user| user.password_hash.as_str()))?;
        let account = |user: &UserSection| Account { password: user.password_hash.clone(), is_disabled: user.disabled };
        let users = users.iter().map(|user| (user.name.clone(), account(user))).collect();
        Ok(Self { users, decoy, checks })
    }

    /// The user of that name and password. Who does not exist, is disabled, or has another password takes as long.
    ///
    /// # Errors
    ///
    /// [`Busy`].
    pub async fn log_in(&self, name: &str, password: Zeroizing<String>) -> Result<Option<Subject>, Busy> {
        let subject = name.parse::<Subject>().ok();
        let account = subject.as_ref().and_then(|subject| self.users.get(subject));
        let stored = account.map_or(self.decoy.as_str(), |account| account.password.as_str());
        let matches = self.checks.matches(stored, password).await?;
        let may_act = account.is_some_and(|account| !account.is_disabled);
        Ok(subject.filter(|_| matches && may_act))
    }

    /// Whether the user is there and may act.
    pub fn is_active(&self, subject: &Subject) -> bool {
        self.users.get(subject).is_some_and(|account| !account.is_disabled)
    }
}

#[async_trait]
impl AccountDirectory for Accounts {
    async fn standing(&self, _: &Realm, subject: &Subject) -> Result<AccountStanding, StorageError> {
        Ok(if self.is_active(subject) { AccountStanding::Active } else { AccountStanding::Inactive })
    }
}
