"""Claims put to the test from Python: identities, and derivatives that somebody found by hand.

Knows verdicts, and tensors, which are written out as formulas: what was judged can be
read, and a proof is checked again from its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..algebra.expr import Apply
from ..algebra.traverse import postorder
from ..errors import RequestError
from ..functions import is_unknown, primes
from ..notation.describe import Layout, array_shape, writable
from ..proofs.replay import Claim, recomputed, replay
from ..request import derived, shown
from ..sizes import Dim
from ..verdicts import UNWRITTEN, check_answer, claim_of, form, sides, verify_answer
from . import notebook
from .names import groups, stated, united
from .tensor import By, Tensor

Formula = str | Tensor


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What came of a claim: ``verdict`` is ``"proved"``, ``"refuted"`` or ``"undecided"``.

    ``steps`` is the proof, as the language page has it; ``counterexample`` has the sizes
    and values at which both sides differ; ``diagnosis`` and ``evidence`` are in words.
    There are three verdicts, so that a verdict is neither true nor false.

    Examples
    --------
    >>> from tensorcalc import verify
    >>> found = verify("det(2 X) = 2 det(X)")
    >>> found.verdict, found.counterexample["values"]
    ('refuted', {'X': [[-1, 2], [-2, 0]]})
    """

    verdict: str
    steps: list[dict[str, Any]]
    counterexample: dict[str, Any] | None
    diagnosis: str
    evidence: str
    request: Mapping[str, Any]

    def replay(self) -> list[str]:
        """What is wrong with the verdict when it is checked without the prover; nothing where it holds.

        The steps of a proof are read and done again one by one; both sides are computed
        again at a counterexample.

        Examples
        --------
        >>> from tensorcalc import verify
        >>> verify("tr(A*B) = tr(B*A)").replay(), verify("A*B = B*A").replay()
        ([], [])
        """
        claim = self._claim()
        if self.verdict == "proved":
            return replay(claim, self.steps)
        if self.verdict == "refuted":
            return recomputed(claim, self.counterexample)
        return ["nothing was decided"]

    def _claim(self) -> Claim:
        return claim_of(self.request)

    def __bool__(self) -> bool:
        raise TypeError("a verdict is proved, refuted or undecided: ask for .verdict == 'proved'")

    def __str__(self) -> str:
        return "\n".join([self.verdict, *_rows(self._said())])

    def _said(self) -> list[tuple[str, str]]:
        said = [("step", f"{step['text']}    ({step['rule']}: {step['statement']})") for step in self.steps]
        said += [(name, text) for name, text in (("diagnosis", self.diagnosis), ("evidence", self.evidence)) if text]
        return said + [("where", f"{name} = {value}") for name, value in (self.counterexample or {}).get("values", {}).items()]

    def __repr__(self) -> str:
        claim = self._claim()
        return f"<{type(self).__name__} {self.verdict}: {_short(claim.lhs)} = {_short(claim.rhs)}>"

    def _repr_latex_(self) -> str | None:
        return notebook.aligned([step["latex"] for step in self.steps])

    def _repr_html_(self) -> str:
        said = [(name, text) for name, text in self._said() if name not in ("step", "where")]
        return notebook.paragraph(f"<strong>{notebook.plain(self.verdict)}</strong>", notebook.code(self._asked())) + \
            (notebook.table(("step", "rule", "which says"), notebook.proof_rows(self.steps), "steps") if self.steps else "") + \
            "".join([notebook.paragraph(notebook.plain(f"{name}: {text}")) for name, text in said]) + \
            _shown(self.counterexample)

    def _asked(self) -> str:
        """What was claimed, as it was written."""
        return f"{self.request['lhs']} = {self.request['rhs']}"


