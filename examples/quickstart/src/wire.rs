//! Plain HTTP on loopback, with every exchange printed.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::print::Transcript;

/// Sends requests, and prints them with their responses.
#[derive(Clone)]
pub struct Wire {
    client: Client<HttpConnector, Full<axum::body::Bytes>>,
    transcript: Arc<Transcript>,
    /// Who listens at which origin.
    parties: Arc<[(String, &'static str)]>,
}

impl Wire {
    /// A wire between the parties that listen at these origins.
    pub fn new(transcript: &Arc<Transcript>, parties: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            transcript: Arc::clone(transcript),
            parties: parties.into_iter().collect(),
        }
    }

    /// Sends a request in the name of `from`. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] if there is no answer.
    pub async fn send(&self, from: &'static str, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let (parts, body) = request.into_parts();
        let sent = Request::from_parts(parts.clone(), Full::from(body.clone()));
        let response = self.client.request(sent).await.map_err(Unreachable::of)?;
        let (head, received) = response.into_parts();
        let received = received.collect().await.map_err(Unreachable::of)?.to_bytes().to_vec();
        let (request, response) = (Request::from_parts(parts, body), Response::from_parts(head, received));
        self.transcript.exchange(from, self.party_at(&request), &request, &response);
        Ok(response)
    }

    /// The wire in the hands of one party, as the `oauth2` crate wants it.
    pub fn of(&self, party: &'static str) -> PartyWire {
        PartyWire { wire: self.clone(), party }
    }

    fn party_at(&self, request: &Request<Vec<u8>>) -> &'static str {
        let uri = request.uri().to_string();
        self.parties.iter().find(|(origin, _)| uri.starts_with(origin.as_str())).map_or("stranger", |(_, name)| name)
    }
}

/// The wire in the hands of one party.
pub struct PartyWire {
    wire: Wire,
    party: &'static str,
}

impl<'c> AsyncHttpClient<'c> for PartyWire {
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreachable>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.wire.send(self.party, request))
    }
}

/// Nobody answered.
#[derive(Debug)]
pub struct Unreachable(Box<dyn std::error::Error + Send + Sync>);

impl Unreachable {
    fn of(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no answer: {}", self.0)
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
