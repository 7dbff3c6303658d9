"""The page over HTTP: assets out, requests in, and who may ask.

Knows HTTP and nothing of formulas.  Whatever is asked for by name stands in a table that was
made when the server started, so no path leads to another file.  A browser is believed only where it
says that the page is its own: the ``Host`` must be this server's, and the ``Origin`` the same.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import select
import signal
import socket
import socketserver
import sys
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.resources.abc import Traversable
from ipaddress import ip_address
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from ..errors import LimitError, RequestError, TensorCalcError
from .workers import Limits, Pool

MOST_BYTES = 64 * 1024   # of a request
API = "/api"

_ADDRESS = re.compile(r"(?:\[(?P<number>[0-9a-f:.]+)\]|(?P<name>[a-z0-9.-]+))(?::(?P<port>[0-9]{1,5}))?")   # of a Host
_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
          ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
                               "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page: what is sent, what it is, and a name for what is in it."""

    content: bytes
    kind: str
    tag: str


def assets() -> dict[str, Asset]:
    """Every file of the page by its path; ``/`` is the page itself."""
    found: dict[str, Asset] = {}

    def collect(folder: Traversable, path: str) -> None:
        for entry in folder.iterdir():
            kind = _TYPES.get(os.path.splitext(entry.name)[1])
            if entry.is_dir():
                collect(entry, f"{path}{entry.name}/")
            elif kind is not None:
                content = entry.read_bytes()
                found[path + entry.name] = Asset(content, kind, f'"{hashlib.sha256(content).hexdigest()[:16]}"')

    collect(files(__package__) / "assets", "/")
    return found | {"/": found["/index.html"]}