@dataclass(frozen=True, slots=True, repr=False)
class Diagnosis(Verdict):
    """What came of a claimed derivative.

    ``diagnosis`` is one of ``correct``, ``transposed``, ``other-layout``,
    ``other-vec-order``, ``sign``, ``factor``, ``symmetric-convention``,
    ``missing-term``, ``wrong-term``, ``wrong-shape``, ``wrong``; ``says`` the same in
    words.  ``correct`` is the derivative in the form that was claimed, ``factor`` what the
    claim lacks, ``term`` the term that is missing or wrong.

    Examples
    --------
    >>> from tensorcalc import check
    >>> found = check("norm2(A x)^2", "x", "A' A x")
    >>> found.diagnosis, found.factor, found.correct
    ('factor', '2', "2 A' A x")
    """

    says: str
    correct: str
    factor: str | None
    term: str | None

    def _claim(self) -> Claim:
        shapes = {name: array_shape(variable, groups(variable))
                  for name, variable in derived(self.request).reading.variables.items()}
        return claim_of({**self.request, "vars": shapes, "lhs": self.correct, "rhs": self.request["claimed"]})

    def _said(self) -> list[tuple[str, str]]:
        said = [(name, getattr(self, name)) for name in ("diagnosis", "says", "correct", "factor", "term")]
        return [(name, text) for name, text in said if text]

    def __repr__(self) -> str:
        return f"<Diagnosis {self.diagnosis}: {_short(self.request['claimed'])}>"

    def _asked(self) -> str:
        by = self.request["wrt"]
        return f"∂({self.request['expr']})/∂{by if isinstance(by, str) else ', '.join(by)} = {self.request['claimed']}"


def verify(lhs: Formula, rhs: Formula | None = None, *, vars: Mapping[str, Any] | None = None,
           assume: Mapping[str, Any] | None = None, functions: Mapping[str, str] | None = None,
           index_dims: Mapping[str, Dim] | None = None, wrt_convention: str = "free", **names: Any) -> Verdict:
    """Prove or refute that two formulas are equal wherever both are defined.

    ``lhs`` alone is an equation, ``"lhs = rhs"``, or ``"lhs == rhs"`` where a side is an
    index statement.  Either side may be a tensor.  ``vars`` and further keywords give
    shapes, as in :func:`tensorcalc.read`; the rest is as in a request.

    Examples
    --------
    >>> print(verify("inv(A*B) = inv(B)*inv(A)").verdict)
    proved
    >>> print(verify("A*B", "B*A", A=["n", "n"], B=["n", "n"]))
    refuted
      diagnosis   the sides differ at entry [2, 1]: 4 and -3
      where       A = [[-1, 2], [-2, 0]]
      where       B = [[-2, 1], [1, 1]]
    >>> verify("inv(Q) = Q'", assume={"Q": "orthogonal"}).steps[0]["rule"]
    'inverse.orthogonal'
    >>> from tensorcalc import tensor
    >>> A, x = tensor("A", "n", "n", assume="symmetric"), tensor("x", "n")
    >>> verify((x @ A @ x).gradient(x), "2*A*x")
    <Verdict proved: 2 A x = 2*A*x>

    Raises
    ------
    TensorCalcError: a side that cannot be read, or does not conform in itself.
    """
    if rhs is None:
        if not isinstance(lhs, str):
            raise RequestError("TC519", "an identity has two sides", field="rhs", help='write verify(left, right)')
        lhs, rhs = sides(lhs)
    request = _request({"do": "verify", "lhs": lhs, "rhs": rhs}, vars, names, assume, functions, index_dims)
    request["wrt_convention"] = wrt_convention
    answer = verify_answer(request)
    return Verdict(answer["verdict"], answer["steps"], answer["counterexample"], answer["diagnosis"], answer["evidence"],
                   request)


