"""KaTeX typesets every form and every line of every derivation of the table, with nothing to complain about."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tasks import TASKS

from tensorcalc.service import handle

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed, and KaTeX runs in it")

KATEX = Path(__file__).parent.parent / "tensorcalc" / "page" / "assets" / "katex" / "katex.min.js"

# One process for all: every string is typeset as strictly as KaTeX can; what it refuses comes back with the reason.
RENDER = """
const katex = require(process.argv[1]);
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


def refused(texts: list[str]) -> list[list[str]]:
    done = subprocess.run(["node", "-e", RENDER, str(KATEX)], input=json.dumps(texts), text=True, capture_output=True, check=False,
                          timeout=300, encoding="utf-8")
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


def test_katex_complains_about_what_is_wrong() -> None:
    assert [text for text, _ in refused(["x", r"\frac{1}", "x^2^3", "é_1", r"\nosuch"])] == \
        [r"\frac{1}", "x^2^3", "é_1", r"\nosuch"]


def test_everything_is_typeset() -> None:
    texts = typeset()
    assert len(texts) > 500
    assert not refused(texts)
