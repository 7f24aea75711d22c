//! What clients do, and what they need for it beforehand.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exchange::send;
use crate::report::{Figure, median};
use crate::wrk::{Load, Measured, collect};
use crate::{Mistake, Server};

/// A request that is sent over and over; `%s` in the body is where a credential goes.
pub(crate) struct Call {
    pub(crate) path: &'static str,
    pub(crate) authorization: Option<&'static str>,
    pub(crate) body: String,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Operation {
    ClientCredentials,
    Introspect,
    Redeem,
    Refresh,
    Revoke,
}

impl Operation {
    pub(crate) const ALL: [Self; 5] =
        [Self::ClientCredentials, Self::Redeem, Self::Refresh, Self::Introspect, Self::Revoke];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client credentials",
            Self::Introspect => "introspect",
            Self::Redeem => "redeem",
            Self::Refresh => "refresh",
            Self::Revoke => "revoke",
        }
    }

    /// Measures both sides in turns.
    ///
    /// # Errors
    ///
    /// A server did not start, or a request failed.
    pub(crate) fn measure(self, rounds: usize, seconds: u32) -> Result<Figure, Mistake> {
        let folder = Folder::new()?;
        let example = Server::example()?;
        let call = self.call();
        let constant = folder.file("answer");
        let one = self.supply(&example, &folder, 1)?;
        fs::write(&constant, send(&example.url, &call, &first_line(one.as_deref())?)?)?;
        let control = Server::control(&constant)?;

        let (mut ours, mut controls) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let supply = self.supply(&example, &folder, self.needs(seconds))?;
            let load = Load { call: &call, supply: supply.as_deref(), feed: self.feed(), seconds };
            // Whoever comes second finds a warmer machine, so they change places.
            if round % 2 == 0 {
                ours.push(load.send_to(&example.url)?);
                controls.push(load.send_to(&control.url)?);
            } else {
                controls.push(load.send_to(&control.url)?);
                ours.push(load.send_to(&example.url)?);
            }
        }
        let middle = |measured: Vec<Measured>| median(measured).ok_or("nothing was measured");
        Ok(Figure { operation: self.name(), ours: middle(ours)?, control: middle(controls)?, goal: self.goal() })
    }

    /// The request.
    pub(crate) fn call(self) -> Call {
        let (path, authorization, body) = match self {
            Self::ClientCredentials => ("/token", Some(MACHINE), "grant_type=client_credentials".to_owned()),
            Self::Introspect => ("/introspect", Some(API), "token=%s".to_owned()),
            Self::Redeem => ("/token", Some(APPLICATION), redemption(CONFIDENTIAL_REDIRECT, "")),
            Self::Refresh => {
                ("/token", None, "grant_type=refresh_token&client_id=public-app&refresh_token=%s".to_owned())
            }
            Self::Revoke => ("/revoke", Some(MACHINE), "token=%s".to_owned()),
        };
        Call { path, authorization, body }
    }

    /// The share of the control's throughput that is asked for.
    fn goal(self) -> Option<f64> {
        matches!(self, Self::ClientCredentials | Self::Introspect).then_some(0.75)
    }

    /// How many credentials must be there before. If the server ever needs more, it refuses those that it sees again, and
    /// there is no figure.
    fn needs(self, seconds: u32) -> u32 {
        match self {
            Self::ClientCredentials => 0,
            Self::Introspect => 1_000,
            // Each is a chain that goes on with every answer; every connection may wait for one.
            Self::Refresh => 256,
            Self::Redeem => FASTEST * seconds,
            Self::Revoke => 2 * FASTEST * seconds,
        }
    }

    fn feed(self) -> Option<&'static str> {
        (self == Self::Refresh).then_some(REFRESH_TOKEN)
    }

    /// Fresh credentials in a file.
    pub(crate) fn supply(self, server: &Server, folder: &Folder, count: u32) -> Result<Option<PathBuf>, Mistake> {
        let collected = |name, call: &Call, supply: Option<&Path>, pattern| {
            let file = folder.file(name);
            collect(&server.url, call, supply, (pattern, &file), count).map(|()| file)
        };
        Ok(match self {
            Self::ClientCredentials => None,
            Self::Introspect | Self::Revoke => {
                Some(collected("tokens", &Self::ClientCredentials.call(), None, ACCESS_TOKEN)?)
            }
            Self::Redeem => Some(collected("codes", &approval(server, "web-app", CONFIDENTIAL_REDIRECT), None, CODE)?),
            Self::Refresh => {
                let codes = folder.file("codes");
                // Those that are under way at the end are spent as well.
                let approval = approval(server, "public-app", NATIVE_REDIRECT);
                collect(&server.url, &approval, None, (CODE, &codes), count + 100)?;
                let body = redemption(NATIVE_REDIRECT, "&client_id=public-app");
                let redeem = Call { path: "/token", authorization: None, body };
                Some(collected("refresh-tokens", &redeem, Some(&codes), REFRESH_TOKEN)?)
            }
        })
    }
}

/// What the user does about a request of that client: log in, approve, go back.
fn approval(server: &Server, client: &str, redirect: &str) -> Call {
    let goto = format!(
        "{}/authorize?response_type=code&client_id={client}&redirect_uri={redirect}&code_challenge={CHALLENGE}\
         &code_challenge_method=S256",
        server.url
    );
    Call { path: "/drive", authorization: None, body: format!("goto={}", goto.replace('&', "%26").replace('=', "%3D")) }
}

fn redemption(redirect: &str, more: &str) -> String {
    format!("grant_type=authorization_code&code=%s&redirect_uri={redirect}&code_verifier={VERIFIER}{more}")
}

fn first_line(file: Option<&Path>) -> Result<String, Mistake> {
    let Some(file) = file else { return Ok(String::new()) };
    Ok(fs::read_to_string(file)?.lines().next().ok_or("there are no credentials")?.to_owned())
}

/// A folder that is there for as long as this value is.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, Mistake> {
        let path = std::env::temp_dir().join(format!("grantsmith-load-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CODE: &str = "[?&]code=([^&]+)";
/// More requests a second than one processor answers.
const FASTEST: u32 = 60_000;
const ACCESS_TOKEN: &str = r#""access_token":"([^"]+)""#;
const REFRESH_TOKEN: &str = r#""refresh_token":"([^"]+)""#;
const CONFIDENTIAL_REDIRECT: &str = "https://client.example/callback";
const NATIVE_REDIRECT: &str = "http://127.0.0.1/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// `web-app:web-app-secret`
const APPLICATION: &str = "Basic d2ViLWFwcDp3ZWItYXBwLXNlY3JldA==";
/// `machine:machine-secret`
const MACHINE: &str = "Basic bWFjaGluZTptYWNoaW5lLXNlY3JldA==";
/// `notes-api:notes-api-secret`
const API: &str = "Basic bm90ZXMtYXBpOm5vdGVzLWFwaS1zZWNyZXQ=";
