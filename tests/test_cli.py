"""The command line: exact text of what it prints, for answers and for errors."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from shlex import split
from typing import Any

import pytest

import tensorcalc
from tensorcalc import cli
from tensorcalc.calculus.rules.sets import ALL
from tensorcalc.catalogue import rules
from tensorcalc.cli import COMMANDS, formulas, main, show
from tensorcalc.cli.command import plain
from tensorcalc.cli.options import arguments, size
from tensorcalc.codes import CODES, KINDS
from tensorcalc.errors import TensorCalcError
from tensorcalc.notation.lower.matrix import FUNCTION_NAMES
from tensorcalc.proofs.proof import STATEMENTS
from tensorcalc.spelling import closest

ROOT = Path(__file__).parent.parent


def run(capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, str, str]:
    status = main(split(command))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def process(*words: str, given: bytes | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("environment", {})}
    return subprocess.run([sys.executable, "-m", "tensorcalc", *words], input=given, env=environment, check=False,
                          capture_output=True, timeout=60, **options)


# -- answers -----------------------------------------------------------------------------

ANSWERS = {
    'derive "C_ij = X_ik Y_kj" --wrt X': """\
∂C/∂X for X (m x n), Y (n x p): m x p x m x n
  index       D_ijpq = delta_ip Y_qj
  kronecker   Y' ⊗ eye(m)
  einsum      einsum('ik,lj->ijkl', eye(m), Y)
  convention  D_ijpq = ∂C_ij/∂X_pq · numerator layout · vec stacks columns
""",
    'derive "C_ij = X_ik Y_kj" --wrt X --layout denominator --form kronecker': """\
∂C/∂X for X (m x n), Y (n x p): m x p x m x n
  kronecker   Y ⊗ eye(m)
  convention  D_ijpq = ∂C_ij/∂X_pq · denominator layout · vec stacks columns
""",
    'derive "C_ij = X_ik Y_kj" --wrt X --vec C --form kronecker --form index': """\
∂C/∂X for X (m x n), Y (n x p): m x p x m x n
  index       D_ijpq = delta_ip Y_qj
  kronecker   eye(m) ⊗ Y'
  convention  D_ijpq = ∂C_ij/∂X_pq · numerator layout · vec stacks rows
""",
    'derive "tr(A X B)" --wrt X --var A=3,n --var "X = n, n*m"': """\
∂f/∂X for A (3 x n), B (n*m x 3), X (n x n*m): n x n*m
  matrix      A' B'
  index       D_{i(jk)} = A_li B_{(jk)l}
  convention  D_{i(jk)} = ∂f/∂X_{i(jk)} · numerator layout · vec stacks columns
""",
    'derive "-x\' x" --wrt x --form matrix': """\
∂f/∂x for x (m): m
  matrix      -2 x
  convention  D_i = ∂f/∂x_i · numerator layout · vec stacks columns
""",
    'derive "x\' S x" --wrt x --assume S=symmetric --latex --form matrix': """\
∂f/∂x for S (m x m, symmetric), x (m): m
  matrix        2 S x
  latex matrix  2 \\, S \\, x
  convention    D_i = ∂f/∂x_i · numerator layout · vec stacks columns
""",
    'derive "x\' S x" --wrt x --assume S=symmetric --code numpy --form matrix': """\
# ∂f/∂x for S (m x m, symmetric), x (m): m
#   matrix      2 S x
#   convention  D_i = ∂f/∂x_i · numerator layout · vec stacks columns

import numpy as np


def derivative(*, S, x, **_):
    S = np.asarray(S, dtype=float)
    x = np.asarray(x, dtype=float)
    return 2 * (S @ x)
""",
    'derive "norm2(A x - b)^2" --wrt x --order 2 --var b=m --form matrix': """\
∂²f/∂x∂x for A (m x n), b (m), x (n): n x n
  matrix      2 A' A
  convention  H_ip = ∂²f/∂x_i∂x_p · numerator layout · vec stacks columns
""",
    'derive "u\' A v" --wrt u,v --form matrix': """\
∂²f/∂u∂v for A (m x n), u (m), v (n): m x n
  matrix      A
  convention  H_ip = ∂²f/∂u_i∂v_p · numerator layout · vec stacks columns
""",
    'derive "u\' A v" --wrt u --wrt v --form matrix': """\
∂²f/∂u∂v for A (m x n), u (m), v (n): m x n
  matrix      A
  convention  H_ip = ∂²f/∂u_i∂v_p · numerator layout · vec stacks columns
""",
    'derive "tr(A X)" --wrt X --assume X=symmetric --reading structured --form matrix': """\
∂f/∂X for A (m x m), X (m x m, symmetric): m x m
  matrix      A + A' - A .* eye(m)
  convention  D_ij = ∂f/∂X_ij · numerator layout · vec stacks columns · structured derivative
""",
    'derive "X" --wrt X --form matrix': """\
∂U/∂X for X (m x n): m x n x m x n
  matrix      there is no such form
  convention  D_ijpq = ∂U_ij/∂X_pq · numerator layout · vec stacks columns
""",
    'derive "A_ij x_j" --wrt x --form matrix': """\
∂U/∂x for A (m x n), x (n): m x n
  matrix      A
  note        free indices in alphabetical order: i
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
""",
    'derive "f(A x)" --wrt x --function f=elementwise --form index': """\
∂U/∂x for A (m x n), x (n): m x n
  index       D_ip = A_ip f'(A*x)_i
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
""",
    'evaluate "A x" "A=[[1,2],[3,4.5]]" "x=[1,1]"': "[3, 7.5]\n",
    'evaluate "A A\'" "A=[[1,2],[3,4.5]]"': "[[    5,    12],\n [   12, 29.25]]\n",
    'evaluate "tr(A)" "A=[[1,2],[3,4]]"': "5\n",
    'evaluate "einsum(\'ij,k->ijk\', A, x)" "A=[[1,2],[3,4]]" "x=[1,10]"':
        "[[[ 1, 10],\n  [ 2, 20]],\n [[ 3, 30],\n  [ 4, 40]]]\n",
    'evaluate "log(x)" "x=[0,1,-1]"': "[-inf, 0, nan]\n",
    'evaluate "diag(-log(x))" "x=[0,1]"': "[[inf,   0],\n [  0,   0]]\n",
    'evaluate "log(x)" "x=[0,1]" --json': '{"ok": true, "value": ["-Infinity", 0.0], "shape": ["m"]}\n',
    'evaluate "n tr(eye(n))" n=3': "9\n",
    'derive "sum(x)/n" --wrt x --var x=n --form matrix': """\
∂f/∂x for x (n): n
  matrix      ones(n)/n
  convention  D_i = ∂f/∂x_i · numerator layout · vec stacks columns
""",
    'evaluate "A x" "A=[1,2; 3,4.5]" "x=[1; 1]"': "[3, 7.5]\n",
    'evaluate "jacobian(A X, X)" "A=[[1,2]]" "X=[[1,0],[0,1]]"': "[[1, 2, 0, 0],\n [0, 0, 1, 2]]\n",
    'derive "v .* (A v)" --wrt v --contract "c = D_ii" --form index': """\