def check(expr: Formula, wrt: By | Iterable[By], claimed: Formula, *, vars: Mapping[str, Any] | None = None,
          order: int = 1, layout: str = "numerator", vec: str = "F", wrt_convention: str = "free",
          contract: str | None = None, assume: Mapping[str, Any] | None = None, functions: Mapping[str, str] | None = None,
          index_dims: Mapping[str, Dim] | None = None, **names: Any) -> Diagnosis:
    """Compare a claimed derivative with the right one, and say what is wrong with it.

    Examples
    --------
    >>> found = check("norm2(A*x - b)^2", "x", "2*A'*A*x", b=["m"])
    >>> found.diagnosis, found.term
    ('missing-term', "-2 A' b")
    >>> print(check("logdet(X)", "X", "inv(X)"))
    refuted
      diagnosis   transposed
      says        the claim is the transpose of the derivative
      correct     inv(X)'
    >>> from tensorcalc import tensor
    >>> A, x = tensor("A", "n", "n"), tensor("x", "n")
    >>> check(x @ A @ x, x, 2 * A @ x).says
    'right where A is symmetric'

    Raises
    ------
    TensorCalcError: a formula that cannot be read.
    """
    listed = list(wrt) if isinstance(wrt, Iterable) and not isinstance(wrt, (str, Tensor)) else [wrt]
    request = _request({"do": "check", "expr": expr, "claimed": claimed}, vars, names, assume, functions, index_dims)
    request |= {"wrt": [str(by) if isinstance(by, Tensor) else by for by in listed], "order": order, "layout": layout,
                "vec": vec, "wrt_convention": wrt_convention, "contract": contract}
    answer = check_answer(request)
    return Diagnosis(answer["verdict"], answer["steps"], answer["counterexample"], answer["diagnosis"],
                     answer["evidence"], request, answer["says"], answer["correct"], answer["factor"], answer["term"])


def _request(asked: dict[str, Any], vars: Mapping[str, Any] | None, names: Mapping[str, Any],
             assume: Mapping[str, Any] | None, functions: Mapping[str, str] | None,
             index_dims: Mapping[str, Dim] | None) -> dict[str, Any]:
    """The request that says the same; what tensors know is declared in it."""
    twice = [name for name in names if name in (vars or {})]
    if twice:
        raise RequestError("TC519", f"{twice[0]} is declared twice", field="vars")
    given = {name: [shape] if isinstance(shape, (int, str)) else shape for name, shape in {**(vars or {}), **names}.items()}
    tensors = {field: side for field, side in asked.items() if isinstance(side, Tensor)}
    own = united([side.names for side in tensors.values()])
    kinds = {name: kind for side in tensors.values() for name, kind in _functions(side).items()}
    shapes = {name: array_shape(variable, groups(variable)) for name, variable in own.variables.items()}
    facts: dict[str, Any] = {name: sorted(listed) for name, listed in own.facts.items()}
    texts = {field: _text(side, field) for field, side in tensors.items()}
    for field, side in asked.items():
        if not isinstance(side, (str, Tensor)):
            raise RequestError("TC507", f"{field} is a formula or a tensor, not {shown(side)}", field=field)
    return {**asked, **texts, "vars": {**shapes, **given}, "assume": {**facts, **(assume or {})},
            "functions": {**kinds, **(functions or {})}, "index_dims": dict(index_dims or {})}


def _functions(one: Tensor) -> dict[str, str]:
    """The unknown functions in a tensor, as they were declared."""
    found = [node.function for node in postorder(one.expr) if isinstance(node, Apply) and is_unknown(node.function)]
    return {primes(function)[0]: "elementwise" if function.elementwise else "scalar" for function in found}


def _text(one: Tensor, field: str) -> str:
    """A tensor as a formula.

    Raises
    ------
    LimitError: TC416 where it is too large to be written out.
    """
    expr = stated(one.expr, one.names)
    writable(expr)
    written = form(expr, Layout((one.groups,), row=one.layout.row))[0]
    if written == UNWRITTEN:
        raise RequestError("TC519", "this tensor has no formula", field=field)
    return written


def _shown(counterexample: Mapping[str, Any] | None) -> str:
    """The values at which both sides differ, as a table."""
    if not counterexample:
        return ""
    rows = [[notebook.code(name), notebook.code(str(value))] for name, value in
            {**counterexample.get("dims", {}), **counterexample.get("values", {})}.items()]
    return notebook.table(("name", "value"), rows, "names") if rows else ""


def _rows(said: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {name:<12}{text}" for name, text in said]


def _short(formula: str) -> str:
    return formula if len(formula) <= 60 else formula[:60] + "…"
