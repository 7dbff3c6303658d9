"""The steps that a person reads, in the style of differentials.

``dφ = tr(A dX B)``, ``dφ = A' B' : dX``, hence ``∂φ/∂X = A' B'``.  Every line is an
expression of its own, equal to the line before it in value; the rules that lead from
the raw derivative to the answer are those of the real trace.

References "MC n" are equations of The Matrix Cookbook, November 15, 2012.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra.build import add, einsum
from ..algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..functions import POWER, Function, is_unknown
from ..notation.describe import Layout, axis_letters, jacobian, page
from ..notation.latex import latex, latex_statement
from ..notation.recover import index, sharing
from ..notation.syntax import Call, Name, Num, Op, Syntax, children, is_op, multiply, negate, transpose, walk
from ..notation.text import statement_text, text
from .derive import Facts, pointed, tied
from .differential import differential
from .differentiate import derivative
from .quotations import DIFFERENTIALS, Quoted, row, structure
from .rewrite import Step, chain, rewrite
from .rules.sets import EXPAND, STANDARD
from .simplify import simplify

MOST_STEPS = 40
LONG = 76   # characters of a line from which on repeated parts get names
LEAST = 10   # characters of one of them
SHORTER = 0.8   # of the length of a differential that is worth a line of its own
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


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line in matrix notation, before repeated parts get names; ``left`` as text and as LaTeX."""

    rule: str
    statement: str
    reference: str
    left: tuple[str, str]
    right: Syntax
    value: Expr
    change: tuple[tuple[str, str], ...] = ()

    def line(self, names: Mapping[str, Syntax]) -> Line:
        right = sharing.substituted(self.right, names)
        typeset = f"{self.left[1]} = {latex(right)}"
        for plain, upright in self.change:
            typeset = typeset.replace(plain, upright)
        return Line(self.rule, self.statement, self.reference, f"{self.left[0]} = {text(right)}", typeset, self.value)


def derivation(expr: Expr, layout: Layout, variables: Sequence[Variable], facts: Facts, reading: str = "free",
               detail: str = "brief", notation: str = "matrix") -> list[Line]:
    """The lines that lead from a formula to its derivative.

    ``layout`` is that of the derivative.  ``detail`` ``"full"`` shows every rule;
    ``notation`` is ``matrix``, ``index`` or ``kronecker``.
    """
    names, sign = _names(expr, layout, variables)
    lines: list[Line | _Draft] = []
    trace: list[Step] = []
    here = simplify(expr, trace)
    for k, by in enumerate(variables):
        own = frozenset(facts.get(by.name, ()))
        part = Layout(layout.parts[: k + 2], layout.letters, layout.name, layout.variables[: k + 1])
        free = replace(part, parts=(*part.parts[:-1], by.groups or (1,) * by.rank), variables=(*part.variables[:-1], by.name))
        writer = _Writer(free, by, notation, names[k], sign)
        if k == 0:
            lines += writer.formula(here, trace if here is not expr else [])
        else:
            lines.append(writer.renamed(lines[-1]))
        lines += writer.lines(here, detail, k + 1 == len(variables))
        slope = derivative(here, by)
        here = simplify(tied(slope, by, own, reading))
        if reading != "free" and by.rank == 2:
            lines.append(_Writer(part, by, notation, names[k], sign).answer("structure", *structure(own, reading), here))
    final = simplify(pointed(here, facts))
    if final is not here:
        lines.append(_Writer(layout, variables[-1], notation, names[-1], sign).answer(
            "assumptions", _known(here, facts), "", final))
    lines = list(_once(lines))
    written = _written(lines, {*_taken(expr), *names, *(by.name for by in variables)}, {f"{sign}{by.name}" for by in variables})
    found: list[Line] = []
    for line in written:
        if not found or found[-1].text != line.text:
            found.append(line)
        elif line.rule == "assumptions":   # the same words, at a point of which more is known
            found[-1] = replace(found[-1], value=line.value)
    return found


