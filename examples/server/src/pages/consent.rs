//! The consent page: who asks, for what, where it leads, and yes or no.

use askama::Template;
use axum::http::{HeaderMap, Response, StatusCode};
use grantsmith::policy::RememberedConsent;
use grantsmith::record::Trust;
use grantsmith::server::{AskingClient, Interaction};
use url::Url;

use super::{Site, with_mark};
use crate::app::Host;
use crate::forms::Purpose;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    site: &'a Site,
    app: &'a str,
    logo: Option<&'a str>,
    home_page: Option<&'a str>,
    privacy_policy: Option<&'a str>,
    terms: Option<&'a str>,
    is_unverified: bool,
    user: &'a str,
    scopes: Vec<Scope<'a>>,
    resources: Vec<&'a str>,
    destination: &'a str,
    can_be_remembered: bool,
    decide: &'a str,
    handle: &'a str,
    csrf: String,
}

struct Scope<'a> {
    name: &'a str,
    words: &'a str,
}

pub fn page(host: &Host, headers: &HeaderMap, interaction: &Interaction) -> Response<String> {
    let client = &interaction.client;
    let display = &client.display;
    let mark = host.forms.mark(headers, host.session(headers).as_ref());
    let page = ConsentPage {
        site: &host.site,
        app: display.name.as_deref().unwrap_or(client.id.as_str()),
        logo: display.logo_uri.as_deref(),
        home_page: display.uri.as_deref(),
        privacy_policy: display.policy_uri.as_deref(),
        terms: display.terms_uri.as_deref(),
        is_unverified: client.trust == Trust::Unverified,
        user: interaction.subject.as_ref().map(AsRef::as_ref).unwrap_or_default(),
        scopes: interaction.scope.iter().map(|name| Scope { name, words: host.words.scope(name) }).collect(),
        resources: interaction.resources.iter().map(|resource| host.words.resource(resource)).collect(),
        destination: &interaction.destination,
        can_be_remembered: can_be_remembered(host.remembers, client, &interaction.form_action),
        decide: &host.paths.decide,
        handle: &interaction.handle,
        csrf: mark.word(Purpose::LogOut),
    };
    let image = display.logo_uri.as_deref().and_then(origin_of);
    with_mark(host.site.page(StatusCode::OK, &page, Some(&interaction.form_action), image.as_deref()), &mark)
}

/// Whether a remembered consent would ever answer the question, so that nobody is offered what does nothing.
fn can_be_remembered(policy: RememberedConsent, client: &AskingClient, form_action: &str) -> bool {
    client.trust == Trust::Verified
        && match policy {
            RememberedConsent::AuthenticatedClients => !client.is_public,
            RememberedConsent::ClaimedHttpsToo => !client.is_public || form_action.starts_with("https:"),
            _ => false,
        }
}

/// The origin of a picture, as a policy allows it. None, if it would say more than an origin.
fn origin_of(url: &str) -> Option<String> {
    let origin = Url::parse(url).ok()?.origin().ascii_serialization();
    let is_plain = origin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:/".contains(&byte));
    is_plain.then_some(origin)
}
