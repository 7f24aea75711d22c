"""One line for each thing that a client is asked to do: `client step ok|fail|unsupported detail`."""

import os

SERVER = os.environ["INTEROP_SERVER"]
CALLBACK_PORT = int(os.environ["INTEROP_CALLBACK_PORT"])
API = f"{SERVER}/api/me"
SCOPE = "notes:read notes:write"


class Unsupported(Exception):
    """The client has no such thing."""


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def refused(attempt, judge, what):
    """Waits for the error that `attempt` must end with, and gives it to `judge`."""
    try:
        attempt()
    except Exception as error:
        check(judge(error), f"{what} is refused, but with: {error}")
        return
    raise AssertionError(f"{what} is accepted")


def form_encoded(attempt):
    """Runs what fails if the secret goes into the Basic header as it is, and not as RFC 6749 2.3.1 says."""
    try:
        attempt()
    except Exception as error:
        check(getattr(error, "error", None) != "invalid_client", "does not form-encode the secret for the Basic header")
        raise


def reporter(client):
    """A decorator that runs a step where it stands."""

    def step(name):
        def run(body):
            try:
                outcome, detail = "ok", body()
            except Unsupported as why:
                outcome, detail = "unsupported", why
            except Exception as error:
                outcome, detail = "fail", error or type(error).__name__
            print(" ".join(f"{client} {name} {outcome} {'' if detail is None else detail}".split()), flush=True)

        return run

    def unsupported(name, why):
        def body():
            raise Unsupported(why)

        step(name)(body)

    return step, unsupported
