"""Servers of the page, and a browser that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
PATIENT = int(os.environ.get("TENSORCALC_PATIENCE", "300"))   # seconds for an answer, so that a slow machine cuts nothing off


class Served:
    """A server in a process of its own, as people start it."""

    def __init__(self, *options: str) -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)   # jobs in the background have it ignored
        try:
            self.process = subprocess.Popen([sys.executable, "-m", "tensorcalc", "serve", "--port", "0", *options], text=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                                            env={**os.environ, "PYTHONPATH": str(ROOT)})
        finally:
            signal.signal(signal.SIGINT, before)
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()
        assert self.greeting.startswith("tensorcalc is at http://127.0.0.1:"), self.greeting
        self.address = self.greeting.split()[3]
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENT)

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[HTTPResponse, bytes]:
        """One request as HTTP, exactly as it is given."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENT)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request as the page makes it."""
        response, body = self.send("POST", "/api", json.dumps(request).encode(), {"Content-Type": "application/json"})
        assert response.status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A server that waits for answers however slow the machine is."""
    server = Served("--limit", str(PATIENT))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server that cuts answers off after a few seconds."""
    server = Served("--limit", "3", "--processes", "1")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """A browser without a window; missing is an error where the environment demands one."""
    browser, control = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or control is None:
        missing = "chromium and chromium-driver are not installed"
        if os.environ.get("TENSORCALC_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
                     *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(control))
    found.set_script_timeout(PATIENT)
    yield found
    found.quit()