c = D_ii for A (m x m), v (m): a number
  index       c = A_kl v_l + A_kk v_k
  convention  c = D_ii · D_ip = ∂U_i/∂v_p · numerator layout · vec stacks columns
""",
    'evaluate "tr(A)" "A=[[1,2],[3,4]]" --json': '{"ok": true, "value": 5.0, "shape": []}\n',
    'verify "tr(A B) = tr(B A)"': """\
proved
  step        tr(A B)    (normal-form: both sides are one expression)
  evidence    15 random points agreed in double precision; largest relative gap 0.0e+00
""",
    'verify "vec(A X B) == kron(B\', A) vec(X)" --indices': """\
proved
  left        D_{(ij)} = A_jk B_li X_kl
  right       D_{(ij)} = A_jk B_li X_kl
  step        vec(A X B)    (normal-form: both sides are one expression)
  evidence    15 random points agreed in double precision; largest relative gap 0.0e+00
""",
    'verify "A + B == tr(A)"': """\
refuted
  diagnosis   shapes differ: the left side is m x m and the right side is a number
""",
    'verify "tr(AB) == tr(BA)"': """\
refuted
  diagnosis   the sides differ: 1 and 2
  where       AB = [[3, 1], [-1, -2]]
              BA = [[1, -2], [1, 1]]
  note        AB is one name; a product is A B
              BA is one name; a product is B A
""",
    'derive "x\'Ax" --wrt x --form matrix': """\
∂U/∂x for Ax (m x n), x (m): n x m
  matrix      Ax'
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
  note        Ax is one name; a product is A x
""",
    'derive "tr(Xbeta) + norm1(beta)" --wrt beta --form matrix': """\
∂f/∂beta for Xbeta (m x m), beta (a number): a number
  matrix      sign(beta)
  convention  D = ∂f/∂beta · numerator layout · vec stacks columns
  note        Xbeta is one name; a product is X beta
""",
    'derive "mu/2 tr(X) - lambda sum(X)" --wrt X --form index': """\
∂U/∂X for X (m x m), lambda (n), mu (n): n x m x m
  index       D_ipq = 0.5 delta_pq mu_i - lambda_i
  convention  D_ipq = ∂U_i/∂X_pq · numerator layout · vec stacks columns
  note        lambda and mu are vectors by the first letter; for a number: --var lambda= --var mu=
""",
    r"derive '(x-\mu)^\top \Sigma (x-\mu)' --wrt Sigma --var mu=m --form matrix": """\
∂f/∂Σ for mu (m), x (m), Σ (m x m): m x m
  matrix      (x - mu) (x - mu)'
  convention  D_ij = ∂f/∂Σ_ij · numerator layout · vec stacks columns
""",
    'derive "k norm2(x)^2" --wrt x --form matrix': """\
∂U/∂x for k (m), x (n): m x n
  matrix      2 k x'
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
  note        k is a vector by the first letter; for a number: --var k=
""",
    'derive "Σ = A x; s = Σ_i y_i; s" --wrt x --form matrix': """\
∂f/∂x for A (m x n), x (n), y (m): n
  matrix      A' y
  convention  D_i = ∂f/∂x_i · numerator layout · vec stacks columns
""",
    """derive "einsum('i,ij->j', x, A)" --wrt x --form matrix""": """\
∂U/∂x for A (m x n), x (m): n x m
  matrix      A'
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
""",
    r"derive '\operatorname{tr}(AXB)' --wrt X --form matrix": """\
∂f/∂X for A (m x n), B (p x m), X (n x p): n x p
  matrix      A' B'
  convention  D_ij = ∂f/∂X_ij · numerator layout · vec stacks columns
""",
    'check "x\'A x" --wrt x --claim 2Ax': """\
