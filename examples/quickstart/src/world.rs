//! The cast: a server, an API, and a place where the app waits, each at an origin of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use grantsmith::host::{Entropy as _, Storage, SystemEntropy};
use grantsmith::server::AuthorizationServer;
use grantsmith::value::Resource;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::client::API;
use crate::print::{Broken, Transcript};
use crate::registrations::{self, Registered};
use crate::sessions::Sessions;
use crate::store::{self, Place, Store};
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
    running: [Running; 2],
    host: Host,
}

/// What stays while the server is started again: the records, the key, and who is logged in.
struct Host {
    place: Place,
    storage: Arc<dyn Storage>,
    /// Load yours from where you keep secrets. This one ends with the program, and with it everything that was issued.
    secret: [u8; 32],
    sessions: Arc<Sessions>,
}

impl World {
    /// Starts the server and the API. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// A port is taken, the store cannot be opened, or something does not fit together.
    pub async fn start(ports: [u16; 3], store: Store) -> Outcome<Self> {
        let [server_listener, api_listener, callback_listener] =
            [listen(ports[0]).await?, listen(ports[1]).await?, listen(ports[2]).await?];
        let (issuer, api_origin) = (origin_of(&server_listener)?, origin_of(&api_listener)?);
        let resource: Resource = api_origin.parse()?;
        let redirect_uri: Url = format!("{}/callback", origin_of(&callback_listener)?).parse()?;

        let mut secret = [0; 32];
        SystemEntropy.fill(&mut secret)?;
        let place = store.place()?;
        let host = Host { storage: place.open().await?, place, secret, sessions: Arc::default() };
        let server = server::build(&issuer, Arc::clone(&host.storage), secret)?;
        let registered = registrations::register(&server, &resource).await?;
        let running = host.run(server, &resource, &redirect_uri, [server_listener, api_listener])?;

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
            running,
            host,
        })
    }

    /// Whether the records would be there after a restart.
    pub fn outlives_a_restart(&self) -> bool {
        self.host.place.outlives_the_server()
    }

    /// Ends the server, the API and the storage, and starts them again where they were.
    ///
    /// # Errors
    ///
    /// [`Broken`] if something of the old server is left; as for [`start`](Self::start).
    pub async fn restart(&mut self) -> Outcome {
        let addresses = [self.running[0].address, self.running[1].address];
        for running in &mut self.running {
            running.stop().await;
        }
        // Nobody else holds the storage any more, so this closes it.
        if Arc::strong_count(&self.host.storage) > 1 {
            return Err(Broken("the old server is gone".to_owned()).into());
        }
        self.host.storage = store::closed();

        self.host.storage = self.host.place.open().await?;
        let server = server::build(&self.issuer, Arc::clone(&self.host.storage), self.host.secret)?;
        let listeners = [listen(addresses[0].port()).await?, listen(addresses[1].port()).await?];
        self.running = self.host.run(server, &self.resource.parse()?, &self.redirect_uri, listeners)?;
        Ok(())
    }
}

impl Host {
    fn run(
        &self,
        server: AuthorizationServer,
        resource: &Resource,
        redirect_uri: &Url,
        [server_listener, api_listener]: [TcpListener; 2],
    ) -> Outcome<[Running; 2]> {
        let api = Running::start(api_listener, api::router(&server, resource)?)?;
        // Whoever opens the server in a browser wants to see something: the app.
        let home = Redirect::to(&redirect_uri[..url::Position::BeforePath]);
        let router = server::router(server, Arc::clone(&self.sessions))?.route("/", get(async move || home));
        Ok([Running::start(server_listener, router)?, api])
    }
}

/// Something that answers requests until it is stopped.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let asked = async {
                // Without its other end nobody can stop it, so it goes on.
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            // It ends without error: that is what axum promises.
            _ = axum::serve(listener, router).with_graceful_shutdown(asked).await;
        });
        Ok(Self { address, stop: Some(stop), task })
    }

    /// Answers what was asked, closes every connection, and ends.
    async fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        _ = (&mut self.task).await;
    }
}

/// Keeps everything running, with the app as a web page. The app's own exchanges are printed as they happen.
pub async fn serve(port: u16, store: Store) -> Outcome {
    let world = World::start([port, port + 1, port + 2], store).await?;
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
