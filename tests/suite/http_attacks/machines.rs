//! Attacks of clients that act for themselves.

use grantsmith::server::Registration;

use super::expect::assert_refused;
use super::members::{Member, Tokens, encoded, resources};
use super::stage::Stage;
use crate::http_exchange::API;

super::attacks!["machines.rs":
    a_machine_that_is_called_like_a_user_is_no_user,
    a_machine_gets_nothing_that_is_for_users,
];

#[test]
fn a_machine_that_is_called_like_a_user_is_no_user() {
    covers!("ATK-158");
    let stage = Stage::new();
    let registration = Registration::machine()
        .with_id("alice".parse().unwrap())
        .with_scope("read".parse().unwrap())
        .with_resources(resources(&[API]));
    let alice = Member::register(&stage.server, &stage.witness, registration);
    let of_machine = Tokens::in_answer(&stage.token(&alice, "grant_type=client_credentials&sub=alice&username=alice"));
    let of_user = stage.approved_tokens(&stage.members.web);

    let machine = stage.introspect(&stage.members.api, &of_machine.access).json();
    let user = stage.introspect(&stage.members.api, &of_user.access).json();

    assert_eq!((machine.get("sub"), machine.get("username"), &machine["client_id"]), (None, None, &"alice".into()));
    assert_eq!((&user["sub"], &user["client_id"]), (&"alice".into(), &"web".into()));
    // The user's end is not the machine's.
    stage.operate(|server| async { server.end_subject(&"alice".parse().unwrap()).await }).unwrap();
    assert!(stage.is_active(&of_machine.access) && !stage.is_active(&of_user.access));
}

#[test]
fn a_machine_gets_nothing_that_is_for_users() {
    covers!("ATK-159");
    let stage = Stage::new();
    let machine = &stage.members.machine;
    let writes = stage.writes();
    for scope in ["openid", "offline_access", "read offline_access", "unregistered", "read unregistered", "*"] {
        let form = encoded(&[("grant_type", "client_credentials"), ("scope", scope)]);
        assert_refused(&stage.token(machine, &form), 400, "invalid_scope");
    }
    assert_eq!(stage.writes(), writes);

    for form in ["grant_type=client_credentials", "grant_type=client_credentials&scope=read"] {
        let answer = stage.token(machine, form).json();
        let names: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"]);
    }
}
