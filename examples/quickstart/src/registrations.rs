//! The clients, as an administrator registers them: an app, a machine, and the API itself.

use grantsmith::server::{AuthorizationServer, RegisteredClient, Registration, RegistrationError};
use grantsmith::value::{Resource, ResourceSet};

use crate::client::Credentials;
use crate::{Outcome, api};

/// The app's identifier. Without `with_id` a client is given a random one, as the others are here.
pub const APP: &str = "notebook";

/// What the confidential clients were given.
pub struct Registered {
    pub machine: Credentials,
    pub api: Credentials,
}

/// Registers everybody.
pub async fn register(server: &AuthorizationServer, resource: &Resource) -> Outcome<Registered> {
    let resources = ResourceSet::new(vec![resource.clone()])?;
    let scope = |names: &[&str]| names.join(" ").parse();

    // On the user's device: no secret, and whatever port is free when the answer is awaited.
    let app = Registration::public(vec!["http://127.0.0.1/callback".parse()?])
        .native()
        .with_id(APP.parse()?)
        .with_name("Notebook")
        .with_scope(scope(&[api::READ, api::WRITE])?)
        .with_resources(resources.clone());
    match server.register(app).await {
        // A file that is used again knows the app from before.
        Ok(_) | Err(RegistrationError::IdentifierTaken) => {}
        Err(error) => return Err(error.into()),
    }

    let machine = Registration::machine().with_scope(scope(&[api::READ])?).with_resources(resources.clone());
    let machine = server.register(machine).await?;

    let api = Registration::resource_server(resources);
    let api = server.register(api).await?;
    Ok(Registered { machine: credentials(&machine), api: credentials(&api) })
}

/// The secret is shown this once.
fn credentials(registered: &RegisteredClient) -> Credentials {
    let secret = registered.secret.as_ref().map(|secret| secret.expose().to_owned());
    Credentials { id: registered.client.id().to_string(), secret: secret.unwrap_or_default() }
}
