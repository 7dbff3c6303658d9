"""The steps that a person reads, in the style of differentials.

``dφ = tr(A dX B)``, ``dφ = A' B' : dX``, hence ``∂φ/∂X = A' B'``.  Every line is an
expression of its own, equal to the line before it in value; the rules that lead from
the raw derivative to the answer are those of the real trace.

References "MC n" are equations of The Matrix Cookbook, November 15, 2012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..algebra.expr import Apply, Expr, Variable
from ..algebra.traverse import postorder
from ..functions import POWER, Function, is_unknown, primes
from ..notation.describe import Layout, axis_letters, jacobian, page
from ..notation.latex import latex, latex_statement
from ..notation.recover import index
from ..notation.syntax import Call, Name, Op, Syntax, transpose
from ..notation.text import statement_text, text
from .derive import Facts, pointed, tied
from .differential import differential
from .differentiate import derivative
from .local import equation
from .rewrite import Step, chain
from .rules.sets import STANDARD
from .simplify import simplify

MOST_STEPS = 40
_SIGNS = {"d": r"\mathrm{d}", "δ": r"\delta ", "Δ": r"\Delta "}   # in front of a name: its change; as LaTeX


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a derivation.

    ``rule`` and ``statement`` say why it follows; ``value`` is the expression on its
    right side, ``None`` for a line that only cites a rule.
    """

    rule: str
    statement: str
    reference: str
    text: str
    latex: str
    value: Expr | None = None


def derivation(expr: Expr, layout: Layout, variables: Sequence[Variable], facts: Facts, reading: str = "free",
               detail: str = "brief", notation: str = "matrix") -> list[Line]:
    """The lines that lead from a formula to its derivative.

    ``layout`` is that of the derivative.  ``detail`` ``"full"`` shows every rule;
    ``notation`` is ``matrix``, ``index`` or ``kronecker``.
    """
    here, lines = expr, []
    names, sign = _names(expr, layout, variables)
    for k, by in enumerate(variables):
        part = Layout(layout.parts[: k + 2], layout.letters, layout.name, layout.variables[: k + 1])
        writer = _Writer(part, by, notation, names[k], sign)
        lines += writer.lines(simplify(here), facts, reading, detail)
        here = simplify(tied(derivative(simplify(here), by), by, frozenset(facts.get(by.name, ())), reading))
    final = simplify(pointed(here, facts))
    if final is not here:
        lines.append(_Writer(layout, variables[-1], notation, names[-1], sign).answer(
            "assumptions", "what is known of the variables is put in", final))
    return [line for line, last in zip(lines, [None, *lines]) if last is None or line.text != last.text]


def _names(expr: Expr, layout: Layout, variables: Sequence[Variable]) -> tuple[list[str], str]:
    """What is differentiated each time, and the sign of a change: names that mean nothing else in ``expr``."""
    nodes = postorder(expr)
    taken = {node.name for node in nodes if isinstance(node, Variable)} | {by.name for by in variables}
    functions = {node.function.name.rstrip("'") for node in nodes if isinstance(node, Apply)}
    found = [layout.name] if layout.name else []
    pools = [("U", "Y", "Z") if layout.parts[0] else ("f", "φ", "ψ"), *[("G", "H", "R", "S", "T")] * len(variables)]
    for pool in pools[len(found):len(variables)]:
        names = (*pool, *(f"{pool[0]}{k}" for k in range(1, 99)))
        found.append(next(name for name in names if name not in {*taken, *functions, *found}))
    return found, next(sign for sign in _SIGNS if not {f"{sign}{by.name}" for by in variables} & taken)


