//! The cast: a server, an API, and a place where the app waits, each at an origin of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use grantsmith::value::Resource;
use tokio::net::TcpListener;
use url::Url;

use crate::client::API;
use crate::print::Transcript;
use crate::registrations::{self, Registered};
use crate::wire::Wire;
use crate::{Outcome, api, app, server};

/// Everything that runs, and where.
pub struct World {
    pub transcript: Arc<Transcript>,
    pub wire: Wire,
    pub issuer: String,
    /// What tokens for the API are meant for.
    pub resource: String,
    pub notes_url: String,
    /// Where the app waits for the answer.
    pub redirect_uri: Url,
    pub registered: Registered,
    callback_listener: TcpListener,
}

impl World {
    /// Starts the server and the API. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// A port is taken, or something does not fit together.
    pub async fn start(ports: [u16; 3]) -> Outcome<Self> {
        let [server_listener, api_listener, callback_listener] =
            [listen(ports[0]).await?, listen(ports[1]).await?, listen(ports[2]).await?];
        let (issuer, api_origin) = (origin_of(&server_listener)?, origin_of(&api_listener)?);
        let resource: Resource = api_origin.parse()?;

        let server = server::build(&issuer)?;
        let registered = registrations::register(&server, &resource).await?;
        spawn(api_listener, api::router(&server, &resource)?);
        let redirect_uri: Url = format!("{}/callback", origin_of(&callback_listener)?).parse()?;
        // Whoever opens the server in a browser wants to see something: the app.
        let home = Redirect::to(&redirect_uri[..url::Position::BeforePath]);
        spawn(server_listener, server::router(server)?.route("/", get(async move || home)));

        let transcript = Arc::new(Transcript::new());
        let parties = [(issuer.clone(), "server"), (api_origin.clone(), API)];
        Ok(Self {
            wire: Wire::new(&transcript, parties),
            transcript,
            issuer,
            resource: resource.to_string(),
            notes_url: format!("{api_origin}/notes"),
            redirect_uri,
            registered,
            callback_listener,
        })
    }
}

/// Keeps everything running, with the app as a web page. The app's own exchanges are printed as they happen.
pub async fn serve(port: u16) -> Outcome {
    let world = World::start([port, port + 1, port + 2]).await?;
    let app = app::router(&world).await?;
    let home = origin_of(&world.callback_listener)?;
    world.transcript.invite(&format!("Open {home}/ in your browser. Ctrl-C ends everything."));
    Ok(axum::serve(world.callback_listener, app).await?)
}

async fn listen(port: u16) -> Outcome<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok(TcpListener::bind(address).await.map_err(|error| format!("cannot listen at {address}: {error}"))?)
}

fn origin_of(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

fn spawn(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}
