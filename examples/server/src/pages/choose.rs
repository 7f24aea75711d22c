//! The page on which somebody who is logged in chooses whether to go on as that user.

use askama::Template;
use axum::http::{HeaderMap, Response, StatusCode};
use grantsmith::server::Interaction;

use super::{Site, with_mark};
use crate::app::Host;
use crate::forms::Purpose;

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    site: &'a Site,
    app: &'a str,
    user: &'a str,
    handle: &'a str,
    resume: &'a str,
    csrf: String,
}

pub fn page(host: &Host, headers: &HeaderMap, interaction: &Interaction) -> Response<String> {
    let client = &interaction.client;
    let mark = host.forms.mark(headers, host.session(headers).as_ref());
    let page = ChoosePage {
        site: &host.site,
        app: client.display.name.as_deref().unwrap_or(client.id.as_str()),
        user: interaction.subject.as_ref().map(AsRef::as_ref).unwrap_or_default(),
        handle: &interaction.handle,
        resume: &host.paths.resume,
        csrf: mark.word(Purpose::LogOut),
    };
    with_mark(host.site.page(StatusCode::OK, &page, Some(&interaction.form_action), None), &mark)
}