class Server(ThreadingHTTPServer):
    """The page at an address, until it is closed.

    Parameters
    ----------
    host, port: where it is served; port 0 is any that is free.
    limits: what one request may take.

    Raises
    ------
    RequestError: TC524 where the address cannot be had.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"   # elsewhere that lets two servers share an address
    request_queue_size = 64

    def __init__(self, host: str, port: int, limits: Limits) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            raise _unavailable(host, port, error) from None
        self.host = host
        self.assets = assets()
        self.pool = Pool(limits)

    def server_bind(self) -> None:
        """Bind, and ask no name server what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def server_close(self) -> None:
        """Give the address and all processes back."""
        super().server_close()
        if hasattr(self, "pool"):
            self.pool.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves early is no news; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """What is typed into a browser."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.server_port}/"

    def knows(self, host: str) -> bool:
        """Whether a ``Host`` header names this server.

        A page elsewhere may give this machine's address to a name of its own, and a browser then believes that
        both are one site; the header tells them apart.
        """
        return is_addressed(host, self.host, self.server_port)


def is_addressed(header: str, host: str, port: int) -> bool:
    """Whether a ``Host`` header names the server at an address; where that is reached from elsewhere, any number may.

    Examples
    --------
    >>> is_addressed("localhost:8765", "127.0.0.1", 8765), is_addressed("example.org:8765", "127.0.0.1", 8765)
    (True, False)
    """
    found = _ADDRESS.fullmatch(header.lower())
    if found is None or int(found["port"] or 80) != port:
        return False
    name = found["number"] or found["name"]
    return name in {host.lower(), "localhost", "127.0.0.1", "::1"} or (not is_loopback(host) and _is_number(name))


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    return host == "localhost" or (_is_number(host) and ip_address(host).is_loopback)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "tensorcalc"
    sys_version = ""
    timeout = 60   # seconds in which a browser must say something
    wbufsize = -1  # a header and what follows go out as one
    disable_nagle_algorithm = True
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        """Send an asset."""
        if self._is_refused():
            return
        path = urlsplit(self.path).path
        asset = self.server.assets.get(path)
        if asset is None:
            allowed = path == API
            self._text(HTTPStatus.METHOD_NOT_ALLOWED if allowed else HTTPStatus.NOT_FOUND, "POST" if allowed else None)
        elif self.headers.get("If-None-Match") == asset.tag:
            self._send(HTTPStatus.NOT_MODIFIED, b"", asset.kind, {"ETag": asset.tag})
        else:
            self._send(HTTPStatus.OK, asset.content, asset.kind, {"ETag": asset.tag})

    def do_POST(self) -> None:
        """Answer a request."""
        if self._is_refused():
            return
        if urlsplit(self.path).path != API:
            known = urlsplit(self.path).path in self.server.assets
            self._text(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND, "GET, HEAD" if known else None)
        elif self.headers.get_content_type() != "application/json":   # which no form of another page can send
            self._text(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        else:
            self._answer()

    def refuse(self) -> None:
        """Say which methods there are."""
        if not self._is_refused():
            self._text(HTTPStatus.METHOD_NOT_ALLOWED, "POST" if urlsplit(self.path).path == API else "GET, HEAD")

    def _answer(self) -> None:
        try:
            request = self._request()
        except TensorCalcError as error:
            body = json.dumps({"ok": False, "error": error.to_dict()}).encode("ascii")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if error.code == "TC435" else HTTPStatus.BAD_REQUEST
            self.close_connection = True
            self._send(status, body, "application/json")
            return
        self._send(HTTPStatus.OK, self.server.pool.ask(request, self._is_gone), "application/json")

    def _request(self) -> Any:
        """The body, read and found to be JSON."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            raise RequestError("TC522", "the length of the request is not given", help="send a Content-Length")
        if len(length) > 12 or int(length) > MOST_BYTES:
            self._drain(int(length[:12]))
            raise LimitError("TC435", f"a request of more than {MOST_BYTES} bytes", help="use the command line")
        try:
            return json.loads(self.rfile.read(int(length)).decode("utf-8"), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise RequestError("TC522", f"the request is not JSON: {str(error)[:100]}",
                               help='send {"do": "derive", "expr": "tr(A X)", "wrt": "X"}') from None

    def _drain(self, length: int) -> None:
        """Read on a while, so that the browser comes to hear the answer."""
        left = min(length, 16 * MOST_BYTES)
        while left > 0 and (read := self.rfile.read(min(left, MOST_BYTES))):
            left -= len(read)

    def _is_refused(self) -> bool:
        """Whether somebody else asks; they are told."""
        origin = self.headers.get("Origin")
        known = len(self.headers.get_all("Host", [])) == 1 and self.server.knows(self.headers["Host"])
        if known and (origin is None or origin == f"http://{self.headers['Host']}"):
            return False
        self.close_connection = True
        self._text(HTTPStatus.FORBIDDEN if known else HTTPStatus.MISDIRECTED_REQUEST)
        return True

    def _is_gone(self) -> bool:
        """Whether the browser has closed the connection, as it does when somebody types on."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _text(self, status: HTTPStatus, allowed: str | None = None) -> None:
        """A status in words; what was sent along is not read."""
        self.close_connection = True
        self._send(status, f"{status.value} {status.phrase}\n".encode(), "text/plain; charset=utf-8",
                   {"Allow": allowed} if allowed else {})

    def _send(self, status: HTTPStatus, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-cache" if headers and "ETag" in headers else "no-store")
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(content)

    def end_headers(self) -> None:
        """What is sent with everything."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what people compute is written nowhere."""


for _method, _answered in {"HEAD": Handler.do_GET,
                           **dict.fromkeys(("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"), Handler.refuse)}.items():
    setattr(Handler, f"do_{_method}", _answered)


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _unavailable(host: str, port: int, error: Exception) -> RequestError:
    """Why there is no page at an address."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return RequestError("TC524", f"something else is served at {host}:{port} already",
                            help=f"open it, or choose another port: tensorcalc serve --port {port + 1}")
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return RequestError("TC524", f"there can be no page at {host}:{port}: {words}",
                        help="tensorcalc serve alone takes 127.0.0.1:8765")


def serve(host: str, port: int, limits: Limits) -> None:
    """Serve the page until somebody stops it, and say where.

    Raises
    ------
    TensorCalcError: TC524 where the address cannot be had, TC433 where no process starts.
    """
    with Server(host, port, limits) as server, contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, _interrupt)
        server.pool.wait()
        _say(f"tensorcalc is at {server.address} (Ctrl-C stops it)")
        if not is_loopback(host):
            _say("Whoever reaches this address may use it: there is no password.")
        server.serve_forever(poll_interval=0.2)
    _say("stopped")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _interrupt(*_: int | FrameType | None) -> None:
    raise KeyboardInterrupt
