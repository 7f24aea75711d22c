"""As much of a browser as alice needs: it follows redirects, keeps cookies, and sends the forms that it is shown."""

import contextlib
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

USER = {"login": "alice", "password": "wonderland"}


class Page(HTMLParser):
    """What stands on a page: its kind, and of each form the action, the fields and the buttons."""

    def __init__(self, text):
        super().__init__()
        self.kind, self.error, self.forms = None, None, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        classes = (given.get("class") or "").split()
        if tag == "body":
            self.kind = classes[0] if classes else None
        elif tag == "main":
            self.error = given.get("data-kind")
        elif tag == "form":
            self.forms.append({"action": given["action"], "fields": [], "buttons": {}})
        elif tag == "input" and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1]["fields"].append((given["name"], given.get("value") or ""))
        elif tag == "button":
            pair = (given["name"], given.get("value") or "") if given.get("name") else None
            self.forms[-1]["buttons"].update({name: pair for name in classes})


class Browser:
    def __init__(self):
        self.session = requests.Session()
        self.session.headers["accept"] = "text/html"

    def visit(self, url, approves=True):
        """Goes to `url`, logs in and decides as asked. Answers where that ends."""
        response = self.session.get(url)
        for _ in range(4):
            page = Page(response.text)
            if page.kind == "page-login":
                response = self._send(response.url, page, "login-submit", USER)
            elif page.kind == "page-consent":
                response = self._send(response.url, page, "consent-submit" if approves else "consent-cancel", {})
            elif page.kind == "page-error":
                raise AssertionError(f"the server shows an error: {page.error}")
            else:
                return response
        raise AssertionError("the forms never end")

    def _send(self, url, page, button, filled):
        """Presses the button of this class, with what its form holds."""
        form = next(form for form in page.forms if button in form["buttons"])
        fields = [(name, filled.get(name, value)) for name, value in form["fields"]]
        if form["buttons"][button]:
            fields.append(form["buttons"][button])
        target = urljoin(url, form["action"])
        origin = "/".join(target.split("/")[:3])
        return self.session.post(target, data=fields, headers={"origin": origin})


class Callback(BaseHTTPRequestHandler):
    """The page of the application that users are sent back to."""

    def do_GET(self):
        body = b"You may close this window."
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def callback(port):
    """Listens for the redirect, and gives the redirect URI. Port 0 is any."""
    listener = HTTPServer(("127.0.0.1", port), Callback)
    threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}/callback"
    finally:
        listener.shutdown()
        listener.server_close()


def authorize(url, redirect_uri, approves=True):
    """The URL that the user is sent back with, once the listener has answered it."""
    response = Browser().visit(url, approves)
    if response.status_code != 200 or not response.url.startswith(f"{redirect_uri}?"):
        raise AssertionError(f"ends at {response.url}")
    return response.url


def altered(url, name, value):
    """The same URL with another value of one parameter."""
    parts = urlsplit(url)
    pairs = [(key, value if key == name else old) for key, old in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(pairs)).geturl()
