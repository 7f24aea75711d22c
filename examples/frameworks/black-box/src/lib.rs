//! What every example must do, asked over HTTP without knowing what is behind it.

mod browser;
mod client;
mod edges;
mod flows;
mod program;

use std::collections::HashMap;

pub use program::run;

/// A running example.
#[derive(Debug)]
pub struct Site {
    /// Its issuer, which is also where it listens.
    pub issuer: String,
    /// The secrets of its clients.
    pub secrets: HashMap<String, String>,
}

/// Asks everything.
///
/// # Panics
///
/// Where the answer is not what it must be.
pub fn drive(site: &Site) {
    edges::metadata_is_found_at_its_well_known_path(site);
    edges::nothing_else_is_found(site);
    edges::other_methods_are_refused_with_those_allowed(site);
    edges::a_body_that_is_no_form_is_refused(site);
    edges::a_body_that_is_too_long_is_refused(site);
    edges::two_authorization_headers_are_refused(site);
    edges::a_page_of_the_allowed_origin_may_ask_for_tokens(site);
    flows::a_wrong_secret_opens_nothing(site);
    flows::a_machine_gets_a_token_of_its_own(site);
    flows::a_user_lets_a_web_server_in(site);
    flows::a_user_lets_an_app_in_and_it_refreshes(site);
    flows::a_code_without_its_verifier_is_worth_nothing(site);
    flows::a_user_says_no(site);
    flows::a_token_that_was_given_back_is_worth_nothing(site);
}
