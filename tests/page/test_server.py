"""The page as HTTP: what it sends, and whom it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest
from page.conftest import PATIENT, Served

import tensorcalc.page
from tensorcalc.cli import main
from tensorcalc.errors import RequestError
from tensorcalc.page.server import MOST_BYTES, Server, assets, is_addressed, is_loopback
from tensorcalc.page.workers import Limits

ASSETS = Path(tensorcalc.page.__file__).parent / "assets"
JSON = {"Content-Type": "application/json"}
DERIVE = {"do": "derive", "expr": "tr(A X B)", "wrt": "X"}


def test_the_page_and_all_that_it_needs_are_sent(served: Served) -> None:
    for path, asset in assets().items():
        response, body = served.send("GET", path)
        assert (response.status, response.headers["Content-Type"], body) == (200, asset.kind, asset.content)


def test_an_answer(served: Served) -> None:
    answer = served.ask(**DERIVE)
    assert (answer["ok"], answer["matrix"]) == (True, "A' B'")


def test_errors_of_formulas_are_answers(served: Served) -> None:
    error = served.ask(do="derive", expr="tr(A X", wrt="X")["error"]
    assert (error["code"], error["spans"]) == ("TC006", [[2, 3], [6, 6]])


@pytest.mark.parametrize("path", ["/", "/api", "/nothing"])
def test_everything_comes_with_its_policy(served: Served, path: str) -> None:
    headers = served.send("GET", path)[0].headers
    assert headers["Content-Security-Policy"] == ("default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
                                                  "form-action 'none'; frame-ancestors 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["example.org", "example.org:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.2:{port}", "", "[::1",
                                  "127.0.0.1.example.org:{port}", "user@127.0.0.1:{port}", "127.0.0.1:{port}/x", "10.0.0.1:{port}"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_another_host_is_refused(served: Served, method: str, host: str) -> None:
    headers = {**JSON, "Host": host.format(port=served.port)}
    response, body = served.send(method, "/api" if method == "POST" else "/", json.dumps(DERIVE).encode(), headers)
    assert response.status == 421
    assert b"A'" not in body and b"html" not in body


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_this_machine_is_not(served: Served, host: str) -> None:
    assert served.send("GET", "/", headers={"Host": host.format(port=served.port)})[0].status == 200


def test_two_hosts_are_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENT) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nHost: example.org\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
def test_another_site_is_refused(served: Served, origin: str) -> None:
    headers = {**JSON, "Origin": origin.format(port=served.port)}
    assert served.send("POST", "/api", json.dumps(DERIVE).encode(), headers)[0].status == 403


def test_its_own_site_is_not(served: Served) -> None:
    headers = {**JSON, "Origin": f"http://127.0.0.1:{served.port}"}
    assert served.send("POST", "/api", json.dumps(DERIVE).encode(), headers)[0].status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_of_another_site_could_send_is_refused(served: Served, kind: str) -> None:
    assert served.send("POST", "/api", json.dumps(DERIVE).encode(), {"Content-Type": kind} if kind else {})[0].status == 415


@pytest.mark.parametrize("path", ["/../server.py", "/%2e%2e/server.py", "/katex/../../server.py", "//etc/passwd", "/etc/passwd", "/server.py",
                                  "/app", "/app/", "/index.html/", "/katex/README.md", "/\\..\\server.py", "/index.html%00", "*"])
def test_no_path_leads_to_another_file(served: Served, path: str) -> None:
    response, body = served.send("GET", path)
    assert (response.status, body) == (404, b"404 Not Found\n")


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("PUT", "/", "GET, HEAD"), ("DELETE", "/index.html", "GET, HEAD"), ("PATCH", "/api", "POST"), ("OPTIONS", "/api", "POST"),
    ("TRACE", "/", "GET, HEAD"), ("GET", "/api", "POST"), ("HEAD", "/api", "POST"), ("POST", "/", "GET, HEAD")])
def test_other_methods_are_refused(served: Served, method: str, path: str, allowed: str) -> None:
    response, _ = served.send(method, path)
    assert (response.status, response.headers["Allow"]) == (405, allowed)


def test_a_head_has_no_body(served: Served) -> None:
    response, body = served.send("HEAD", "/")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len((ASSETS / "index.html").read_bytes())


def test_what_a_browser_has_is_not_sent_again(served: Served) -> None:
    tag = served.send("GET", "/")[0].headers["ETag"]
    response, body = served.send("GET", "/", headers={"If-None-Match": tag})
    assert (response.status, body) == (304, b"")


@pytest.mark.parametrize(("length", "status"), [(MOST_BYTES, 200), (MOST_BYTES + 1, 413), (20 * MOST_BYTES, 413)])
def test_requests_have_a_longest(served: Served, length: int, status: int) -> None:
    text = json.dumps(DERIVE)
    response, body = served.send("POST", "/api", (text + " " * (length - len(text))).encode(), JSON)
    assert response.status == status
    answer = json.loads(body)
    assert answer["ok"] is (status == 200)
    if status != 200:
        assert (answer["error"]["code"], answer["error"]["message"]) == ("TC435", "a request of more than 65536 bytes")


def test_a_length_that_is_a_lie_is_refused_at_once(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENT)
    connection.putrequest("POST", "/api")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "-1")
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["error"]["code"]) == (400, "TC522")
    connection.close()


@pytest.mark.parametrize(("body", "message"), [
    (b"{", "the request is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    (b"", "the request is not JSON: Expecting value: line 1 column 1 (char 0)"),
    (b'{"do": NaN}', "the request is not JSON: NaN is no number"),
    (b"\xff", "the request is not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    (b"[" * 60000, "the request is not JSON: "),   # the rest is Python's, and changes
])
def test_what_is_no_json_is_told_so(served: Served, body: bytes, message: str) -> None:
    response, answer = served.send("POST", "/api", body, JSON)
    error = json.loads(answer)["error"]
    assert (response.status, error["code"]) == (400, "TC522")
    assert error["message"] == message or (message.endswith(": ") and error["message"].startswith(message))


@pytest.mark.parametrize("request_", ["[]", "1", "null", '"text"', "{}", '{"do": "explode"}', '{"do": "derive", "expr": "\\ud800", "wrt": "X"}'])
def test_any_json_has_an_answer(served: Served, request_: str) -> None:
    response, answer = served.send("POST", "/api", request_.encode(), JSON)
    assert (response.status, json.loads(answer)["ok"]) == (200, False)


def test_many_requests_on_one_connection(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENT)
    for _ in range(3):
        connection.request("POST", "/api", json.dumps(DERIVE), JSON)
        assert json.loads(connection.getresponse().read())["matrix"] == "A' B'"
    connection.close()


# -- starting and stopping ---------------------------------------------------------------


def test_ctrl_c_stops_it() -> None:
    server = Served("--processes", "1")
    assert server.greeting == f"tensorcalc is at http://127.0.0.1:{server.port}/ (Ctrl-C stops it)\n"
    server.process.send_signal(signal.SIGINT)
    out, _ = server.process.communicate(timeout=PATIENT)
    assert (server.process.returncode, out) == (0, "stopped\n")


def test_an_address_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert capsys.readouterr().err == (f"RequestError TC524: something else is served at 127.0.0.1:{port} already\n"
                                       f"  help: open it, or choose another port: tensorcalc serve --port {port + 1}\n")


@pytest.mark.parametrize(("words", "message"), [
    (["--port", "99999"], "RequestError TC521: --port is a whole number from 0 to 65535, not 99999\n"),
    (["--limit", "0"], "RequestError TC521: --limit is a whole number from 1 to 3600, not 0\n"),
    (["--memory", "1"], "RequestError TC521: --memory is a whole number from 256 to 1048576, not 1\n"),
    (["--processes", "-1"], "RequestError TC521: --processes is a whole number from 1 to 64, not -1\n"),
    (["tr(X)"], "RequestError TC520: serve takes no words; formulas are typed into the page\n  help: tensorcalc serve\n"),
])
def test_options_are_checked(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert main(["serve", *words]) == 2
    assert capsys.readouterr().err == message


def test_an_address_that_is_no_address() -> None:
    with pytest.raises(RequestError, match=r"there can be no page at 192\.0\.2\.1:0: "):
        Server("192.0.2.1", 0, Limits())


@pytest.mark.parametrize(("header", "host", "known"), [
    ("192.168.1.20:8765", "0.0.0.0", True), ("[fe80::1]:8765", "::", True), ("example.org:8765", "0.0.0.0", False), ("box:8765", "box", True),
    ("BOX:8765", "Box", True), ("192.168.1.20", "0.0.0.0", False), ("192.168.1.20:8765", "127.0.0.1", False), ("box:8765", "127.0.0.1", False),
    ("localhost", "127.0.0.1", False), ("127.0.0.1:8765?", "127.0.0.1", False), ("127.0.0.1:8765#", "127.0.0.1", False)])
def test_names_of_a_server(header: str, host: str, known: bool) -> None:
    assert is_addressed(header, host, 8765) is known


def test_a_name_without_a_port_is_that_of_port_80() -> None:
    assert is_addressed("localhost", "127.0.0.1", 80)


@pytest.mark.parametrize(("host", "alone"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.8.9.1", True), ("0.0.0.0", False),
                                             ("192.168.1.2", False), ("::", False), ("example.org", False)])
def test_what_is_reached_from_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


# -- what is sent ------------------------------------------------------------------------

OWN = [path for path in sorted(ASSETS.rglob("*")) if path.suffix in {".js", ".css", ".html", ".svg"} and "katex" not in path.parts]


def test_every_link_of_the_page_leads_to_an_asset() -> None:
    known = set(assets())
    page = (ASSETS / "index.html").read_text(encoding="utf-8")
    assert {f"/{link}" for link in re.findall(r'(?:href|src)="([^"#]+)"', page)} <= known
    for path in (ASSETS / "app").glob("*.js"):
        assert {f"/app/{name}" for name in re.findall(r'from "\./([\w.]+)"', path.read_text(encoding="utf-8"))} <= known
    styles = (ASSETS / "katex" / "katex.min.css").read_text(encoding="utf-8")
    fonts = set(re.findall(r"url\(([^)]+)\)", styles))
    assert len(fonts) > 10 and {f"/katex/{font}" for font in fonts} <= known


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_text_never_becomes_markup_and_nothing_comes_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "eval(", "new Function",
                 "http:", "https:", " style=", "onclick="):
        assert word not in source, word


def test_the_licence_of_katex_comes_along() -> None:
    assert "The MIT License (MIT)" in (ASSETS / "katex" / "LICENSE").read_text(encoding="utf-8")
    version = re.search(r'version:"([\d.]+)"|"(\d+\.\d+\.\d+)"', (ASSETS / "katex" / "katex.min.js").read_text(encoding="utf-8"))
    assert version and f"KaTeX {version[1] or version[2]}," in (ASSETS / "katex" / "README.md").read_text(encoding="utf-8")
