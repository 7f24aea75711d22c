"""Authlib: its session over requests, with the secret in the Basic header."""

import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from browser import altered, authorize, callback
from report import API, CALLBACK_PORT, SCOPE, SERVER, check, form_encoded, refused, reporter

step, unsupported = reporter("Authlib")
metadata = {}


def of(client, secret=None, **settings):
    made = OAuth2Session(client, secret, scope=SCOPE, code_challenge_method="S256", **settings)
    return made


def ask(session, redirect_uri, approves=True):
    verifier = generate_token(48)
    session.redirect_uri = redirect_uri
    url, session.state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    return authorize(url, redirect_uri, approves), verifier


def redeem(session, answer, verifier):
    url = metadata["token_endpoint"]
    return session.fetch_token(url, authorization_response=answer, code_verifier=verifier)


def refresh(session, token):
    return session.refresh_token(metadata["token_endpoint"], refresh_token=token)


def introspect(session, token):
    response = session.introspect_token(metadata["introspection_endpoint"], token, "access_token")
    response.raise_for_status()
    return response.json()


def machine(client, secret):
    session = OAuth2Session(client, secret, scope="notes:read")
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    check(token["scope"] == "notes:read", f"scope {token['scope']}")


def mentions(name):
    return lambda error: name in str(error)


def invalid_grant(error):
    return getattr(error, "error", None) == "invalid_grant"


# A redirect without a code makes the session guess another grant type.
DENIED = "the user's no is answered with a request for client credentials, which"

portal = of("portal", "portal-secret")
tokens = {}


@step("discovery")
def _():
    found = requests.get(get_well_known_url(SERVER, external=True, suffix="oauth-authorization-server"))
    metadata.update(AuthorizationServerMetadata(found.json()))
    AuthorizationServerMetadata(found.json()).validate()
    check(metadata["issuer"] == SERVER, "another issuer")


unsupported("iss", "does not look at it")

with callback(CALLBACK_PORT) as redirect_uri:
    answer, verifier = ask(portal, redirect_uri)

    @step("state")
    def _():
        wrong = altered(answer, "state", "another")
        refused(lambda: redeem(portal, wrong, verifier), mentions("mismatching_state"), "another state")

    @step("code")
    def _():
        tokens.update(redeem(portal, answer, verifier))
        check(tokens["scope"] == SCOPE, f"scope {tokens['scope']}")

    @step("api")
    def _():
        check(portal.get(API).json()["sub"] == "alice", "is not alice")

    @step("denied")
    def _():
        session = of("portal", "portal-secret")
        no, verifier = ask(session, redirect_uri, approves=False)
        refused(lambda: redeem(session, no, verifier), mentions("access_denied"), DENIED)


@step("public")
def _():
    with callback(0) as redirect_uri:
        desktop = of("desktop")
        first = redeem(desktop, *ask(desktop, redirect_uri))
        refresh(desktop, first["refresh_token"])


@step("refresh")
def _():
    spent = tokens["refresh_token"]
    tokens.update(refresh(portal, spent), spent=spent)
    check(tokens["refresh_token"] != spent, "is not rotated")


@step("introspect")
def _():
    facts = introspect(portal, tokens["access_token"])
    expected = {"active": True, "client_id": "portal", "scope": SCOPE, "sub": "alice"}
    check(expected.items() <= facts.items(), facts)


@step("reuse")
def _():
    refused(lambda: refresh(portal, tokens["spent"]), invalid_grant, "a spent refresh token")
    refused(lambda: refresh(portal, tokens["refresh_token"]), invalid_grant, "its successor")
    check(not introspect(portal, tokens["access_token"])["active"], "the access token is still active")


with callback(CALLBACK_PORT) as redirect_uri:
    live = {}

    @step("kept")
    def _():
        steady = of("steady", "steady-secret")
        redeem(steady, *ask(steady, redirect_uri))
        refresh(steady, None)
        refresh(steady, None)

    @step("revoke")
    def _():
        live.update(redeem(portal, *ask(portal, redirect_uri)))
        response = portal.revoke_token(metadata["revocation_endpoint"], live["refresh_token"], "refresh_token")
        response.raise_for_status()

    @step("inactive")
    def _():
        check(not introspect(portal, live["access_token"])["active"], "the access token is still active")
        refused(lambda: refresh(portal, live["refresh_token"]), invalid_grant, "a revoked refresh token")


@step("machine")
def _():
    machine("portal", "portal-secret")


@step("odd-secret")
def _():
    form_encoded(lambda: machine("odd", "50%+ of tea: /?&="))
