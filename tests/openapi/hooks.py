"""What schemathesis cannot guess from the description: who calls, and the handle of a page that a browser holds.

Most generated requests would stop at the first question, who asks. So three in four name a client that exists, and the
rest of them is as generated. What was answered is written down, so that the run can tell what it never reached.
"""

import html
import http.cookiejar
import itertools
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
import zlib

import schemathesis

URL = os.environ["OPENAPI_URL"]
ROLE = os.environ["OPENAPI_ROLE"]
SEEN = os.environ["OPENAPI_SEEN"]

FORM = "application/x-www-form-urlencoded"
REQUEST = {
    "response_type": "code",
    "client_id": "web-app",
    "redirect_uri": "http://127.0.0.1:8080/callback",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}
ISSUED = {}
MODES = itertools.cycle(["query", "form_post"])
SECRETS = {"post-app": {"client_id": "post-app", "client_secret": "post-app-secret"}}


class Stay(urllib.request.HTTPRedirectHandler):
    """An answer for the client is an answer, whoever is at its redirection URI."""

    def redirect_request(self, *_):
        return None


def asked(**more):
    """A request that waits for its user: its handle, and the cookies of the browser."""
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies), Stay)
    with browser.open(f"{URL}/authorize?{urllib.parse.urlencode(REQUEST | more)}") as page:
        handle = re.search(r'name="handle" value="([^"]+)"', page.read().decode())
    return html.unescape(handle[1]), {cookie.name: cookie.value for cookie in cookies}


def remember():
    """Lets the user agree once, so that requests without a prompt are answered with a code."""
    handle, cookies = asked(prompt="consent")
    form = urllib.parse.urlencode({"handle": handle, "decision": "approve", "remember": "1"}).encode()
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Content-Type": FORM}
    request = urllib.request.Request(f"{URL}/authorize/decide", form, headers)
    try:
        urllib.request.build_opener(Stay).open(request)
    except urllib.error.HTTPError as answer:
        assert answer.status == 303 and "code=" in answer.headers["Location"], answer


if ROLE == "web-app":
    remember()


@schemathesis.hook
def before_call(context, case, kwargs):
    name = case.operation.definition.raw["operationId"]
    fields = case.body if isinstance(case.body, dict) else case.query
    if not isinstance(fields, dict):
        return
    choice = zlib.crc32(repr(sorted(fields.items(), key=str)).encode("utf-8", "replace")) % 4
    if choice == 0:
        return
    if name.startswith("authorize"):
        ask_as_known_client(fields, choice)
    elif name.startswith(("resume", "decide")) and ROLE == "web-app" and "handle" in fields:
        prompt = "consent" if name == "decide" else "select_account"
        fields["handle"], cookies = asked(prompt=prompt, response_mode=next(MODES))
        if choice != 1:
            case.cookies = {**(case.cookies or {}), **cookies}
        if choice != 1 and fields.get("decision") in ("approve", "deny"):
            fields["decision"] = "approve" if choice == 2 else "deny"
        if choice == 2:
            for term in ("scope", "resource"):
                fields.pop(term, None)
    elif name in ("token", "introspect", "revoke"):
        call_as_role(fields, choice)
        if name == "introspect" and choice == 2 and ISSUED:
            fields["token"] = ISSUED["access_token"]


def ask_as_known_client(fields, choice):
    if "client_id" not in fields:
        return
    fields["client_id"] = REQUEST["client_id"]
    fields["redirect_uri"] = REQUEST["redirect_uri"]
    if choice == 3:
        return
    if "code_challenge" in fields:
        fields["code_challenge"] = REQUEST["code_challenge"]
    for term in ("scope", "resource", "prompt"):
        fields.pop(term, None)
    if choice == 2:
        fields |= {"scope": "notes:read", "resource": [f"{URL}/api"]}


def call_as_role(fields, choice):
    if ROLE == "nobody":
        if choice == 1:
            fields.pop("client_secret", None)
            fields["client_id"] = "public-app"
        return
    for credential in ("client_id", "client_secret"):
        fields.pop(credential, None)
    fields.update(SECRETS.get(ROLE, {}))
    if choice == 1:
        for term in ("scope", "resource"):
            fields.pop(term, None)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A bad request may be answered by telling the client: with 303, by a form, or when somebody has logged in."""
    if type(failure).__name__ != "AcceptedNegativeData" or not case.path.startswith("/authorize"):
        return True
    told = "error=" in "".join(response.headers.get("location", []))
    posted = 'name="error"' in response.text
    waits = ROLE == "nobody" and 'class="page-login"' in response.text
    return not (told or posted or waits)


@schemathesis.hook
def after_call(context, case, response):
    if response.request.method != case.operation.method.upper():
        return
    seen = [f"{case.operation.definition.raw['operationId']} {response.status_code}"]
    for word in re.findall(r"[?&](code|error)=", "".join(response.headers.get("location", []))):
        seen.append(f"{seen[0]} {word}")
    if response.status_code == 200 and "application/json" in "".join(response.headers.get("content-type", [])):
        said = json.loads(response.text or "{}")
        seen += [f"{seen[0]} {word}" for word in ("active", "refresh_token") if said.get(word)]
        if "access_token" in said:
            ISSUED.update(said)
    with open(SEEN, "a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in seen)
