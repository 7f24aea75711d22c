"""Sums up what `run` did: every answer that is described must have been seen, and nothing else may have been.

    totals.py DESCRIPTION SEEN REPORT...
"""

import json
import sys
from pathlib import Path

# What no request of a fuzzer to a healthy server brings about: forms of over 16 KiB, a limiter, a broken storage.
OUT_OF_REACH = {"413", "429", "503"}
# A method that is not described belongs to no operation.
ELSEWHERE = {"405"}
DEPTHS = {
    "authorize 303 code",
    "authorize 303 error",
    "authorize_by_form 303 code",
    "authorize_by_form 303 error",
    "decide 303 code",
    "decide 303 error",
    "introspect 200 active",
    "token 200 refresh_token",
}


def main(description, seen, *reports):
    operations = [
        operation
        for path in json.loads(Path(description).read_text())["paths"].values()
        for operation in path.values()
    ]
    described = {
        f"{operation['operationId']} {status}"
        for operation in operations
        for status in operation["responses"]
        if status not in OUT_OF_REACH | ELSEWHERE
    }
    reached = set(Path(seen).read_text().splitlines()) if Path(seen).exists() else set()
    missing = sorted((described | DEPTHS) - reached)
    for answer in missing:
        print(f"described, but never seen: {answer}")

    passed, failed = len(described | DEPTHS) - len(missing), len(missing)
    for report in map(Path, reports):
        if not report.exists():
            print(f"{report.stem}: nothing was run")
            failed += 1
            continue
        said = json.loads(report.read_text())
        cases = said["test_cases"]
        bad = cases["with_failures"] + cases["errored"] + len(said["errors"])
        if said["exit_code"] != 0 or not said["complete"]:
            bad = max(bad, 1)
        print(f"{report.stem}: {cases['generated']} requests, {bad} bad, {said['running_time']:.0f} s")
        passed += cases["generated"] - bad
        failed += bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