class _Writer:
    """Writes one differentiation; ``layout`` is that of its result."""

    def __init__(self, layout: Layout, by: Variable, notation: str, name: str, sign: str) -> None:
        self.layout, self.by, self.notation, self.name, self.sign = layout, by, notation, name, sign
        self.inner = Layout(layout.parts[:-1], layout.letters)
        self.change = Variable(by.shape, f"{sign}{by.name}", frozenset(), by.groups)

    # -- lines ---------------------------------------------------------------------------

    def lines(self, expr: Expr, facts: Facts, reading: str, detail: str) -> list[Line]:
        raw = derivative(expr, self.by)
        found = []
        if self.notation == "index" or not self.writable(expr):
            found.append(self.answer("derivative", "the product rule, and the table of functions, entry by entry", raw))
        else:
            found += self.rules_used(expr, detail)
            change = differential(expr, self.by, self.change)
            found.append(self.differential(change))
            found.append(self.collected(raw))
            found.append(self.answer(*_IDENTIFY[self.kind], raw))
        steps = chain(raw, STANDARD, MOST_STEPS)
        found += self.simplified(steps, detail)
        at = steps[-1].after if steps else raw
        best = simplify(raw)
        if best is not at:
            found.append(self.answer("collect", "common factors are pulled out, brackets multiplied out where that is "
                                                "shorter", best))
        if reading != "free":
            by_facts = simplify(tied(best, self.by, frozenset(facts.get(self.by.name, ())), reading))
            found.append(self.answer("structure", f"the {reading} derivative, entries that are tied", by_facts))
        return found

    def simplified(self, steps: Sequence[Step], detail: str) -> list[Line]:
        """The rules of the trace: every one in full, the last result in brief."""
        if not steps:
            return []
        if detail == "full":
            return [self.answer(step.rule.name, step.rule.statement, step.after, step.rule.reference) for step in steps]
        names = list(dict.fromkeys(step.rule.name for step in steps))
        statements = list(dict.fromkeys(step.rule.statement for step in steps))
        return [self.answer(", ".join(names), "; ".join(statements), steps[-1].after)]

    @property
    def kind(self) -> str:
        """How the derivative is read off: a gradient, a Jacobian, or entry by entry."""
        if not self.inner.groups:
            return "gradient"
        return "jacobian" if self.written_jacobian else "entries"

    @property
    def written_jacobian(self) -> bool:
        parts = self.layout.parts
        matrix = len(parts) == 2 or (len(parts) == 3 and not parts[0])
        return matrix and len(self.inner.groups) <= 2 and len(parts[-1]) <= 2

    @property
    def of_vectors(self) -> bool:
        """Whether ``vec`` would change nothing."""
        return len(self.inner.groups) <= 1 and len(self.layout.parts[-1]) <= 1

    def writable(self, expr: Expr) -> bool:
        """Whether the differential has a matrix form."""
        return len(self.inner.groups) <= 2 and page(expr, self.inner) is not None

    def rules_used(self, expr: Expr, detail: str) -> list[Line]:
        """The differentials of the functions that the formula uses."""
        seen: dict[Function, None] = {}
        for node in postorder(expr):
            if isinstance(node, Apply) and self.by in postorder(node) and node.function is not POWER:
                seen.setdefault(node.function)
        found = [_DIFFERENTIALS[function.name] for function in seen if function.name in _DIFFERENTIALS]
        others = [function for function in seen if function.name not in _DIFFERENTIALS and detail == "full"]
        lines = [Line(f"differential.{name}", words, reference, words, typeset)
                 for name, words, reference, typeset in found]
        lines += [_row(function) for function in others if function.derivatives or is_unknown(function)]
        return lines[:3] if detail == "brief" else lines

    def differential(self, change: Expr) -> Line:
        """``dφ = …``, linear in dX."""
        tree = page(change, self.inner)
        if tree is None:
            letters = axis_letters(self.inner)
            body = index.recover(change, letters)
            assert body is not None
            named = Name(f"d{self.name}", index.grouped(letters, self.inner.groups) or None)
            return Line("differential", "d(U V) = dU V + U dV, constants dropped", "MC 37", statement_text(named, body),
                        self.typeset(latex_statement(named, body)), change)
        left = Name(f"d{self.name}")
        return self.equation("differential", "d(U V) = dU V + U dV, constants dropped", "MC 37", left, tree, change)

    def collected(self, raw: Expr) -> Line:
        """The same with dX at the end: ``G : dX``, or ``J vec(dX)``."""
        change, left = Name(self.change.name), Name(f"d{self.name}")
        if self.kind == "gradient":
            tree = page(raw, self.layout)
            if tree is None:
                return self.answer("derivative", "entry by entry", raw)
            if self.by.rank == 2:
                return self.equation("trace.trick", "A : B = tr(A' B), C A : B = C : B A' = A : C' B", "MC 16", left,
                                     Op("frobenius", (tree, change)), raw)
            if not self.by.rank:
                return self.equation("scalar", "a number may stand anywhere in a product", "", left,
                                     Op("multiply", (tree, change)), raw)
            return self.equation("transpose", "a' b = b' a, (A b)' = b' A'", "MC 5", left,
                                 Op("multiply", (transpose(tree), change)), raw)
        tree = jacobian(raw, self.layout) if self.written_jacobian else None
        if tree is None:
            return self.answer("derivative", "entry by entry", raw)
        if self.of_vectors:
            return self.equation("transpose", "(a' b) c = (c a') b, a .* b = diag(a) b", "", left,
                                 Op("multiply", (tree, change)), raw)
        return self.equation("vec.product", "vec(A X B) = kron(B', A) vec(X)", "MC 520", Call("vec", (left,)),
                             Op("multiply", (tree, Call("vec", (change,)))), raw)

    def equation(self, rule: str, statement: str, reference: str, left: Syntax, right: Syntax, value: Expr) -> Line:
        return Line(rule, statement, reference, f"{text(left)} = {text(right)}",
                    self.typeset(f"{latex(left)} = {latex(right)}"), value)

    def answer(self, rule: str, statement: str, value: Expr, reference: str = "") -> Line:
        """``∂φ/∂X = …`` in the notation asked for, or in the one that exists."""
        tree = None
        left, typeset = f"∂{self.name}/∂{self.by.name}", self.quotient(self.name)
        if self.notation == "kronecker" and self.kind == "jacobian":
            tree = jacobian(value, self.layout)
            left = f"∂vec({self.name})/∂vec({self.by.name})'"
            typeset = (rf"\frac{{\partial \operatorname{{vec}} {latex(Name(self.name))}}}"
                       rf"{{\partial \operatorname{{vec}}({latex(Name(self.by.name))})^\top}}")
        elif self.notation != "index":
            tree = page(value, self.layout)
            if tree is None and self.kind == "jacobian":
                tree = jacobian(value, self.layout)
                left = f"∂vec({self.name})/∂vec({self.by.name})'"
        if tree is not None:
            return Line(rule, statement, reference, f"{left} = {text(tree)}", f"{typeset} = {latex(tree)}", value)
        letters = axis_letters(self.layout)
        body = index.recover(value, letters)
        assert body is not None, "the index form always exists"
        at = sum(len(part) for part in self.layout.parts[:-1])
        named = index.grouped(letters, self.layout.groups)
        above, below = Name(self.name, named[:at] or None), Name(self.by.name, named[at:] or None)
        words = statement_text(Name("D"), body).removeprefix("D = ")
        top, bottom = ("∂" + statement_text(name, Name("x")).removesuffix(" = x") for name in (above, below))
        return Line(rule, statement, reference, f"{top}/{bottom} = {words}",
                    rf"\frac{{\partial {latex(above)}}}{{\partial {latex(below)}}} = {latex(body)}", value)

    def quotient(self, name: str) -> str:
        return rf"\frac{{\partial {latex(Name(name))}}}{{\partial {latex(Name(self.by.name))}}}"

    def typeset(self, written: str) -> str:
        """Differentials with an upright d."""
        for sign, name in (("d", self.name), (self.sign, self.by.name)):
            written = written.replace(latex(Name(sign + name)), _SIGNS[sign] + latex(Name(name)))
        return written


