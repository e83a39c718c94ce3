"""What `make run` does after installing: the hub, a sample external system, one real call.

Standard library only, so that it reads from top to bottom. It writes `.env` once,
starts httpbin and the hub, sets up an instance with a credential over the REST
API, calls it, prints the result and stays until Ctrl-C.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
SAMPLE_BIN = ROOT / ".venv-sample" / "bin"
HUB_PORT = int(os.environ.get("PORT", "8000"))
SAMPLE_PORT = int(os.environ.get("SAMPLE_PORT", "8800"))
HUB = f"http://127.0.0.1:{HUB_PORT}"
SAMPLE = f"http://127.0.0.1:{SAMPLE_PORT}"
START_SECONDS = 90

Reply = tuple[int, dict]


def say(text: str) -> None:
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


def fail(text: str) -> None:
    sys.exit(f"make run: {text}")


def write_env() -> None:
    """Keys of its own for this clone; an existing `.env` is never touched."""
    path = ROOT / ".env"
    if path.exists():
        return
    lines = [
        "# Made by `make run` for development on this machine. Never commit or copy it.",
        f"SECRET_KEY={secrets.token_urlsafe(48)}",
        f"FERNET_KEYS={secrets.token_urlsafe(48)}",
        f"HUB_PUBLIC_URL=http://localhost:{HUB_PORT}",
        "HUB_OUTBOUND_ALLOW=127.0.0.0/8",
        "HUB_LOG_FORMAT=console",
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
    say("Wrote .env with new keys.")


def need_free_port(port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fail(f"port {port} is taken; choose another: {variable}=18000 make run")


def start(arguments: list[str], log: str) -> subprocess.Popen:
    output = (ROOT / "var" / log).open("ab")
    return subprocess.Popen(  # noqa: S603
        arguments, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )


def manage(*arguments: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603
        [BIN / "python", "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        fail(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def call(method: str, path: str, body: object = None, token: str = "", base: str = HUB) -> Reply:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw or b"{}")
    except ValueError:
        return status, {}


def wait_for(base: str, path: str, child: subprocess.Popen, log: str) -> None:
    """Until `path` answers 200. Ends the run with the log's tail if the child dies."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            break
        try:
            if call("GET", path, base=base)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    tail = (ROOT / "var" / log).read_text(errors="replace")[-3000:]
    fail(f"{base}{path} does not answer; the end of var/{log}:\n{tail}")


def make_admin() -> tuple[str, str]:
    """The development login: user `admin` with a new password at every run."""
    name, password = "admin", secrets.token_urlsafe(9)
    code = (
        "import os; from django.contrib.auth import get_user_model as m; U = m(); "
        "u, _ = U.objects.get_or_create(username=os.environ['HUB_DEV_USER'], "
        "defaults={'is_staff': True, 'is_superuser': True}); "
        "u.set_password(os.environ['HUB_DEV_PASSWORD']); u.save()"
    )
    manage("shell", "--no-imports", "-c", code, HUB_DEV_USER=name, HUB_DEV_PASSWORD=password)
    return name, password


def expect(reply: Reply, *wanted: int) -> dict:
    status, body = reply
    if status not in wanted:
        fail(f"the hub answered {status}:\n{json.dumps(body, indent=2)}")
    return body


def connect(token: str) -> None:
    """An instance of the sample system with a bearer credential, made once."""
    if call("GET", "/api/v1/instances/httpbin", token=token)[0] == 404:
        instance = {
            "definition": "httpbin@^1",
            "slug": "httpbin",
            "name": "httpbin on this machine",
            "config": {"base_url": SAMPLE},
        }
        expect(call("POST", "/api/v1/instances", instance, token), 201)
    patch = {"config": {"base_url": SAMPLE}}
    expect(call("PATCH", "/api/v1/instances/httpbin", patch, token), 200)
    secret = {"type": "bearer", "data": {"token": secrets.token_urlsafe(24)}}
    expect(call("PUT", "/api/v1/instances/httpbin/credentials", secret, token), 200, 201)


def demonstrate() -> None:
    manage("load_definitions", "registry/catalogue", "--publish")
    login = make_admin()
    scopes = [part for scope in ("manage", "credentials", "execute") for part in ("--scope", scope)]
    token = manage("create_token", "make run", *scopes, "--expires", "1d")
    connect(token)
    path = "/api/v1/instances/httpbin/methods/create_anything/execute"
    parameters = {"name": "Ada", "email": "ada@example.com"}
    result = expect(call("POST", path, {"parameters": parameters}, token), 200)
    say("\nOne real call, through the REST API, with a stored credential:")
    print(f"POST {HUB}{path}")
    print(json.dumps(result, indent=2))
    say(f"\nAdmin:  {HUB}/admin/   user {login[0]}   password {login[1]}")
    print(f"API:    {HUB}/api/docs   token {token}")
    print(f"Try:    curl -s {HUB}/api/v1/executions -H 'Authorization: Bearer {token}'")
    print("Logs:   var/hub.log, var/sample.log. Ctrl-C stops everything.", flush=True)


def stop(children: list[subprocess.Popen]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(45)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    (ROOT / "var").mkdir(exist_ok=True)
    write_env()
    need_free_port(HUB_PORT, "PORT")
    need_free_port(SAMPLE_PORT, "SAMPLE_PORT")
    signal.signal(signal.SIGTERM, interrupt)
    children: list[subprocess.Popen] = []
    try:
        bind = f"127.0.0.1:{SAMPLE_PORT}"
        options = ["--bind", bind, "--threads", "8", "--no-control-socket"]
        sample = [str(SAMPLE_BIN / "gunicorn"), *options, "httpbin:app"]
        children.append(start(sample, "sample.log"))
        hub = [str(BIN / "python"), "manage.py", "runhub", "--port", str(HUB_PORT)]
        children.append(start(hub, "hub.log"))
        wait_for(SAMPLE, "/status/200", children[0], "sample.log")
        wait_for(HUB, "/health/readiness", children[1], "hub.log")
        demonstrate()
        children[1].wait()
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        stop(children)


if __name__ == "__main__":
    main()