def contraction(statement: str, expr: Expr, layout: Layout, notation: str = "matrix") -> Line:
    """The line that applies an index statement to a derivative; ``layout`` is that of the result."""
    name = layout.name or "c"
    tree = None if notation == "index" else page(expr, layout)
    if tree is not None:
        left: Name = Name(name)
        written = f"{text(left)} = {text(tree)}", f"{latex(left)} = {latex(tree)}"
    else:
        letters = axis_letters(layout)
        body = index.recover(expr, letters)
        assert body is not None, "the index form always exists"
        left = Name(name, index.grouped(letters, layout.groups) or None)
        written = statement_text(left, body), latex_statement(left, body)
    return Line("contraction", " ".join(statement.split()), "", *written, expr)


def _taken(expr: Expr) -> set[str]:
    """The names that mean something in a formula."""
    nodes = postorder(expr)
    functions = {node.function.name.rstrip("'") for node in nodes if isinstance(node, Apply)}
    return functions | {node.name for node in nodes if isinstance(node, Variable)}


def _names(expr: Expr, layout: Layout, variables: Sequence[Variable]) -> tuple[list[str], str]:
    """What is differentiated each time, and the sign of a change: names that mean nothing else in ``expr``."""
    taken = _taken(expr) | {by.name for by in variables}
    found = [layout.name] if layout.name else []
    pools = [("U", "Y", "Z") if layout.parts[0] else ("f", "φ", "ψ"), *[("G", "H", "R", "S", "T")] * len(variables)]
    for pool in pools[len(found):len(variables)]:
        names = (*pool, *(f"{pool[0]}{k}" for k in range(1, 99)))
        found.append(next(name for name in names if name not in {*taken, *found}))
    return found, next(sign for sign in _SIGNS if not {f"{sign}{by.name}" for by in variables} & taken)


def _once(lines: Sequence[Line | _Draft]) -> Iterator[Line | _Draft]:
    """The lines without what was quoted before."""
    seen = set[str]()
    for line in lines:
        if not (isinstance(line, Line) and line.value is None and line.text in seen):
            yield line
        if isinstance(line, Line):
            seen.add(line.text)


def _known(expr: Expr, facts: Facts) -> str:
    """What is known of the variables of a formula, in words."""
    present = {node.name for node in postorder(expr) if isinstance(node, Variable)}
    return ", ".join(f"{name} is {' and '.join(sorted(own))}" for name, own in facts.items() if own and name in present)


def _written(lines: Sequence[Line | _Draft], taken: Collection[str], changes: Collection[str]) -> list[Line]:
    """The lines as texts; what a long one repeats gets a name, said first."""
    names = _shared([line.right for line in lines if isinstance(line, _Draft)], {*taken, *changes}, changes)
    found = [line.line(names) if isinstance(line, _Draft) else line for line in lines]
    if names:
        found.insert(0, Line("names", "names for what is repeated", "",
                             "; ".join(f"{name} = {text(tree)}" for name, tree in names.items()),
                             r", \quad ".join(f"{latex(Name(name))} = {latex(tree)}" for name, tree in names.items())))
    return found


def _shared(trees: Sequence[Syntax], taken: Collection[str], changes: Collection[str]) -> Mapping[str, Syntax]:
    """Names for what the longest line repeats, of what does not change."""
    longest = max(trees, key=lambda tree: len(text(tree)), default=None)
    if longest is None or len(text(longest)) <= LONG or \
            any(isinstance(node, Call) and node.function == "series" for node in walk(longest)):
        return {}   # what a series sums over means nothing outside of it
    _, names = sharing.share(Call("parts", tuple(_at_rest(longest, changes))), taken)
    return names if any(len(text(tree)) >= LEAST for tree in names.values()) else {}


