#!/usr/bin/env python3
"""Lets schemathesis try the API of a running gateway: make test-api

Starts `wagate up` on free ports and throw-away data, makes one of each resource, so that generated requests find
something, and has requests made of the OpenAPI document, well-formed and not. What fails is an answer of the kind 5xx,
or one that the document does not have.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
# these answer with a stream that has no end
ENDLESS = ["live", "live_stream"]
LIMITS = ["KEY_PER_SECOND", "WORKSPACE_PER_SECOND", "ADDRESS_PER_MINUTE"]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# an id of one resource is asked for under these paths
PATHS = {
    "session": r"^/api/v1/(sessions|chats)/\{",
    "message": r"^/api/v1/messages/\{",
    "media": r"^/api/v1/media/\{",
    "webhook": r"^/api/v1/webhooks/\{",
    "key": r"^/api/v1/keys/\{",
}


def start(program, data):
    """Starts the gateway; it, its address and its first key."""
    # requests come as fast as they are made: a limit would answer most of them
    limits = {f"WAGATE_LIMITS__{name}": "0" for name in LIMITS}
    environment = {**os.environ, **limits, "WAGATE_DATA_DIR": data}
    log = Path(data, "log").open("w+")
    gateway = subprocess.Popen([program, "up", "--free-ports"], stdout=log, stderr=log, env=environment)
    for _ in range(600):
        said = Path(data, "log").read_text()
        address = re.search(r"API +(http://\S+)", said)
        if address:
            return gateway, address.group(1), Path(data, "first-api-key").read_text().strip()
        if gateway.poll() is not None:
            sys.exit(f"the gateway did not start:\n{said}")
        time.sleep(0.1)
    sys.exit("the gateway did not start within a minute")


def stop(gateway):
    gateway.send_signal(signal.SIGTERM)
    try:
        gateway.wait(60)
    except subprocess.TimeoutExpired:
        gateway.kill()
        sys.exit("the gateway did not stop")


def post(url, key, path, body):
    request = urllib.request.Request(
        f"{url}/api/v1/{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def resources(url, key):
    session = post(url, key, "sessions", {"name": "schema", "start": False})
    text = {"to": "6281234567890", "type": "text", "text": {"body": "hello"}}
    return {
        "session": session,
        "message": post(url, key, f"sessions/{session}/messages", text),
        "media": post(url, key, "media/uploads", {"mimetype": "image/png"}),
        "webhook": post(url, key, "webhooks", {"url": "https://example.com/hook", "enabled": False}),
        "key": post(url, key, "keys", {"name": "schema"}),
    }


def settings(ids):
    """schemathesis.toml: which ids are there."""
    lines = []
    for name, path in PATHS.items():
        parameter = {"path.id": ids[name]}
        if name == "session":
            parameter["path.session"] = ids[name]
        values = ", ".join(f'"{field}" = "{value}"' for field, value in parameter.items())
        lines.append(f"[[operations]]\ninclude-path-regex = '{path}'\nparameters = {{ {values} }}\n")
    return "\n".join(lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--program", default="target/debug/wagate")
    arguments.add_argument("--seconds", type=int, default=120, help="bound on the whole run")
    arguments.add_argument("--examples", type=int, default=15, help="generated requests of an operation")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    environment = {**os.environ, "PYTHONPATH": str(HERE / "python_modules")}
    with tempfile.TemporaryDirectory() as data:
        gateway, url, key = start(given.program, data)
        try:
            Path(data, "schemathesis.toml").write_text(settings(resources(url, key)))
            command = [
                sys.executable, "-m", "schemathesis.cli", "--config-file", f"{data}/schemathesis.toml", "run",
                f"{url}/api/openapi.json",
                "--header", f"Authorization: Bearer {key}",
                "--checks", ",".join(CHECKS),
                "--phases", "examples,coverage,fuzzing",
                "--max-time", str(given.seconds),
                "--max-examples", str(given.examples),
                "--seed", str(given.seed),
                "--request-timeout", "60",
                "--continue-on-failure",
                "--warnings", "off",
            ]
            for operation in ENDLESS:
                command += ["--exclude-operation-id", operation]
            return subprocess.run(command, env=environment, cwd=data).returncode
        finally:
            stop(gateway)


if __name__ == "__main__":
    sys.exit(main())
