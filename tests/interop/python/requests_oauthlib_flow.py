"""requests-oauthlib: its session, with the secret in the Basic header. oauthlib below it prepares the revocation."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from browser import altered, authorize, callback
from report import API, CALLBACK_PORT, SCOPE, SERVER, check, form_encoded, refused, reporter

step, unsupported = reporter("requests-oauthlib")
TOKEN = f"{SERVER}/token"


def of(client, redirect_uri):
    made = OAuth2Session(client, redirect_uri=redirect_uri, scope=SCOPE.split(), pkce="S256")
    return made


def ask(session, approves=True):
    url, _ = session.authorization_url(f"{SERVER}/authorize")
    return authorize(url, session.redirect_uri, approves)


def redeem(session, answer, secret=None):
    public = {"include_client_id": True} if secret is None else {}
    return session.fetch_token(TOKEN, authorization_response=answer, client_secret=secret, **public)


def refresh(session, token, secret=None):
    if secret is None:
        return session.refresh_token(TOKEN, refresh_token=token, client_id=session.client_id)
    return session.refresh_token(TOKEN, refresh_token=token, auth=HTTPBasicAuth(session.client_id, secret))


def machine(client, secret):
    session = OAuth2Session(client=BackendApplicationClient(client_id=client, scope=["notes:read"]))
    token = session.fetch_token(TOKEN, client_secret=secret)
    check(token["scope"] == ["notes:read"], f"scope {token['scope']}")


def error_is(name):
    return lambda error: getattr(error, "error", None) == name


SECRET = "portal-secret"
tokens = {}

unsupported("discovery", "is told the endpoints")
unsupported("iss", "does not look at it")

with callback(CALLBACK_PORT) as redirect_uri:
    portal = of("portal", redirect_uri)
    answer = ask(portal)

    @step("state")
    def _():
        wrong = altered(answer, "state", "another")
        refused(lambda: redeem(portal, wrong, SECRET), error_is("mismatching_state"), "another state")

    @step("code")
    def _():
        tokens.update(redeem(portal, answer, SECRET))
        check(tokens["scope"] == SCOPE.split(), f"scope {tokens['scope']}")

    @step("api")
    def _():
        check(portal.get(API).json()["sub"] == "alice", "is not alice")

    @step("denied")
    def _():
        session = of("portal", redirect_uri)
        no = ask(session, approves=False)
        refused(lambda: redeem(session, no, SECRET), error_is("access_denied"), "the user's no")


@step("public")
def _():
    with callback(0) as redirect_uri:
        desktop = of("desktop", redirect_uri)
        first = dict(redeem(desktop, ask(desktop)))
        refresh(desktop, first["refresh_token"])


@step("refresh")
def _():
    spent = tokens["refresh_token"]
    tokens.update(refresh(portal, spent, SECRET), spent=spent)
    check(tokens["refresh_token"] != spent, "is not rotated")


@step("reuse")
def _():
    invalid_grant = error_is("invalid_grant")
    refused(lambda: refresh(portal, tokens["spent"], SECRET), invalid_grant, "a spent refresh token")
    refused(lambda: refresh(portal, tokens["refresh_token"], SECRET), invalid_grant, "its successor")


unsupported("introspect", "has no such request")

with callback(CALLBACK_PORT) as redirect_uri:
    live = {}

    @step("kept")
    def _():
        steady = of("steady", redirect_uri)
        redeem(steady, ask(steady), "steady-secret")
        refresh(steady, None, "steady-secret")
        refresh(steady, None, "steady-secret")

    @step("revoke")
    def _():
        session = of("portal", redirect_uri)
        live.update(redeem(session, ask(session), SECRET))
        prepare = session._client.prepare_token_revocation_request
        url, headers, body = prepare(f"{SERVER}/revoke", live["refresh_token"], "refresh_token")
        response = requests.post(url, data=body, headers=headers, auth=HTTPBasicAuth("portal", SECRET))
        response.raise_for_status()
        return "by oauthlib, which prepares the request"

    @step("inactive")
    def _():
        attempt = lambda: refresh(of("portal", redirect_uri), live["refresh_token"], SECRET)
        refused(attempt, error_is("invalid_grant"), "a revoked refresh token")


@step("machine")
def _():
    machine("portal", SECRET)


@step("odd-secret")
def _():
    form_encoded(lambda: machine("odd", "50%+ of tea: /?&="))