def _at_rest(tree: Syntax, changes: Collection[str]) -> Iterator[Syntax]:
    """The largest parts of a line in which nothing changes."""
    if not any(isinstance(node, Name) and node.name in changes for node in walk(tree)):
        yield tree
        return
    for part in children(tree):
        yield from _at_rest(part, changes)


class _Writer:
    """Writes one differentiation; ``layout`` is that of its result."""

    def __init__(self, layout: Layout, by: Variable, notation: str, name: str, sign: str) -> None:
        self.layout, self.by, self.notation, self.name, self.sign = layout, by, notation, name, sign
        self.inner = Layout(layout.parts[:-1], layout.letters)
        self.change = Variable(by.shape, f"{sign}{by.name}", frozenset(), by.groups)
        self.below: Syntax = Name(by.name)
        if layout.variables and layout.variables[-1] != by.name:
            self.below = Call("vech", (self.below,))

    # -- lines ---------------------------------------------------------------------------

    def renamed(self, last: Line | _Draft) -> Line:
        """The line that gives a derivative the name under which it is differentiated again."""
        words = "the derivative is differentiated again, under a name of its own"
        if isinstance(last, _Draft):
            above = f"{latex(Name(self.name))} = {last.left[1]}"
            return Line("name", words, "", f"{self.name} = {last.left[0]}", above)
        named = Name(self.name, index.grouped(axis_letters(self.inner), self.inner.groups) or None)
        left, typeset = (side.split(" = ")[0] for side in (last.text, last.latex))
        return Line("name", words, "", f"{statement_text(named, Name('x')).removesuffix(' = x')} = {left}",
                    f"{latex(named)} = {typeset}")

    def formula(self, expr: Expr, trace: Sequence[Step]) -> list[Line | _Draft]:
        """The formula itself, where rules have changed it, and in index notation."""
        if not trace and self.notation != "index":
            return []
        rule = ", ".join(dict.fromkeys(step.rule.name for step in trace)) or "formula"
        words = "; ".join(dict.fromkeys(step.rule.statement for step in trace)) or "what is differentiated, entry by entry"
        tree = None if self.notation == "index" or len(self.inner.groups) > 2 else page(expr, self.inner)
        if tree is not None:
            left = Name(self.name)
            return [_Draft(rule, words, "", (text(left), latex(left)), tree, expr)]
        letters = axis_letters(self.inner)
        body = index.recover(expr, letters)
        assert body is not None, "the index form always exists"
        named = Name(self.name, index.grouped(letters, self.inner.groups) or None)
        return [Line(rule, words, "", statement_text(named, body), latex_statement(named, body), expr)]

    def lines(self, expr: Expr, detail: str, last: bool) -> list[Line | _Draft]:
        """The differentiation of ``expr``, up to the simplified derivative; in brief all but the last one are shorter."""
        raw = derivative(expr, self.by)
        found: list[Line | _Draft] = []
        if self.notation == "index" or not self.writable(expr):
            found += self.by_product(expr, raw, detail)
        else:
            found += self.rules_used(expr, detail)
            change = differential(expr, self.by, self.change)
            found += self.differentials(change, detail)
            raw = simplify(raw) if found[-1].rule == _COLLECTED else self.legible(raw)
            if last or detail == "full":
                found.append(self.collected(raw))
            kind = "vectors" if self.kind == "jacobian" and self.of_vectors else self.kind
            found.append(self.answer(*_IDENTIFY[kind], "", raw))
        steps = chain(raw, STANDARD, MOST_STEPS)
        found += self.simplified(steps, detail)
        at = steps[-1].after if steps else raw
        best = simplify(raw)
        if best is not at:
            found.append(self.answer("collect", "common factors are pulled out, brackets multiplied out where that is "
                                                "shorter", "", best))
        return found

    def by_product(self, expr: Expr, raw: Expr, detail: str) -> list[Line | _Draft]:
        """Entry by entry: each factor in turn by the product rule, then the deltas rename indices."""
        quoted = self.functions(expr) if self.notation == "index" else []
        found: list[Line | _Draft] = [_quote(row(function)) for function in quoted[: 3 if detail == "brief" else None]
                                      if function.derivatives or is_unknown(function)]
        with_deltas = self.uncontracted(expr)
        if with_deltas is not None:
            found.append(self.entries("product", f"∂{self.by.name}_kl/∂{self.by.name}_pq = delta_kp delta_lq, one factor after "
                                      "the other" if self.by.rank == 2 else
                                      "a variable by itself is delta in each index, one factor after the other", "",
                                      raw, with_deltas))
            found.append(self.answer("delta", "a delta that is summed renames an index: delta_kq Y_kj = Y_qj", "", raw))
        else:
            found.append(self.answer("derivative", "the product rule, and the table of functions, entry by entry", "", raw))
        return found

    def uncontracted(self, expr: Expr) -> Syntax | None:
        """The derivative with ``∂X_kl/∂X_pq`` written as deltas; ``None`` where they stand alone or are out of sight."""
        if self.by.groups or not self.by.rank:
            return None
        change = rewrite(differential(expr, self.by, self.change), EXPAND)
        holder = Variable((*self.by.shape, *self.by.shape), f"∂{self.by.name}", frozenset())
        terms = change.terms if isinstance(change, Sum) else ((1, change),)
        opened = [(weight, _opened(term, self.change, holder)) for weight, term in terms]
        if not opened or any(term is None for _, term in opened):
            return None
        tree = index.recover(add([(weight, term) for weight, term in opened if term is not None]), axis_letters(self.layout))
        return None if tree is None else sharing.rebuilt(tree, lambda node: _with_deltas(node, holder.name))

    def simplified(self, steps: Sequence[Step], detail: str) -> list[Line | _Draft]:
        """The rules of the trace: every one in full, the last result in brief."""
        if not steps:
            return []
        if detail == "full":
            return [self.answer(step.rule.name, step.rule.statement, step.rule.reference, step.after) for step in steps]
        names = list(dict.fromkeys(step.rule.name for step in steps))
        statements = list(dict.fromkeys(step.rule.statement for step in steps))
        return [self.answer(", ".join(names), "; ".join(statements), "", steps[-1].after)]

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

    def legible(self, raw: Expr) -> Expr:
        """The raw derivative, or a rewritten one where only that has a matrix form."""
        if self.kind != "gradient" or page(raw, self.layout) is not None:
            return raw
        after = rewrite(raw, STANDARD)
        return raw if page(after, self.layout) is None else after

    def functions(self, expr: Expr) -> list[Function]:
        """The functions whose derivatives the formula needs."""
        seen: dict[Function, None] = {}
        for node in postorder(expr):
            if isinstance(node, Apply) and node.function is not POWER and self.by in postorder(node):
                seen.setdefault(node.function)
        return list(seen)

    def rules_used(self, expr: Expr, detail: str) -> list[Line]:
        """The differentials of the functions that the formula uses."""
        seen = self.functions(expr)
        lines = [_quote(DIFFERENTIALS.get(function.name) or row(function)) for function in seen
                 if function.name in DIFFERENTIALS or is_unknown(function)]
        if detail == "brief":
            return lines[:3]
        others = [function for function in seen if function.name not in DIFFERENTIALS and not is_unknown(function)]
        return lines + [_quote(row(function)) for function in others if function.derivatives]

    def differentials(self, change: Expr, detail: str) -> list[Line | _Draft]:
        """``dφ = …``, linear in dX; in brief once more where that is much shorter when it is simplified."""
        trace: list[Step] = []
        tree, best = page(change, self.inner), simplify(change, trace)
        other = page(best, self.inner)
        if tree is None and other is not None:
            change, tree = best, other
        if tree is None:
            letters = axis_letters(self.inner)
            body = index.recover(change, letters)
            assert body is not None
            named = Name(f"d{self.name}", index.grouped(letters, self.inner.groups) or None)
            return [Line(*_PRODUCT_RULE, statement_text(named, body), self.typeset(latex_statement(named, body)), change)]
        left = Name(f"d{self.name}")
        found: list[Line | _Draft] = [self.equation(*_PRODUCT_RULE, left, tree, change)]
        if detail == "brief" and other is not None and len(text(other)) < SHORTER * len(text(tree)):
            words = "; ".join(dict.fromkeys(step.rule.statement for step in trace))
            found.append(self.equation(_COLLECTED, words or "common factors are pulled out, what is alike is collected", "",
                                       left, other, best))
        return found

    def collected(self, raw: Expr) -> Line | _Draft:
        """The same with dX at the end: ``G : dX``, or ``J vec(dX)``."""
        change, left = Name(self.change.name), Name(f"d{self.name}")
        if self.kind == "gradient":
            tree = page(raw, self.layout)
            if tree is None:
                return self.answer("derivative", "entry by entry", "", raw)
            if self.by.rank == 2:
                return self.equation("trace.trick", "A : B = tr(A' B), C A : B = C : B A' = A : C' B", "MC 16", left,
                                     Op("frobenius", (tree, change)), raw)
            if not self.by.rank:
                return self.equation("scalar", "a number may stand anywhere in a product", "", left, _times(tree, change), raw)
            return self.equation("transpose", "a' b = b' a, (A b)' = b' A'", "MC 5", left, _times(transpose(tree), change), raw)
        tree = jacobian(raw, self.layout) if self.written_jacobian else None
        if tree is None:
            return self.answer("derivative", "entry by entry", "", raw)
        if self.of_vectors:
            return self.equation("transpose", "(a' b) c = (c a') b, a .* b = diag(a) b", "", left, _times(tree, change), raw)
        above = Call("vec", (left,)) if len(self.inner.groups) > 1 else left
        return self.equation("vec.product", "vec(A X B) = kron(B', A) vec(X)", "MC 520", above,
                             _times(tree, Call("vec", (change,))), raw)

    def equation(self, rule: str, statement: str, reference: str, left: Syntax, right: Syntax, value: Expr) -> _Draft:
        signs = tuple([(latex(Name(sign + name)), _SIGNS[sign] + latex(Name(name)))
                       for sign, name in (("d", self.name), (self.sign, self.by.name))])
        return _Draft(rule, statement, reference, (text(left), latex(left)), right, value, signs)

    def answer(self, rule: str, statement: str, reference: str, value: Expr) -> Line | _Draft:
        """``∂φ/∂X = …`` in the notation asked for, or in the one that exists."""
        tree = None
        left = (f"∂{self.name}/∂{text(self.below)}",
                rf"\frac{{\partial {latex(Name(self.name))}}}{{\partial {latex(self.below)}}}")
        above = ("vec({})", r"\operatorname{{vec}} {}") if len(self.inner.groups) > 1 else ("{}", "{}")
        stacked = (f"∂{above[0].format(self.name)}/∂{text(self.stacked)}'",
                   rf"\frac{{\partial {above[1].format(latex(Name(self.name)))}}}{{\partial {latex(self.stacked)}^\top}}")
        if self.notation == "kronecker" and self.kind == "jacobian":
            tree, left = jacobian(value, self.layout), stacked
        elif self.notation != "index":
            tree = page(value, self.layout)
            if tree is None and self.kind == "jacobian":
                tree, left = jacobian(value, self.layout), stacked
        if tree is not None:
            return _Draft(rule, statement, reference, left, tree, value)
        body = index.recover(value, axis_letters(self.layout))
        assert body is not None, "the index form always exists"
        return self.entries(rule, statement, reference, value, body)

    @property
    def stacked(self) -> Syntax:
        """The variable as a vector."""
        return self.below if isinstance(self.below, Call) or self.by.rank < 2 else Call("vec", (self.below,))

    def entries(self, rule: str, statement: str, reference: str, value: Expr, body: Syntax) -> Line:
        """``∂φ_ij/∂X_pq = …``."""
        letters = axis_letters(self.layout)
        at = sum(len(part) for part in self.layout.parts[:-1])
        named = index.grouped(letters, self.layout.groups)
        above = Name(self.name, named[:at] or None)
        below = Call("vech", self.below.arguments, named[at:]) if isinstance(self.below, Call) else \
            Name(self.by.name, named[at:] or None)
        words = statement_text(Name("D"), body).removeprefix("D = ")
        top, bottom = ("∂" + statement_text(Name("x"), name).removeprefix("x = ") for name in (above, below))
        return Line(rule, statement, reference, f"{top}/{bottom} = {words}",
                    rf"\frac{{\partial {latex(above)}}}{{\partial {latex(below)}}} = {latex(body)}", value)

    def typeset(self, written: str) -> str:
        """Differentials with an upright d."""
        for sign, name in (("d", self.name), (self.sign, self.by.name)):
            written = written.replace(latex(Name(sign + name)), _SIGNS[sign] + latex(Name(name)))
        return written


