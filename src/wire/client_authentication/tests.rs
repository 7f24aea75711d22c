//! How clients present themselves: one mechanism, read exactly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MalformedCredentials, PresentedClient, PresentedMethod};
use crate::wire::{MalformedParameters, Parameters};

fn read(authorization: Option<&str>, body: &str) -> Result<PresentedClient, MalformedCredentials> {
    let parameters = Parameters::parse(body.as_bytes()).unwrap();
    PresentedClient::read(authorization.map(str::as_bytes), &parameters)
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn id_and_secret(presented: PresentedClient) -> (String, Option<String>) {
    let secret = match presented.method {
        PresentedMethod::Basic(secret) | PresentedMethod::Post(secret) => Some(secret.expose().to_owned()),
        PresentedMethod::None => None,
    };
    (presented.id.to_string(), secret)
}

mod header {
    use super::*;

    #[test]
    fn name_and_secret_are_form_encoded_and_split_at_the_first_colon() {
        for (credentials, id, secret) in [
            ("client:secret", "client", "secret"),
            ("client:a:b", "client", "a:b"),
            ("a%3Ab:c", "a:b", "c"),
            ("my+client:a+b%2Bc", "my client", "a b+c"),
            ("%63lient:%73ecret", "client", "secret"),
        ] {
            let presented = read(Some(&basic(credentials)), "").unwrap();
            assert!(matches!(presented.method, PresentedMethod::Basic(_)));
            assert_eq!(id_and_secret(presented), (id.to_owned(), Some(secret.to_owned())), "{credentials}");
        }
    }

    #[test]
    fn the_scheme_is_case_insensitive_and_spaces_around_the_rest_do_not_matter() {
        let encoded = STANDARD.encode("client:secret");
        for header in [format!("basic {encoded}"), format!("BASIC {encoded}"), format!("Basic   {encoded} ")] {
            assert!(read(Some(&header), "").is_ok(), "{header}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let long = "x".repeat(513);
        for credentials in [
            "",
            ":",
            "client",
            "client:",
            "client: ",
            ":secret",
            "client:%",
            "client:%zz",
            "%:secret",
            "client:a%00b",
            "client:%C3%A9",
            "client:a\nb",
            "a\0b:secret",
            "client:\u{e9}",
            &format!("{long}:secret"),
            &format!("client:{long}"),
        ] {
            let presented = read(Some(&basic(credentials)), "");
            assert_eq!(presented.unwrap_err(), MalformedCredentials::Unreadable, "{credentials:?}");
        }
    }

    #[test]
    fn only_padded_base64_in_the_standard_alphabet_is_read() {
        let encoded = STANDARD.encode("client:secret??>>");
        assert!(encoded.contains(['/', '+']) && encoded.ends_with('='));
        assert!(read(Some(&format!("Basic {encoded}")), "").is_ok());
        for wrong in [
            encoded.trim_end_matches('=').to_owned(),
            encoded.replace('/', "_").replace('+', "-"),
            format!("{encoded}="),
            format!("{} {}", &encoded[..4], &encoded[4..]),
            "!".to_owned(),
            String::new(),
            "A".repeat(2049),
        ] {
            let presented = read(Some(&format!("Basic {wrong}")), "");
            assert_eq!(presented.unwrap_err(), MalformedCredentials::Unreadable, "{wrong}");
        }
        let invalid = STANDARD.encode([b'a', b':', 0xff]);
        assert_eq!(read(Some(&format!("Basic {invalid}")), "").unwrap_err(), MalformedCredentials::Unreadable);
    }

    #[test]
    fn another_scheme_is_not_supported() {
        for header in ["", "Basic", "Bearer abc", "Digest a=b", "Basicx abc", "Negotiate", "\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(read(Some(header), "").unwrap_err(), MalformedCredentials::Unsupported, "{header}");
        }
    }

    #[test]
    fn the_body_may_repeat_the_name_but_not_contradict_it() {
        covers!("ATK-118");
        let header = basic("client:secret");

        assert!(read(Some(&header), "client_id=client").is_ok());
        assert!(read(Some(&header), "client_id=").is_ok());
        for body in ["client_id=other", "client_id=Client", "client_id=client%20"] {
            assert_eq!(read(Some(&header), body).unwrap_err(), MalformedCredentials::Contradicting, "{body}");
        }
    }
}

mod body {
    use super::*;

    #[test]
    fn a_name_alone_and_a_name_with_a_secret_are_read() {
        let named = read(None, "client_id=my+client").unwrap();
        let with_secret = read(None, "client_id=client&client_secret=a%2Bb").unwrap();

        assert!(matches!(named.method, PresentedMethod::None));
        assert!(matches!(with_secret.method, PresentedMethod::Post(_)));
        assert_eq!(id_and_secret(named), ("my client".to_owned(), None));
        assert_eq!(id_and_secret(with_secret), ("client".to_owned(), Some("a+b".to_owned())));
    }

    #[test]
    fn an_empty_secret_is_none() {
        covers!("RFC6749-3.2-03", "ATK-115");
        for body in ["client_id=client&client_secret=", "client_id=client&client_secret"] {
            assert!(matches!(read(None, body).unwrap().method, PresentedMethod::None), "{body}");
            let presented = read(Some(&basic("client:secret")), body).unwrap();
            assert!(matches!(presented.method, PresentedMethod::Basic(_)), "{body}");
        }
        for body in ["client_id=c&client_secret=+", "client_id=c&client_secret=++"] {
            assert_eq!(read(None, body).unwrap_err(), MalformedCredentials::Unreadable, "{body}");
        }
    }

    #[test]
    fn no_name_and_a_name_that_is_none_are_refused() {
        for body in ["", "client_id=", "client_secret=secret", "client_id=&client_secret=secret"] {
            assert_eq!(read(None, body).unwrap_err(), MalformedCredentials::Missing, "{body}");
        }
        for body in ["client_id=a%00b", "client_id=%C3%A9", "client_id=c&client_secret=%0a"] {
            assert_eq!(read(None, body).unwrap_err(), MalformedCredentials::Unreadable, "{body}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        let repeated = MalformedCredentials::Parameters(MalformedParameters::Repeated);
        for body in ["client_id=a&client_id=a", "client_id=a&client_secret=b&client_secret=b"] {
            assert_eq!(read(None, body).unwrap_err(), repeated, "{body}");
        }
    }
}

mod mechanisms {
    use super::*;

    #[test]
    fn more_than_one_is_refused() {
        let header = basic("client:secret");
        for (authorization, body) in [
            (Some(header.as_str()), "client_secret=secret"),
            (Some(header.as_str()), "client_id=client&client_secret=secret"),
            (Some(header.as_str()), "client_assertion=x"),
            (Some(header.as_str()), "client_assertion_type=x"),
            (None, "client_id=client&client_secret=secret&client_assertion=x"),
        ] {
            assert_eq!(read(authorization, body).unwrap_err(), MalformedCredentials::Several, "{body}");
        }
    }

    #[test]
    fn an_assertion_is_not_supported() {
        for body in ["client_assertion=x", "client_id=client&client_assertion_type=x", "client_id=a&client_assertion="]
        {
            assert_eq!(read(None, body).unwrap_err(), MalformedCredentials::Unsupported, "{body}");
        }
    }
}
