"""KaTeX typesets every form and every line of every derivation of the table, with nothing to complain about."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tasks import TASKS

from tensorcalc.service import handle

# One process for all: every string is typeset as strictly as KaTeX can; what it refuses comes back with the reason.
RENDER = """
const katex = require("katex");
const refused = [];
for (const text of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  try {
    katex.renderToString(text, { displayMode: true, throwOnError: true, strict: "error", maxExpand: 20000 });
  } catch (error) {
    refused.push([text, error.message]);
  }
}
console.log(JSON.stringify(refused));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which Node finds KaTeX."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed, and KaTeX comes from there")
    here = Path(__file__).parent
    if _ran(["node", "-e", 'require("katex")'], here).returncode == 0:
        return here
    empty = tmp_path_factory.mktemp("katex")
    done = _ran(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(empty), "katex"], empty)
    assert done.returncode == 0, done.stderr
    return empty


def _ran(command: list[str], folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, check=False, timeout=300,
                          encoding="utf-8")


def refused(folder: Path, texts: list[str]) -> list[list[str]]:
    done = _ran(["node", "-e", RENDER], folder, json.dumps(texts))
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def typeset() -> list[str]:
    """All LaTeX of the table, each string once."""
    found: dict[str, None] = {}
    for task in TASKS:
        for notation in ("matrix", "index", "kronecker"):
            answer = handle(task.request(want=["matrix", "index", "kronecker", "latex", "steps"], notation=notation, detail="full"))
            assert answer["ok"], answer
            forms = [text for text in answer["latex"].values() if text is not None]
            found |= dict.fromkeys([*forms, *(step["latex"] for step in answer["steps"])])
    return list(found)


def test_katex_complains_about_what_is_wrong(folder: Path) -> None:
    assert [text for text, _ in refused(folder, ["x", r"\frac{1}", "x^2^3", "é_1", r"\nosuch"])] == \
        [r"\frac{1}", "x^2^3", "é_1", r"\nosuch"]


def test_everything_is_typeset(folder: Path) -> None:
    texts = typeset()
    assert len(texts) > 500
    assert not refused(folder, texts)