wrong-shape
  says        the claim is n x p, and the derivative a vector of size m
  correct     (A + A') x
  note        Ax is one name; a product is A x
""",
    'check "tr(A X)" --wrt X --claim A': """\
transposed
  says        the claim is the transpose of the derivative
  correct     A'
""",
    'check "tr(A X)" --wrt X --claim "A\'"': "correct\n  correct     A'\n",
    "explain TC103": """\
TC103  ShapeError: sizes or orders that must agree and do not.
  An index runs over axes of two sizes.

  $ tensorcalc derive 'C_ij = X_ik Y_kj' --wrt X --var X=3,4 --var Y=5,6
  ShapeError TC103: index k has two sizes
    C_ij = X_ik Y_kj
           ^~~~ ^~~~
    k is 4 in X_ik (X is 3 x 4) and 5 in Y_kj (Y is 5 x 6)
    help: transpose one of them, or declare sizes that agree
""",
    "explain tc070 TC115": """\
TC070  FormulaError: the text cannot be read.
  A function stands without its argument.

  $ tensorcalc derive 'tr X' --wrt X
  FormulaError TC070: tr is a function
    tr X
    ^~
    help: write tr(…)
TC115  ShapeError: sizes or orders that must agree and do not.
  Two tensors with variables of one name and two shapes meet.
""",
    'derive "W = 1/2 λ (ε_kk)^2 + μ ε_ij ε_ij" --wrt ε --var ε=3,3 --form matrix': """\
∂W/∂ε for ε (3 x 3), λ (a number), μ (a number): 3 x 3
  matrix      2 μ ε + λ tr(ε) eye(3)
  convention  D_ij = ∂W/∂ε_ij · numerator layout · vec stacks columns
""",
    'derive "δ_ij = H_ij + H_ji; δ_ij δ_ij" --wrt H --form matrix': """\
∂f/∂H for H (m x m): m x m
  matrix      4 (H + H')
  convention  D_ij = ∂f/∂H_ij · numerator layout · vec stacks columns
""",
    'derive "ln x" --wrt x --var ln= --form matrix': """\
∂U/∂x for ln (a number), x (m): m x m
  matrix      ln eye(m)
  convention  D_ip = ∂U_i/∂x_p · numerator layout · vec stacks columns
""",
    """verify "duplication(n)' duplication(n) == eye(n*(n+1)/2)\"""": """\
refuted
  diagnosis   the sides differ at entry [2, 2]: 2 and 1
  where       n = 2
""",
    "functions inv tanh": """\
inv(X)
  shapes      (n,n)->(n,n)
  means       inverse, also X^-1
  derivative  ∂y_ij/∂x_kl = -y_ik y_lj
  domain      invertible
  reference   MC 59
tanh(X)
  shapes      ()->()
  means       hyperbolic tangent, entry by entry
  derivative  ∂y/∂x = 1 - y^2
""",
    "functions tr --json": '{"ok": true, "rows": [{"name": "tr", "written": "tr(X)", "shapes": "(n,n)->()", "meaning": "trace", '
                           '"derivative": "∂f/∂X_ij = delta_ij", "domain": "", "reference": ""}]}\n',
    "rules Sylvester": """\
det.clear      det(eye(n) + inv(A) B) = det(A)^-1 det(A + B)          MC 24, Sylvester's identity
det.lemma      det(A + u v') = (1 + v' inv(A) u) det(A)               MC 24, Sylvester's identity
inverse.trace  tr(inv(eye(n) + A*B)) = n - m + tr(inv(eye(m) + B*A))  Sylvester's identity
""",
    "explain TC504 --json": '{"ok": true, "rows": [{"code": "TC504", "class": "RequestError", '
                            '"sentence": "A request nests too deeply.", "example": ""}]}\n',
    'code "A x" --assume A=symmetric': """\
# A x for A (m x m, symmetric), x (m): m

import numpy as np


def value(*, A, x, **_):
    A = np.asarray(A, dtype=float)
    x = np.asarray(x, dtype=float)
    return A @ x
""",
    'code "diff(x\' A x, x)" --json': '{"ok": true, "shape": ["m"], "vars": {"A": ["m", "m"], "x": ["m"]}, "code": {"numpy": '
                                      '"import numpy as np\\n\\n\\ndef value(*, A, x, **_):\\n    A = np.asarray(A, dtype=float)\\n    '
                                      'x = np.asarray(x, dtype=float)\\n    return A @ x + A.T @ x\\n"}}\n',
    'code "tr(A X)" --wrt X': """\
# ∂f/∂X for A (m x n), X (n x m): n x m
#   matrix      A'
#   convention  D_ij = ∂f/∂X_ij · numerator layout · vec stacks columns

import numpy as np


def derivative(*, A, **_):
    A = np.asarray(A, dtype=float)
    return A.T
""",
    "--version": f"tensorcalc {tensorcalc.__version__}\n",
    "batch --help": """\
tensorcalc batch < requests > answers

  Answer JSON requests, one a line.

  $ echo '{"do": "derive", "expr": "tr(A X)", "wrt": "X"}' | tensorcalc batch
""",
}


STATUS = {
    'verify "A + B == tr(A)"': 1,
    """verify "duplication(n)' duplication(n) == eye(n*(n+1)/2)\"""": 1,
    'check "tr(A X)" --wrt X --claim A': 1,
    'verify "tr(AB) == tr(BA)"': 1,
    'check "x\'A x" --wrt x --claim 2Ax': 1,
}
"""Exit codes that are not 0."""


@pytest.mark.parametrize("command", ANSWERS)
def test_answers(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(capsys, command) == (STATUS.get(command, 0), ANSWERS[command], "")


def test_shared_parts_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    formula = "sum(softplus(-y .* (X w)))"
    _, out, _ = run(capsys, f'derive "{formula}" --wrt w --order 2 --form matrix')
    answer = tensorcalc.handle({"do": "derive", "expr": formula, "wrt": "w", "order": 2})
    lines = out.splitlines()
    assert answer["where"]
    for name, text in answer["where"].items():
        assert any(line.endswith(f" {name} = {text}") for line in lines)
    assert sum(line.startswith("  where ") for line in lines) == 1


def test_steps(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, 'derive "tr(A X B)" --wrt X --steps --form matrix')
    assert status == 0
    assert "  step        df = tr(A dX B)" in out
    assert out.splitlines()[-1].startswith("  convention  ")


def test_json_is_what_the_service_answers(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, 'derive "tr(A X B)" --wrt X --json')
    request = {"do": "derive", "expr": "tr(A X B)", "wrt": ["X"], "want": ["matrix", "index", "kronecker", "einsum"]}
    assert (status, err) == (0, "")
    assert out.endswith("\n")
    assert json.loads(out) == tensorcalc.handle(request)


def test_an_error_as_json_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, 'derive "tr(A X" --wrt X --json')
    assert (status, err) == (2, "")
    assert json.loads(out)["error"]["code"] == "TC006"


def test_wide_results_are_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    formula = " + ".join(f"tr(A{k} X B{k})" for k in range(30))
    _, out, _ = run(capsys, f'derive "{formula}" --wrt X --form matrix')
    assert len(out.splitlines()) == 3
    assert len(out.splitlines()[1]) > 200


def test_code_is_a_module_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, 'derive "x\' A x" --wrt x --code numpy --steps --latex')
    module: dict[str, Any] = {}
    exec(compile(out, "printed", "exec"), module)
    assert module["derivative"](A=[[1, 2], [3, 4]], x=[1, 1]).tolist() == [7, 13]


def test_evaluate_reads_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "values.json"
    path.write_text('{"A": [[1, 2], [3, 4]], "x": [1, 1]}')
    assert run(capsys, f'evaluate "A x" --values {path}') == (0, "[3, 7]\n", "")
    assert run(capsys, f'evaluate "A x" --values {path} "x=[1,0]"') == (0, "[1, 3]\n", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO(path.read_text()))
    assert run(capsys, 'evaluate "A x" --values -') == (0, "[3, 7]\n", "")
    path.write_text("[1]")
    assert run(capsys, f'evaluate "A x" --values {path}')[2] == \
        f"RequestError TC522: {path} holds no JSON object of values by name\n"
    path.write_text("{")
    assert run(capsys, f'evaluate "A x" --values {path}')[2].startswith(f"RequestError TC522: {path} is not JSON: ")