def _row(function: Function) -> Line:
    """What the function table says, or what it is to be an unknown function."""
    if is_unknown(function):
        name, order = primes(function)
        here, slope = (Call(name, (Name("Y"),), primes=order + more) for more in (0, 1))
        sign, symbol = (".*", r"\odot") if function.elementwise else (":", ":")
        words = f"d({text(here)}) = {text(slope)} {sign} dY"
        typeset = rf"\mathrm{{d}} {latex(here)} = {latex(slope)} {symbol} \mathrm{{d}}Y"
    else:
        words = function.derivatives[0]
        row = equation(words)
        above, below = Name("y", row.rows or None), Name(words.split("/∂")[1][0], row.columns or None)
        typeset = rf"\frac{{\partial {latex(above)}}}{{\partial {latex(below)}}} = {latex(row.body)}"
    return Line(f"table.{function}", words, function.reference, words, typeset)


_IDENTIFY: Mapping[str, tuple[str, str]] = {
    "gradient": ("identification", "dφ = G : dX, so ∂φ/∂X = G"),
    "jacobian": ("identification", "vec(dU) = J vec(dX), so ∂vec(U)/∂vec(X)' = J"),
    "entries": ("identification", "dU_ij = D_ijpq dX_pq"),
}

_DIFFERENTIALS = {name: (name, words, reference, typeset) for name, words, reference, typeset in (
    ("inv", "d(inv(Y)) = -inv(Y) dY inv(Y)", "MC 40",
     r"\mathrm{d} Y^{-1} = -Y^{-1} \, \mathrm{d}Y \, Y^{-1}"),
    ("det", "d(det(Y)) = det(Y) tr(inv(Y) dY)", "MC 42",
     r"\mathrm{d} \det Y = \det Y \, \operatorname{tr}\left(Y^{-1} \, \mathrm{d}Y\right)"),
    ("logdet", "d(logdet(Y)) = tr(inv(Y) dY)", "MC 43",
     r"\mathrm{d} \log \lvert\det Y\rvert = \operatorname{tr}\left(Y^{-1} \, \mathrm{d}Y\right)"),
    ("softmax", "d(softmax(y)) = (diag(p) - p p') dy with p = softmax(y)", "",
     (r"\mathrm{d} p = \left(\operatorname{diag}(p) - p \, p^\top\right) \mathrm{d}y, "
      r"\quad p = \operatorname{softmax}(y)")),
    ("logsumexp", "d(logsumexp(y)) = softmax(y)' dy", "",
     r"\mathrm{d} \operatorname{logsumexp}(y) = \operatorname{softmax}(y)^\top \mathrm{d}y"),
    ("sigmoid", "d(sigmoid(Y)) = (f - f.^2) .* dY with f = sigmoid(Y)", "",
     r"\mathrm{d} f = \left(f - f^{\odot 2}\right) \odot \mathrm{d}Y, \quad f = \sigma(Y)"),
    ("tanh", "d(tanh(Y)) = (1 - f.^2) .* dY with f = tanh(Y)", "",
     r"\mathrm{d} f = \left(1 - f^{\odot 2}\right) \odot \mathrm{d}Y, \quad f = \tanh(Y)"),
    ("exp", "d(exp(Y)) = exp(Y) .* dY", "", r"\mathrm{d} \exp(Y) = \exp(Y) \odot \mathrm{d}Y"),
    ("log", "d(log(Y)) = dY ./ Y", "", r"\mathrm{d} \log(Y) = \mathrm{d}Y \oslash Y"),
    ("relu", "d(relu(Y)) = relu(sign(Y)) .* dY", "",
     r"\mathrm{d} \operatorname{relu}(Y) = \operatorname{relu}(\operatorname{sign}(Y)) \odot \mathrm{d}Y"),
    ("expm", "d(tr(expm(Y))) = tr(expm(Y) dY), d(expm(Y)) = frechet(expm, Y) : dY", "Higham 2008, ch. 10",
     (r"\mathrm{d} \operatorname{tr} \operatorname{expm}(Y) = "
      r"\operatorname{tr}\left(\operatorname{expm}(Y) \, \mathrm{d}Y\right)")),
    ("matpow", "d(Y^k) = series(j, 0, k-1, Y^j dY Y^(k-1-j))", "MC 90",
     r"\mathrm{d} Y^k = \sum_{j=0}^{k-1} Y^j \, \mathrm{d}Y \, Y^{k-1-j}"),
)}
"""Differentials that textbooks print, by the function."""


def steps_of(lines: Sequence[Line]) -> list[dict[str, str]]:
    """Lines as the service answers them."""
    return [{"rule": line.rule, "statement": line.statement, "reference": line.reference, "text": line.text,
             "latex": line.latex} for line in lines]

