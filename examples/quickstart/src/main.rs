//! OAuth 2.1 in one sitting: an authorization server, an API and three clients, talking on loopback.
//!
//! ```text
//! cargo run --release -p quickstart                # tells the story and checks that everything holds
//! cargo run --release -p quickstart -- --serve     # keeps running for you and your browser
//! ```
//!
//! It keeps its records in a SQLite file; `--store` takes another store, see `--help`. `server.rs` is what to copy into
//! an application of your own, with `pages.rs` and `sessions.rs` beside it.

mod api;
mod app;
mod arguments;
mod browser;
mod client;
mod html;
mod pages;
mod print;
mod registrations;
mod server;
mod sessions;
mod store;
mod wire;
mod world;

use std::error::Error;
use std::process::ExitCode;

use axum::http::{Method, StatusCode};
use oauth2::basic::BasicTokenResponse;
use oauth2::{AuthorizationCode, RefreshToken, TokenIntrospectionResponse as _, TokenResponse as _};

use arguments::{Task, USAGE};
use browser::Browser;
use client::{APP, Answer, App, Attempt, Introspector, MACHINE, Machine, Metadata, call, refusal};
use print::Broken;
use sessions::{DEMO_PASSWORD, DEMO_USER};
use store::Store;
use world::World;

/// How everything here ends: well, or with an error that is printed.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Task::read(std::env::args_os().skip(1)) {
        Ok(Task::Tell { store }) => tell(store).await,
        Ok(Task::Serve { port, store }) => world::serve(port, store).await,
        Ok(Task::Help) => {
            print!("{USAGE}");
            Ok(())
        }
        Err(mistake) => {
            eprintln!("quickstart: {mistake}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The story. Each chapter needs what the one before it got.
async fn tell(store: Store) -> Outcome {
    let mut world = World::start([0; 3], store).await?;
    let metadata = read_metadata(&world).await?;
    let app = App::new(&world.wire, &metadata, registrations::APP, &world.redirect_uri)?;
    let mut browser = Browser::new(&world.wire, &world.redirect_uri);

    let (attempt, code) = authorize(&world, &app, &mut browser).await?;
    restart(&mut world).await?;
    let tokens = redeem(&world, &app, attempt, code).await?;
    call_api(&world, &tokens).await?;
    introspect(&world, &metadata, &tokens).await?;
    let (spent, newer) = refresh(&world, &app, &tokens).await?;
    replay(&world, &app, &spent, &newer).await?;
    deny(&world, &app, &mut browser).await?;

    let machine = Machine::new(&world.wire, &metadata, world.registered.machine.clone())?;
    let tokens = act_alone(&world, &machine).await?;
    revoke(&world, &metadata, &machine, &tokens).await?;
    world.transcript.end();
    Ok(())
}

async fn read_metadata(world: &World) -> Outcome<Metadata> {
    world.transcript.chapter(
        "The server describes itself",
        "A client needs one URL, the issuer. Everything else is in a document below it (RFC 8414).",
    );
    let metadata = Metadata::discover(&world.wire, &world.issuer).await?;
    world.transcript.check("the document is about the issuer that was asked", metadata.issuer == world.issuer)?;
    Ok(metadata)
}

async fn authorize(world: &World, app: &App, browser: &mut Browser) -> Outcome<(Attempt, AuthorizationCode)> {
    let transcript = &world.transcript;
    transcript.chapter(
        "Alice lets an app read her notes: authorization code with PKCE",
        "The app sends her browser to the server. It never sees her password; it gets a code, and trades that for tokens.\n\
         It keeps a secret (the verifier) and sends a hash of it ahead (the challenge): PKCE, RFC 7636.",
    );
    let attempt = app.begin(api::READ, &world.resource);
    let page = browser.open(&attempt.url).await?.page()?;
    transcript.check("nobody is logged in, so the server asks who is there", page.title == "Sign in")?;

    let page = page.fill("username", DEMO_USER)?.fill("password", DEMO_PASSWORD)?;
    let page = browser.press(&page, "Sign in").await?.page()?;
    transcript.check("alice is logged in, so the server asks whether she agrees", page.title.starts_with("Allow"))?;

    let url = browser.press(&page, "Allow").await?.client()?;
    let code = app.answer(&attempt, &url)?.code()?;
    transcript
        .check("her yes brings a code, with the state and the issuer of this attempt", !code.secret().is_empty())?;
    Ok((attempt, code))
}

async fn restart(world: &mut World) -> Outcome {
    if !world.outlives_a_restart() {
        return Ok(());
    }
    world.transcript.chapter(
        "The server is restarted, in the middle of it all",
        "The app has a code and no tokens yet. The server, the API and the storage end here; new ones open the same\n\
         place with the same key. What was acknowledged is there, and nothing else was kept anywhere.",
    );
    world.restart().await?;
    world.transcript.check("nothing of the old server was left when the new one began", true)?;
    Ok(())
}

async fn redeem(world: &World, app: &App, attempt: Attempt, code: AuthorizationCode) -> Outcome<BasicTokenResponse> {
    let transcript = &world.transcript;
    transcript.chapter(
        "The app redeems its code",
        "Without a browser, and with the secret from the beginning. The code is good once.",
    );
    let tokens = app.redeem(attempt, code).await?;
    transcript.check("the code and the secret give an access token", !tokens.access_token().secret().is_empty())?;
    transcript.check("and a refresh token, for later", tokens.refresh_token().is_some())?;
    Ok(tokens)
}

async fn call_api(world: &World, tokens: &BasicTokenResponse) -> Outcome {
    let (transcript, notes) = (&world.transcript, &world.notes_url);
    transcript.chapter(
        "The app calls the API",
        "Without a token, with one, and with one that does not allow enough: 401, 200, 403 (RFC 6750).",
    );
    let without = call(&world.wire, APP, Method::GET, notes, None).await?;
    transcript.check("without a token the API answers 401", without.status() == StatusCode::UNAUTHORIZED)?;

    let reading = call(&world.wire, APP, Method::GET, notes, Some(tokens.access_token())).await?;
    transcript.check("with the token the app may read", reading.status() == StatusCode::OK)?;

    let writing = call(&world.wire, APP, Method::POST, notes, Some(tokens.access_token())).await?;
    transcript
        .check("but not write: alice was not asked for that", writing.status() == StatusCode::FORBIDDEN)
        .map_err(Into::into)
}

async fn introspect(world: &World, metadata: &Metadata, tokens: &BasicTokenResponse) -> Outcome {
    let transcript = &world.transcript;
    transcript.chapter(
        "The API asks about the token: introspection",
        "To the API a token is a random word. The server knows what it means, and tells the APIs that it is meant for\n\
         (RFC 7662). In one process, as here, the guard asks without HTTP; this is how an API elsewhere does it.",
    );
    let introspector = Introspector::new(&world.wire, metadata, world.registered.api.clone())?;
    let described = introspector.describe(tokens.access_token()).await?;
    transcript.check("the token is active", described.active())?;
    transcript.check("it is alice's", described.sub() == Some(DEMO_USER))?;
    transcript.check(
        "and it allows reading, nothing else",
        described
            .scopes()
            .is_some_and(|scopes| scopes.len() == 1 && scopes.iter().all(|scope| scope.as_str() == api::READ)),
    )?;
    Ok(())
}

/// Answers the refresh token that was spent, and the tokens that came in its place.
async fn refresh(world: &World, app: &App, tokens: &BasicTokenResponse) -> Outcome<(RefreshToken, BasicTokenResponse)> {
    let transcript = &world.transcript;
    transcript.chapter(
        "The app gets new tokens: refresh",
        "Access tokens live for minutes. The refresh token gets the next one while alice is away.\n\
         Every use spends it and gives a successor: rotation.",
    );
    let spent = tokens.refresh_token().ok_or_else(|| broken("there is a refresh token"))?.clone();
    let newer = app.refresh(&spent).await?;
    let successor = newer.refresh_token().ok_or_else(|| broken("there is a next refresh token"))?;
    transcript.check("the refresh token has a successor", successor.secret() != spent.secret())?;

    let reading = call(&world.wire, APP, Method::GET, &world.notes_url, Some(newer.access_token())).await?;
    transcript.check("the new access token opens the API", reading.status() == StatusCode::OK)?;
    Ok((spent, newer))
}

async fn replay(world: &World, app: &App, spent: &RefreshToken, newer: &BasicTokenResponse) -> Outcome {
    let transcript = &world.transcript;
    transcript.chapter(
        "Somebody uses the old refresh token again",
        "Then two parties hold it, and one of them is a thief. The server cannot know which, so it ends the grant:\n\
         no token of it works any more, whoever holds it (RFC 9700 §4.14).",
    );
    let replayed = app.refresh(spent).await;
    transcript.check("the spent token is refused", refusal(&replayed) == Some("invalid_grant"))?;

    let successor = newer.refresh_token().ok_or_else(|| broken("there is a next refresh token"))?;
    let refreshed = app.refresh(successor).await;
    transcript.check("its successor is refused too", refusal(&refreshed) == Some("invalid_grant"))?;

    let reading = call(&world.wire, APP, Method::GET, &world.notes_url, Some(newer.access_token())).await?;
    let is_refused = reading.status() == StatusCode::UNAUTHORIZED;
    transcript.check("and so is the newest access token, at once", is_refused)?;
    Ok(())
}

async fn deny(world: &World, app: &App, browser: &mut Browser) -> Outcome {
    let transcript = &world.transcript;
    transcript.chapter(
        "The app has to ask again, and alice says no",
        "Her login session is still there, so she is only asked whether she agrees.",
    );
    let attempt = app.begin(&format!("{} {}", api::READ, api::WRITE), &world.resource);
    let page = browser.open(&attempt.url).await?.page()?;
    transcript.check("she need not log in again", page.title.starts_with("Allow"))?;

    let url = browser.press(&page, "Deny").await?.client()?;
    let is_denied = matches!(app.answer(&attempt, &url)?, Answer::Error(error) if error == "access_denied");
    transcript.check("the app hears that access is denied, and gets no code", is_denied)?;
    Ok(())
}

async fn act_alone(world: &World, machine: &Machine) -> Outcome<BasicTokenResponse> {
    let transcript = &world.transcript;
    transcript.chapter(
        "A machine gets a token of its own: client credentials",
        "No user, no browser. The machine proves who it is with its secret, which the server keeps as a hash only.",
    );
    let tokens = machine.token(api::READ, &world.resource).await?;
    transcript
        .check("there is no refresh token: the machine can always ask again", tokens.refresh_token().is_none())?;

    let reading = call(&world.wire, MACHINE, Method::GET, &world.notes_url, Some(tokens.access_token())).await?;
    transcript.check("the token opens the API", reading.status() == StatusCode::OK)?;
    Ok(tokens)
}

async fn revoke(world: &World, metadata: &Metadata, machine: &Machine, tokens: &BasicTokenResponse) -> Outcome {
    let transcript = &world.transcript;
    transcript.chapter(
        "The machine gives its token back: revocation",
        "A client that is done says so, and the token is worth nothing from then on (RFC 7009).",
    );
    let introspector = Introspector::new(&world.wire, metadata, world.registered.api.clone())?;
    let before = introspector.describe(tokens.access_token()).await?;
    transcript.check("before, the token is active", before.active())?;

    let revoked = machine.revoke(tokens.access_token()).await?;
    transcript.check("the server takes it back", revoked.status() == StatusCode::OK)?;

    let after = introspector.describe(tokens.access_token()).await?;
    transcript.check("after, it is not; why is nobody's business", !after.active())?;
    let reading = call(&world.wire, MACHINE, Method::GET, &world.notes_url, Some(tokens.access_token())).await?;
    transcript.check("and the API is closed to it", reading.status() == StatusCode::UNAUTHORIZED)?;
    Ok(())
}

fn broken(claim: &str) -> Box<dyn Error + Send + Sync> {
    Broken(claim.to_owned()).into()
}

fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}