# -- help --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"], ["help", "nothing"]])
def test_help_names_every_command(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +\w", out, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("formula", [formula for _, rows in formulas.SECTIONS for formula, _ in rows])
def test_formulas_of_help_are_read(capsys: pytest.CaptureFixture[str], formula: str) -> None:
    assert tensorcalc.read(formula).shape is not None
    assert main(["help", "formulas"]) == 0
    assert f"\n  {formula} " in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_shows_all_its_options(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert main(["help", name]) == 0
    assert capsys.readouterr().out == out
    for option in COMMANDS[name].options:
        assert f"\n  {option.flag} {option.value}".rstrip() in out
    assert max(map(len, out.splitlines())) <= 120


EXAMPLES = [(name, line.removeprefix("  $ tensorcalc ")) for name in COMMANDS
            for line in cli.usage(name) if line.startswith("  $ tensorcalc ") and name != "serve"]   # which waits for Ctrl-C


@pytest.mark.parametrize("command", [line for _, line in EXAMPLES])
def test_examples_of_help_run(capsys: pytest.CaptureFixture[str], command: str, tmp_path: Path,
                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.json").write_text('{"X": [[1, 2], [3, 4]]}')
    status, out, err = run(capsys, plain(command).partition(" >")[0])
    assert (status, err) == (1 if out.startswith(("refuted", "transposed", "wrong")) else 0, "")
    assert out


# -- errors ------------------------------------------------------------------------------

ERRORS = {
    # formulas
    'derive "" --wrt x': "FormulaError TC001: the formula is empty\n  \n  ^\n  help: write a formula such as tr(A*X*B)\n",
    'derive "x_i A_ij x_j" --wrt x_i': """\
UnknownNameError TC204: x_i is not a variable of the formula
  x_i
  ^~~
  variables: A, x
  help: write x alone: the answer has an index of its own for it
""",
    'derive "x\' x" --wrt X': """\
UnknownNameError TC204: X is not a variable of the formula
  X
  ^
  variables: x
  help: did you mean x?
""",
    'derive "tr(A)" --wrt A --var A=3x3':
        "RequestError TC521: --var separates sizes by commas\n  help: write --var A=3,3\n",
    'derive "tr(A)" --wrt A --assume A': "RequestError TC521: --assume takes NAME=…, not 'A'\n  help: write --assume S=symmetric\n",
    'derive "mean(x)" --wrt x': """\
UnknownNameError TC202: mean is not a function
  mean(x)
  ^~~~
  help: a mean is written sum(x)/n, where x is declared with n entries (vars, or --var x=n)
""",
    'derive "eig(A)" --wrt A': """\
UnknownNameError TC202: eig is not a function
  eig(A)
  ^~~
  help: it has no formula here that could be differentiated
""",
    'derive "tr(A)" --wrt A --form=': "RequestError TC508: --form is one of matrix, index, kronecker, einsum, not ''\n",
    'derive "tr(A)" --wrt A --form latex': """\
RequestError TC508: --form is one of matrix, index, kronecker, einsum, not 'latex'
  help: did you mean --latex?
""",
    'derive "x\' A x" --wrt x --assume A=symetric': """\
RequestError TC510: 'symetric' is not a property; known are symmetric, skew, diagonal, lower, orthogonal, spd, psd, positive, \
nonzero, simplex, invertible, unit
  help: did you mean symmetric?
""",
    'derive "v t + r" --wrt r': """\
ShapeError TC109: cannot multiply: inner sizes differ
  v t + r
  ^ ^
  v is a vector
  t is a vector
  help: transpose the first for a number (v' t), use .* for entry by entry, or declare t a number (vars, or --var t=)
""",
    'derive "logdet(W W\' + sigma^2 I)" --wrt W': """\
ShapeError TC107: a power needs a square matrix
  logdet(W W' + sigma^2 I)
                ^~~~~
  sigma is a vector
  help: write sigma.^2 for entry by entry, sigma' sigma for a number, or declare sigma a number (vars, or --var sigma=)
""",
    'derive "x\' H x + c\' x" --wrt x': """\
ShapeError TC110: a number plus a matrix has two meanings
  x' H x + c' x
  ^~~~~~   ^~~~
  x' H x is a number
  c' x is a vector
  help: c is a number by its first letter; declare it (vars, or --var c=n)
""",
    'derive "sum(log(1 + exp(x)))" --wrt x': """\
ShapeError TC110: a number plus a matrix has two meanings
  sum(log(1 + exp(x)))
          ^   ^~~~~~
  1 is a number
  exp(x) is a vector
  help: times vector(1) it is added to every entry
""",
    'derive "dot(x, y)" --wrt x': """\
UnknownNameError TC202: dot is not a function
  dot(x, y)
  ^~~
  help: a product of vectors is written x' y
""",
    'derive "e^x" --wrt x': """\
UnknownNameError TC204: x is not a variable of the formula
  x
  ^
  variables: e
  help: x stands as an exponent, a size or a position, which is a whole number
""",
    'derive "x^2 $ 3" --wrt x': """\
FormulaError TC002: '$' means nothing in a formula
  x^2 $ 3
      ^
  help: dollar signs stand around a whole formula, or not at all
""",
    'derive "A + * B" --wrt A': """\
FormulaError TC004: an operand is missing between '+' and '*'
  A + * B
    ^ ^
""",
    'derive "tr(A X" --wrt X': """\
FormulaError TC006: '(' is never closed
  tr(A X
    ^   ^
  help: add ')'
""",
    'derive "A X)" --wrt X': """\
FormulaError TC007: ')' closes nothing
  A X)
     ^
  help: remove it, or open '(' before
""",
    'derive "A ** 2" --wrt A': """\
FormulaError TC028: '**' is not an operator
  A ** 2
    ^~
  help: a power is written ^: A^2
""",
    'derive "__import__(\'os\')" --wrt x': """\
FormulaError TC018: indices stand on nothing that can carry them
  __import__('os')
  ^
  help: indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij
""",
    'derive "x_i A_ij x_j x_i" --wrt x': """\
FormulaError TC060: index i occurs 3 times in a term
  x_i A_ij x_j x_i
  ^~~~~~~~~~~~~~~~
  help: write a left side, for instance C_i = …, to say what is summed
""",
    # shapes
    'derive "A(m,n)*B(p,q)" --wrt A': """\
UnknownNameError TC202: A is not a function
  A(m,n)*B(p,q)
  ^
  help: the shape of A is declared apart (vars, or --var A=m,n); a product is A*(…)
""",
    'derive "A*B" --wrt A --var A=m,n --var B=p,q': """\
ShapeError TC109: cannot multiply: inner sizes differ
  A*B
  ^ ^
  A is m x n
  B is p x q
""",
    'derive "A*B" --wrt A --var A=m,n --var B=m,n': """\
ShapeError TC109: cannot multiply: inner sizes differ
  A*B
  ^ ^
  A is m x n
  B is m x n
  help: transpose B
""",
    'derive "x*y" --wrt x --var x=n --var y=n': """\
ShapeError TC109: cannot multiply: inner sizes differ
  x*y
  ^ ^
  x is a vector of size n
  y is a vector of size n
  help: transpose the first for a number (x' y), or use .* for entry by entry
""",
    'derive "A + B" --wrt A --var A=m,n --var B=p,q': """\
ShapeError TC101: cannot add tensors of different shapes
  A + B
  ^   ^
  A is m x n
  B is p x q
""",
    'derive "A + B" --wrt A --var A=m,n --var B=n,m': """\
ShapeError TC101: cannot add tensors of different shapes
  A + B
  ^   ^
  A is m x n
  B is n x m
  help: transpose one of them
""",
    'derive "tr(X)" --wrt X --var X=3,4': """\
ShapeError TC107: the trace needs a square matrix
  tr(X)
     ^
  X is 3 x 4
""",
    'derive "inv(A X)" --wrt X --var A=3,4 --var X=4,5': """\
ShapeError TC107: inv needs a square matrix
  inv(A X)
      ^~~
  A X is 3 x 5
""",
    'derive "C_ij = X_ik Y_kj" --wrt X --var X=3,4 --var Y=5,6': """\
ShapeError TC103: index k has two sizes
  C_ij = X_ik Y_kj
         ^~~~ ^~~~
  k is 4 in X_ik (X is 3 x 4) and 5 in Y_kj (Y is 5 x 6)
  help: transpose one of them, or declare sizes that agree
""",
    'derive "x_i y_i" --wrt x --var x=3 --var y=4': """\
ShapeError TC103: index i has two sizes
  x_i y_i
  ^~~ ^~~
  i is 3 in x_i (x has size 3) and 4 in y_i (y has size 4)
  help: transpose one of them, or declare sizes that agree
""",
    'derive "x.^y" --wrt x --var x=3 --var y=4': """\
ShapeError TC101: an elementwise power needs equal shapes
  x.^y
  ^  ^
  x is a vector of size 3
  y is a vector of size 4
""",
    'derive "A*x - b" --wrt x': """\
ShapeError TC110: a number plus a matrix has two meanings
  A*x - b
  ^~~ ^~~
  A*x is a vector
  - b is a number
  help: b is a number by its first letter; declare it (vars, or --var b=m)
""",
    'derive "X + d" --wrt X --var X=3,4': """\
ShapeError TC110: a number plus a matrix has two meanings
  X + d
  ^   ^
  X is 3 x 4
  d is a number
  help: d is a number by its first letter; declare it (vars, or --var d=3,4)
""",
    'derive "X + 1" --wrt X': """\
ShapeError TC110: a number plus a matrix has two meanings
  X + 1
  ^   ^
  X is a matrix
  1 is a number
  help: times ones(…) it is added to every entry, times eye(…) to the diagonal
""",
    'derive "X + a" --wrt X --var X=3,3 --var a=': """\
ShapeError TC110: a number plus a matrix has two meanings
  X + a
  ^   ^
  X is 3 x 3
  a is a number
  help: times ones(3, 3) it is added to every entry, times eye(3) to the diagonal
""",
    'derive "x + 1" --wrt x --var x=3': """\
ShapeError TC110: a number plus a matrix has two meanings
  x + 1
  ^   ^
  x is a vector of size 3
  1 is a number
  help: times ones(3) it is added to every entry
""",
    'derive "A / X" --wrt X': """\
ShapeError TC106: a divisor must be a number
  A / X
      ^
  X is a matrix
  help: use ./ for entry by entry, inv(…) for a matrix
""",
    'derive "softmax(X)" --wrt X': """\
ShapeError TC111: softmax takes a vector
  softmax(X)
          ^
  X is a matrix
  help: in index form it runs along the last index: softmax(Z_ij)
""",
    'derive "X[5,1]" --wrt X --var X=3,3': """\
ShapeError TC108: there is no entry 5
  X[5,1]
    ^
  the axis has size 3; entries count from 1
""",
    # names
    'derive "tahn(X)" --wrt X': "UnknownNameError TC202: tahn is not a function\n  tahn(X)\n  ^~~~\n  help: did you mean tanh?\n",
    'derive "A(x + y)" --wrt x': """\
UnknownNameError TC202: A is not a function
  A(x + y)
  ^
  help: a product is A (…) with a space, or A*(…)
""",
    'derive "norm(x)" --wrt x': "UnknownNameError TC202: norm is not a function\n  norm(x)\n  ^~~~\n  help: did you mean norm2?\n",
    'derive "frobenius(X X)" --wrt X': """\
UnknownNameError TC202: frobenius is not a function
  frobenius(X X)
  ^~~~~~~~~
  help: declare it (functions, or --function frobenius=elementwise)
""",
    'derive "tr(A X)" --wrt Y': "UnknownNameError TC204: Y is not a variable of the formula\n  Y\n  ^\n  variables: A, X\n",
    'derive "tr(X, X)" --wrt X': "UnknownNameError TC203: tr takes 1 argument, not 2\n  tr(X, X)\n  ^~~~~~~~\n",
    # numbers and vectors by their letters
    """derive "1' X 1" --wrt X""": """\
FormulaError TC071: a number has no transpose
  1' X 1
  ^~
  help: a vector of ones is written ones(n); the sum of all entries is sum(X)
""",
    'derive "norm2(X*1 - y)^2" --wrt X': """\
ShapeError TC101: cannot add tensors of different shapes
  norm2(X*1 - y)^2
        ^~~ ^~~
  X*1 is a matrix
  - y is a vector
  help: 1 is a number; a vector of ones is written ones(n)
""",
    'derive "t A + B" --wrt t': """\
ShapeError TC109: cannot multiply: inner sizes differ
  t A + B
  ^ ^
  t is a vector
  A is a matrix
  help: transpose t, or declare t a number (vars, or --var t=)
""",
    'derive "tr(A) + lambda norm2(x)^2" --wrt x': """\
ShapeError TC110: a number plus a matrix has two meanings
  tr(A) + lambda norm2(x)^2
  ^~~~~   ^~~~~~~~~~~~~~~~~
  tr(A) is a number
  lambda norm2(x)^2 is a vector
  help: declare lambda a number (vars, or --var lambda=)
""",
    'derive "norm2(dev(sigma))" --wrt sigma': """\
ShapeError TC107: dev needs a square matrix
  norm2(dev(sigma))
            ^~~~~
  sigma is a vector
  help: sigma is a vector by its first letter; declare it (vars, or --var sigma=n,n)
""",
    r"derive '\sum_i (y_i - w^\top x_i)^2' --wrt w": """\
ShapeError TC106: w^\\top stands without indices
  \\sum_i (y_i - w^\\top x_i)^2
                ^~~~~~
  it is a row
  help: x_i is an entry, a number; for the row i of a matrix X, w' x_i is written (X w)_i
""",
    'derive "sigma(W x)" --wrt x': """\
UnknownNameError TC202: sigma is not a function
  sigma(W x)
  ^~~~~
  help: did you mean sigmoid?
""",
    """derive "x' x/n" --wrt x""": """\
ShapeError TC106: a divisor must be a number
  x' x/n
       ^
  n is a vector
  help: declare n a number (vars, or --var n=), or use ./ for entry by entry
""",
    'derive "sum_i x_i^2" --wrt x': "FormulaError TC070: sum is a function\n  sum_i x_i^2\n  ^~~~~\n  help: write sum(i, …)\n",
    # limits
    'derive "X^1000000" --wrt X': "LimitError TC412: a matrix power has at most 64 factors\n  X^1000000\n    ^~~~~~~\n",
    'derive "kron(X, X)^1000000" --wrt X': """\
LimitError TC412: a matrix power has at most 64 factors
  kron(X, X)^1000000
             ^~~~~~~
""",
    'derive "2^(10^9) x" --wrt x': "LimitError TC413: a number of more than 400 digits\n  2^(10^9) x\n  ^~~~~~~~\n",
    'derive "9^9^9^9 x" --wrt x': "LimitError TC413: a number of more than 400 digits\n  9^9^9^9 x\n  ^~~~~~~\n",
    'derive "X / 0" --wrt X': "LimitError TC414: division by zero\n  X / 0\n  ^~~~~\n",
    'derive "X^(1/2)" --wrt X': """\
UnsupportedError TC303: a matrix power needs a whole number as exponent
  X^(1/2)
     ^~~
  help: the square root is sqrtm(…), and .^ goes entry by entry
""",
    'derive "ln det(X)" --wrt X': "FormulaError TC070: ln is a function\n  ln det(X)\n  ^~\n  help: write log(…)\n",
    'derive "transpose(A, B)" --wrt A': """\
UnknownNameError TC202: transpose is not a function
  transpose(A, B)
  ^~~~~~~~~
  help: a transpose is written A' or A^T
""",
    'verify "(A ⊗ B) (C ⊗ D) == A C ⊗ B D"': """\
ShapeError TC109: cannot multiply: inner sizes differ
  A C ⊗ B D
  ^~~~~~~ ^
  A C ⊗ B is a matrix
  D is a matrix
  help: ⊗ groups from the left, as products do: A C ⊗ (B D)
""",
    """derive "einsum('...ij,bj->bi', T, X)" --wrt X""": """\
FormulaError TC055: an ellipsis is not read
  einsum('...ij,bj->bi', T, X)
         ^~~~~~~~~~~~~~
  help: write a letter for each axis
""",
    'derive "t = s/2; s = x\' x; t" --wrt x': """\
UnknownNameError TC201: s is used before it is defined
  t = s/2; s = x' x; t
      ^
  help: put definitions in the order in which they are used
""",
    'verify "t = t + x; t == x"': """\
UnknownNameError TC201: t is used before it is defined
  t = t + x; t
      ^
  help: put definitions in the order in which they are used
""",
    'derive "s_ij = lambda h_kk delta_ij" --wrt h': """\
ShapeError TC106: lambda stands without indices
  s_ij = lambda h_kk delta_ij
         ^~~~~~
  it is a vector
  help: write lambda_i, or declare a number (vars, or --var lambda=)
""",
    'derive "Σ_i x_i^2" --wrt x': """\
FormulaError TC070: Σ with one index reads as a sign of a sum or a product
  Σ_i x_i^2
  ^~~
  help: write sum(i, …), or declare a vector (vars, or --var Σ=n)
""",
    'derive "d/dx (x\' x)" --wrt x': """\
FormulaError TC070: d/dx reads as the sign of a derivative
  d/dx (x' x)
  ^~~~
  help: write diff(…, x), or declare d a number (vars, or --var d=)
""",
    'derive "A⁻¹" --wrt A': """\
FormulaError TC002: '⁻' means nothing in a formula
  A⁻¹
   ^
  help: an inverse is written inv(A) or A^-1
""",
    'derive "⟨A x, y⟩" --wrt x': """\
FormulaError TC002: '⟨' means nothing in a formula
  ⟨A x, y⟩
  ^
  help: an inner product is written x' y, of matrices A : B
""",
    'derive "∑_i x_i" --wrt x': """\
FormulaError TC002: '∑' means nothing in a formula
  ∑_i x_i
  ^
  help: an index that repeats is summed; sum(i, x_i) is written out, series(j, lo, hi, body) over an integer
""",
    'derive "ε_ij ε_ij" --wrt ε': """\
UnknownNameError TC204: ε is not a variable of the formula
  ε
  ^
  variables: none
  help: ε with indices is a constant unless it is declared (vars, or --var ε=3,3)
""",
    # requests
    'derive "tr(X)" --wrt X --var X=n+,n': "RequestError TC501: cannot read the size 'n+'\n",
    'derive "tr(X)" --wrt X --var X=0,n': "RequestError TC501: a size is a positive integer or a name, not 0\n",
    'derive "tr(X)" --wrt X --var 1=n': "RequestError TC509: '1' is not a name: a letter, then letters and digits\n",
    'derive "tr(X)" --wrt X --var X=n,m --assume X=symmetric':
        "RequestError TC516: X is symmetric, so it must be a square matrix\n  X is declared as n x m\n",
    'derive "x\'A x" --wrt x --assume x=symmetric': """\
RequestError TC516: x is symmetric, so it must be a square matrix
  x'A x
  x is a vector by its first letter
  help: declare it (vars, or --var x=n,n)
""",
    'derive "S_ijkl S_ijkl" --wrt S --assume S=spd': """\
RequestError TC516: S is spd, so it must be a square matrix
  S_ijkl S_ijkl
  S is a tensor with 4 axes as it is written
""",
    'derive "tr(X)" --wrt X --layout up': "RequestError TC508: --layout is one of numerator, denominator, not 'up'\n",
    'derive "tr(X)" --wrt X --order 0': "RequestError TC517: order is a whole number from 1 to 8, not 0\n",
    # the command line itself
    "xderive": "RequestError TC520: unknown command xderive\n  help: did you mean derive?\n",
    "frobnicate": "RequestError TC520: unknown command frobnicate\n"
                  f"  help: commands are {', '.join(COMMANDS)}\n",
    'derive "tr(X)" --wtr X': "RequestError TC520: unknown option --wtr\n  help: did you mean --wrt?\n",
    'derive "tr(X)" --wrt': "RequestError TC520: --wrt lacks its value\n  help: write --wrt X\n",
    'derive "tr(X)"': "RequestError TC520: --wrt is missing\n  help: write --wrt X\n",
    'check "tr(A X)"': "RequestError TC520: --wrt is missing\n  help: write --wrt and one of A, X\n",
    'derive "2"': "RequestError TC520: --wrt is missing\n  help: the formula has no variables\n",
    'check "tr(X)" --wrt X': "RequestError TC520: --claim is missing\n  help: write --claim \"A'*B'\"\n",
    "derive --wrt X": "RequestError TC520: a formula is missing\n  help: quote it: tensorcalc derive \"tr(A X B)\" --wrt X\n",
    'derive "tr(X)" "det(X)" --wrt X': "RequestError TC520: more than one formula: tr(X), det(X)\n"
                                       "  help: quote it: tensorcalc derive \"tr(A X B)\" --wrt X\n",
    'derive "tr(X)" --wrt X --json=1': "RequestError TC520: --json takes no value\n",
    'derive "tr(X)" --wrt X --order 1 --order 2': "RequestError TC520: --order is given twice\n",
    'derive "tr(X)" --wrt X --order two': "RequestError TC521: --order takes a whole number, not 'two'\n",
    'derive "tr(X)" --wrt X --var X': "RequestError TC521: --var takes NAME=…, not 'X'\n"
        "  help: write --var A=3,4, or --var b=n for a vector, --var c= for a number\n",
    'derive "tr(X)" --wrt X --code julia': "RequestError TC508: --code is one of numpy, jax, torch, not 'julia'\n",
    'derive "tr(X)" --wrt X --code numpy,jax': "RequestError TC508: --code is one of numpy, jax, torch, not 'numpy,jax'\n",
    'derive "tr(logm(X) A)" --wrt X --code torch':
        "UnsupportedError TC314: torch does not have a function of this derivative\n  help: --code numpy\n",
    'derive "tr(X)" --wrt X --form matrx':
        "RequestError TC508: --form is one of matrix, index, kronecker, einsum, not 'matrx'\n"
        "  help: did you mean matrix?\n",
    "explain TC999": "RequestError TC521: there is no code TC999\n  help: tensorcalc explain lists them all\n",
    "functions tahn": "RequestError TC521: there is no function with tahn in it\n  help: did you mean tanh?\n",
    "rules inverce.product": "RequestError TC521: there is no rule with inverce.product in it\n"
                             "  help: did you mean inverse.product?\n",
    'verify "tr(A B)"': "RequestError TC521: no two sides are in 'tr(A B)'\n  help: write lhs == rhs\n",
    "batch foo": "RequestError TC520: batch takes no words; it reads requests from standard input\n"
                 "  help: echo '{\"do\": \"derive\", \"expr\": \"tr(A X)\", \"wrt\": \"X\"}' | tensorcalc batch\n",
    # values
    'evaluate "A x" "A=[[1,2],[3,4]]"': "RequestError TC511: no value for x\n  help: pass x as n\n",
    'evaluate "A x" "A=[[1,2],[3,4]]" "x=[1,2,3]"': """\
ShapeError TC109: cannot multiply: inner sizes differ
  A x
  ^ ^
  A is 2 x 2
  x is a vector of size 3
""",
    """evaluate "einsum('ik,kj->ij', A, B)" "A=[[1,2,3]]" "B=[[1,2],[3,4]]\"""": """\
ShapeError TC103: index k has two sizes
  einsum('ik,kj->ij', A, B)
                      ^  ^
  k is 3 in A and 2 in B
""",
    """evaluate "einsum('ijk,kl->ijl', A, B)" "A=[[1,2],[3,4]]" "B=[[1,2],[3,4]]\"""": """\
ShapeError TC113: subscripts 'ijk' for a tensor with 2 axes
  einsum('ijk,kl->ijl', A, B)
         ^~~~~~~~~~~~~  ^
  A is a tensor with 2 axes
""",
    'evaluate "tr(A)" "A=[[1,2],[3"': """\
RequestError TC521: the value of A is not JSON: Expecting ',' delimiter at character 10
  A=[[1,2],[3
    ^~~~~~~~~
  help: write A=[[1,2],[3,4]]
""",
    'evaluate "tr(A)" "A=[[NaN]]"': """\
RequestError TC521: the value of A is not JSON: NaN is no number
  A=[[NaN]]
    ^~~~~~~
  help: write A=[[1,2],[3,4]]
""",
    'evaluate "tr(eye(n))"': "RequestError TC513: no array shows the size n\n  help: give the size by its name: n=…\n",
    'evaluate "tr(A)" --values /no/such/file': "RequestError TC523: cannot read /no/such/file: No such file or directory\n",
    'evaluate "inv(A)" "A=[[1,2],[2,4]]"': "UnsupportedError TC311: inv has no value here\n  Singular matrix\n",
    'evaluate "x[3]" "x=[1,2]"': "RequestError TC514: position 3 of an axis with 2 entries\n  help: entries count from 1\n",
}


@pytest.mark.parametrize("command", ERRORS)
def test_errors(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(capsys, command) == (2, "", ERRORS[command])


def test_a_terminal_gets_colours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\033" not in run(capsys, 'derive "tr(A X)" --wrt X')[1]
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    _, out, _ = run(capsys, 'derive "tr(A X)" --wrt X')
    assert out.startswith("\033[1m∂f/∂X")
    assert "\033[31m" in run(capsys, 'derive "tr(A" --wrt A')[2] or "\033[1;31m" in run(capsys, 'derive "tr(A" --wrt A')[2]
    plain = re.sub(r"\033\[[\d;]*m", "", out)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(capsys, 'derive "tr(A X)" --wrt X')[1] == plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert run(capsys, 'derive "tr(A X)" --wrt X')[1] == plain


# -- batch -------------------------------------------------------------------------------


def batch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: bytes) -> list[dict[str, Any]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert main(["batch"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_batch_answers_every_line_in_order(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [b'{"do": "derive", "expr": "tr(A X)", "wrt": "X"}', b"", b"  ", b"{no", b"[1]", b"\xff\xfe", b"null", b"1e999",
             b'{"a": NaN}', b"[" * 100_000, b'{"do": "derive", "expr": "x\' x", "wrt": "x"}']
    answers = batch(monkeypatch, capsys, b"\n".join(lines))
    assert [answer.get("matrix") or answer["error"]["code"] for answer in answers] == [
        "A'", "TC522", "TC502", "TC522", "TC502", "TC502", "TC522", "TC522", "2 x"]
    assert answers[1]["error"]["message"] == \
        "the line is not JSON: Expecting property name enclosed in double quotes at character 2"
    assert answers[3]["error"]["message"] == "the line is not UTF-8"
    assert answers[6]["error"]["message"] == "the line is not JSON: NaN is no number"
    assert answers[7]["error"]["message"] == "the line is not JSON: it nests too deeply"


def test_batch_answers_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    short = b'{"do": "derive", "expr": "x", "wrt": "x"}\n'
    long = b'{"do": "' + b"x" * 3 * cli.batch.MOST_BYTES + b'"}\n'
    just = b" " * (cli.batch.MOST_BYTES - len(short)) + short
    codes = [answer.get("error", {}).get("code") for answer in batch(monkeypatch, capsys, short + long + just + long + short)]
    assert codes == [None, "TC417", None, "TC417", None]


def test_batch_survives_what_nobody_expected(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(request: Any) -> dict[str, Any]:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(cli.batch, "handle", broken)
    (answer,) = batch(monkeypatch, capsys, b"{}\n")
    assert answer["error"]["code"] == "TC599"
    assert answer["error"]["message"] == "an internal error: ZeroDivisionError: by zero"


def test_batch_writes_what_json_can_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = batch(monkeypatch, capsys, b'{"do": "\\ud800"}\n')
    assert answer["error"]["code"] == "TC503"


def test_batch_flushes_every_answer() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-m", "tensorcalc", "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=environment) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for name in ("X", "Y"):
            running.stdin.write(json.dumps({"do": "derive", "expr": f"tr(A {name})", "wrt": name}).encode() + b"\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["matrix"] == "A'"
        running.stdin.close()
        assert running.wait(30) == 0


# -- as a process ------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_no_traceback() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "tensorcalc", "derive", "x' x", "--wrt", "x"], stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert done.stderr == b"the answer cannot be written: No space left on device\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m tensorcalc rules | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=60,
                          capture_output=True)
    assert done.stdout.splitlines()[-1] == b"0"
    assert done.stderr == b""


def test_text_is_utf_8_wherever_it_runs() -> None:
    done = process("derive", "X Y", "--wrt", "X", "--form", "kronecker", environment={"LC_ALL": "C", "PYTHONUTF8": "0",
                                                                                   "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "⊗" in done.stdout.decode("utf-8")


def test_the_exit_status_is_2_for_an_error() -> None:
    done = process("derive", "tr(A", "--wrt", "A")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith("FormulaError TC006: ")


# -- tables ------------------------------------------------------------------------------


def test_every_code_of_the_package_is_in_the_table() -> None:
    source = "".join(path.read_text() for path in (ROOT / "tensorcalc").rglob("*.py") if path.name != "codes.py")
    assert set(re.findall(r'"(TC\d{3})"', source)) == set(CODES)


def test_no_code_is_in_the_table_twice() -> None:
    rows = re.findall(r'^    "(TC\d{3})": ', (ROOT / "tensorcalc" / "codes.py").read_text(), re.MULTILINE)
    assert sorted(set(rows)) == sorted(rows)
    assert list(CODES) == sorted(CODES)
    assert len({row.sentence for row in CODES.values()}) == len(CODES)
    assert {code[2] for code in CODES} == set(KINDS)


def test_every_code_is_a_sentence() -> None:
    for row in CODES.values():
        assert row.sentence[0].isupper() or row.sentence[0] in "`d" or row.sentence.startswith(("frechet", "diff"))
        assert row.sentence.endswith(".")


@pytest.mark.parametrize("code", [code for code, row in CODES.items() if row.example])
def test_the_example_of_a_code_raises_it(code: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        cli.run(split(CODES[code].example))
    assert caught.value.code == code
    assert type(caught.value) is KINDS[code[2]]


def test_explain_lists_every_code(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "explain")
    assert [line.split()[0] for line in out.splitlines()] == list(CODES)


def test_functions_and_rules_list_everything(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "functions --json")
    assert {row["name"] for row in json.loads(out)["rows"]} == FUNCTION_NAMES
    _, listed, _ = run(capsys, "functions")
    assert [line.split("  ")[0] for line in listed.splitlines()] == [row["written"] for row in json.loads(out)["rows"]]
    _, out, _ = run(capsys, "rules")
    names = [line.split()[0] for line in out.splitlines()]
    assert names == sorted(STATEMENTS)
    assert {rule.name for rule in ALL} <= set(names)
    _, out, _ = run(capsys, "rules eps orthogonal")
    assert 3 < len(out.splitlines()) < 20
    assert all("eps" in line or "orthogonal" in line for line in out.splitlines())


def test_every_rule_of_a_proof_is_in_the_table() -> None:
    assert [row.name for row in rules()] == sorted(STATEMENTS)
    assert all(row.statement for row in rules())


# -- terminals ---------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("terminal", "environment", "expected"), [
    (True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False),
    (False, {"FORCE_COLOR": "1"}, True), (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
])
def test_colours(monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], expected: bool) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert show.coloured(Terminal() if terminal else io.StringIO()) == expected


def test_long_work_says_so_on_a_terminal_and_leaves_no_trace() -> None:
    stream = Terminal()
    with show.working(stream, every=0.01):
        while "2 s" not in stream.getvalue() and "still working" not in stream.getvalue():
            time.sleep(0.01)
    assert stream.getvalue().startswith("\rstill working … 0 s")
    assert stream.getvalue().endswith("\r\033[K")


@pytest.mark.parametrize("command", ["functions", "rules", "explain"])
def test_a_whole_table_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "60")
    assert cli.run([command]) == 0
    assert max(map(len, stream.getvalue().splitlines())) == 60
    assert "…" in stream.getvalue()


def test_short_work_says_nothing() -> None:
    for stream in (Terminal(), io.StringIO()):
        with show.working(stream, every=600):
            pass
        assert stream.getvalue() == ""


def test_nothing_is_said_about_long_work_where_nobody_looks() -> None:
    stream = io.StringIO()
    with show.working(stream, every=0.001):
        time.sleep(0.05)
    assert stream.getvalue() == ""


# -- completion --------------------------------------------------------------------------

COMPLETED = {
    "der": {"derive"},
    "": {*COMMANDS, "help"},
    "derive --lay": {"--layout"},
    "derive f --layout ": {"numerator", "denominator"},
    "derive --form k": {"kronecker"},
    "code f --for ": {"numpy", "jax", "torch"},
    "explain TC10": {code for code in CODES if code.startswith("TC10")},
    "functions log": {name for name in FUNCTION_NAMES if name.startswith("log")},
    "completion ": {"bash", "zsh", "fish", "--help"},
    "verify --wrt ": {option.flag for option in COMMANDS["verify"].options} | {"--help"},
    "help che": {"check"},
    "help fo": {"formulas"},
}


@pytest.mark.parametrize("typed", COMPLETED)
def test_completion_in_bash(capsys: pytest.CaptureFixture[str], typed: str) -> None:
    _, script, _ = run(capsys, "completion bash")
    words = ["tensorcalc", *typed.split(" ")]
    ask = f"""
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
$(complete -p tensorcalc | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "--norc", "-c", script + ask], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert set(done.stdout.split()) == COMPLETED[typed]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_of_their_shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, shell: str) -> None:
    status, script, _ = run(capsys, f"completion {shell}")
    assert status == 0
    for name, command in COMMANDS.items():
        assert name in script
        assert all(option.flag.removeprefix("--") in script for option in command.options)
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        done = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


def test_completion_is_for_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "completion tcsh")
    assert (status, err) == (2, "RequestError TC521: completion is for one of bash, zsh, fish\n  help: tensorcalc completion bash\n")


# -- exit codes --------------------------------------------------------------------------

EXITS = {
    'verify "tr(A B) == tr(B A)"': 0,
    'verify "A B == B A" --var A=n,n --var B=n,n': 1,
    'verify "A B == " --json': 2,
    'verify "arcsin(x) + arccos(x) == 2*arctan(1)*ones(n)" --var x=n': 3,
    'check "2 a arctan(1)" --wrt a --claim "arcsin(b) + arccos(b)" --json': 3,
    'check "tr(A X)" --wrt X --claim "A\'" --json': 0,
    'check "tr(A X)" --wrt X --claim A --json': 1,
    'derive "tr(A" --wrt A --json': 2,
    "derive --json": 2,
    "derive f --frm matrix --json": 2,
}


@pytest.mark.parametrize("command", EXITS)
def test_exit_codes(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, err = run(capsys, command)
    assert (status, err) == (EXITS[command], "")
    if "--json" in command:
        assert json.loads(out)["ok"] == (status != 2)


# -- words -------------------------------------------------------------------------------


def test_what_begins_with_a_minus_may_be_a_formula() -> None:
    found = arguments(["-x' x", "--wrt=x", "--var", "b=", "--var", "b=m", "-A"], COMMANDS["derive"].options)
    assert found.words == ["-x' x", "-A"]
    assert found.values == {"wrt": ["x"], "vars": {"b": ["m"]}}


def test_sizes_and_properties() -> None:
    given = ["--var", "S=n*(n+1)/2, 3", "--assume", "S=spd", "--assume", "S=positive", "--assume", "W'*W = eye(n)",
             "--index-dim", "i=3", "--function", "f=log(1+exp(z))"]
    assert arguments(given, COMMANDS["derive"].options).values == {
        "vars": {"S": ["n*(n+1)/2", 3]}, "assume": {"S": ["spd", "positive"], "equations": ["W'*W = eye(n)"]},
        "index_dims": {"i": 3}, "functions": {"f": "log(1+exp(z))"}}
    assert size("12") == 12
    assert size("²") == "²"


@pytest.mark.parametrize(("word", "meant"), [("tahn", "tanh"), ("sgimoid", "sigmoid"), ("Inv", "inv"), ("inverse", None),
                                             ("q", None), ("logdte", "logdet")])
def test_closest(word: str, meant: str | None) -> None:
    assert closest(word, FUNCTION_NAMES) == meant