# -- parts of lines ----------------------------------------------------------------------


def _quote(quoted: Quoted) -> Line:
    return Line(quoted.rule, quoted.words, quoted.reference, quoted.words, quoted.typeset)


def _times(tree: Syntax, change: Syntax) -> Syntax:
    """A product with the change at its end, a sign in front."""
    if is_op(tree, "negate"):
        return negate(_times(tree.operands[0], change))
    return Op("multiply", (*tree.operands, change)) if is_op(tree, "multiply") else multiply(tree, change)


def _opened(term: Expr, change: Expr, holder: Expr) -> Expr | None:
    """A term that is linear in ``change``, with the axes of ``holder`` in place of those: its own, then those at the end."""
    far = [("far", axis) for axis in range(change.rank)]
    if term is change:
        return holder
    if not isinstance(term, Einsum) or term.operands.count(change) != 1:
        return None
    factors = [(operand, [*own, *far]) if operand is change else (operand, [*own])
               for operand, own in zip(term.operands, term.subscripts)]
    return einsum([(holder if operand is change else operand, own) for operand, own in factors], [*range(term.rank), *far])


def _with_deltas(node: Syntax, name: str) -> Syntax:
    """``∂X_klpq`` as ``delta_kp delta_lq``, in a product among the other factors."""
    if isinstance(node, Name) and node.name == name and node.indices:
        half = len(node.indices) // 2
        return multiply(*[Name("delta", pair) for pair in zip(node.indices[:half], node.indices[half:])])
    if is_op(node, "multiply"):
        parts = [_with_deltas(part, name) for part in node.operands]
        if parts != list(node.operands):
            numbers = [part for part in parts if isinstance(part, Num)]
            deltas = [inner for part, old in zip(parts, node.operands) if part is not old for inner in
                      (part.operands if is_op(part, "multiply") else (part,))]
            rest = [part for part, old in zip(parts, node.operands) if part is old and part not in numbers]
            return Op("multiply", (*numbers, *deltas, *rest))
    return node


_COLLECTED = "differential.collect"
_PRODUCT_RULE = ("differential", "d(U V) = dU V + U dV, constants dropped", "MC 37")

_IDENTIFY: Mapping[str, tuple[str, str]] = {
    "gradient": ("identification", "dφ = G : dX, so ∂φ/∂X = G"),
    "jacobian": ("identification", "vec(dU) = J vec(dX), so ∂vec(U)/∂vec(X)' = J"),
    "vectors": ("identification", "du = J dx, so ∂u/∂x = J"),
    "entries": ("identification", "dU_ij = D_ijpq dX_pq"),
}


def steps_of(lines: Sequence[Line]) -> list[dict[str, str]]:
    """Lines as the service answers them."""
    return [{"rule": line.rule, "statement": line.statement, "reference": line.reference, "text": line.text,
             "latex": line.latex} for line in lines]
