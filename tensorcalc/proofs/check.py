"""Claims about derivatives: right, or wrong in which way.

Knows the usual ways to be wrong: transposed, in the other layout or order of vec, a
sign, a factor, the convention for symmetric variables, one term missing or wrong.
The diagnosis of a wrong claim rests on numbers; that a claim is right is proved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

from ..algebra.build import add, einsum, scale, transpose
from ..algebra.expr import Expr, Sum, Variable
from ..calculus.derive import tied
from ..calculus.rewrite import rewrite
from ..calculus.rules.sets import EXPAND
from ..calculus.simplify import simplify
from ..errors import FormulaError, ShapeError
from ..notation.describe import Layout
from ..notation.letters import uses_indices
from ..notation.lower import Reading, Scope, read
from ..notation.lower.index import flat_letters, free_letters
from ..notation.lower.scope import size_names
from ..notation.parse import parse
from ..notation.tokens import Token, tokenize
from ..sizes import Dim, Shape, product_text, symbols
from . import probe
from .verify import Verdict, aligned, compare, same_shape, size_words, symmetric

MOST_RENAMINGS = 64   # of sizes in a claim

Facts = Mapping[str, Collection[str]]
Axes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One way to write the derivative down: which axes make its rows, which its columns.

    ``word`` and ``says`` are the diagnosis of a claim that is this; ``kronecker`` tells
    the matrix of ∂vec/∂vec' from the array.
    """

    expr: Expr
    groups: tuple[int, ...]
    word: str = "correct"
    says: str = ""
    row: bool = False
    kronecker: bool = False

    def reading(self, claim: Reading) -> Reading:
        """As one side of an equation whose other side is ``claim``."""
        row = claim.row if claim.letters is not None else self.row
        return Reading(self.expr, self.groups, None, None, claim.variables, claim.scope, row=row)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with a claim.

    ``word`` is one of those of the language page; ``factor`` what the claim must be
    multiplied by; ``term`` the term that is missing or wrong; ``target`` the right answer
    in the form that was claimed.
    """

    word: str
    verdict: Verdict | None
    target: Target
    factor: Fraction | None = None
    term: Expr | None = None
    says: str = ""


def check(expr: Expr, layout: Layout, claimed: str, scope: Scope, facts: Facts, wrt: Sequence[Variable], *,
          numerator: bool = True, columns: bool = True) -> Diagnosis:
    """Compare a claimed derivative with the right one, in every layout; ``numerator`` and ``columns`` say in which."""
    targets = list(_targets(expr, layout, numerator, columns))
    claim = _fitted(claimed, scope, expr, layout, targets)
    fitting = [target for target in targets if same_shape(target.reading(claim), claim)]
    kronecker = targets[0] not in fitting and any(target.kronecker for target in fitting)
    right = [target for target in [*fitting, *targets] if target.word == "correct" and target.kronecker == kronecker]
    first = right[0] if right else targets[0]
    verdict = compare(first.reading(claim), claim, facts)
    if verdict.verdict == "proved":
        return Diagnosis("correct", verdict, first)
    if verdict.verdict == "undecided" and first in fitting:   # it agrees everywhere, so it is nothing else
        return Diagnosis("undecided", verdict, first)
    for target in fitting:
        if target is not first and _same(target.expr, aligned(claim, target.reading(claim)), facts):
            if target.word == "correct":
                return Diagnosis("correct", compare(target.reading(claim), claim, facts), target)
            return Diagnosis(target.word, verdict, first, says=target.says)
    if first not in fitting:
        diagonal = _diagonal(expr, layout)
        if diagonal is not None and same_shape(diagonal.reading(claim), claim) and \
                _same(diagonal.expr, aligned(claim, diagonal.reading(claim)), facts):
            return Diagnosis("wrong-shape", verdict, first, says=diagonal.says)
        says = f"the claim is {size_words(claim)}, and the derivative {size_words(first.reading(claim))}"
        return Diagnosis("wrong-shape", verdict, first, says=says)
    return _values(first, aligned(claim, first.reading(claim)), facts, wrt, verdict)


def _diagonal(expr: Expr, layout: Layout) -> Target | None:
    """The diagonal of the derivative of something by what has its shape, which people write for all of it."""
    half, count = expr.rank // 2, len(layout.groups) // 2
    if not half or expr.shape[:half] != expr.shape[half:] or layout.groups[:count] != layout.groups[count:]:
        return None
    axes = tuple(range(half))
    return Target(einsum([(expr, (*axes, *axes))], axes), layout.groups[:count], "wrong-shape",
                  "the claim is the diagonal of the derivative, which has an entry for each pair")


def _fitted(claimed: str, scope: Scope, expr: Expr, layout: Layout, targets: Sequence[Target]) -> Reading:
    """The claim; a size that nothing but the claim names is that size of the derivative with which the claim fits.

    Raises
    ------
    ShapeError: about the claim as it was written, where it conforms with no sizes.
    """
    found: Reading | ShapeError
    try:
        found = _read(claimed, scope, expr, layout)
        if any([same_shape(target.reading(found), found) for target in targets]):
            return found
    except ShapeError as error:
        found = error
    for renamed in _renamed(claimed, scope, expr):
        try:
            other = _read(renamed, scope, expr, layout)
        except ShapeError:
            continue
        if any([same_shape(target.reading(other), other) for target in targets]):
            return other
    if isinstance(found, ShapeError):
        raise found
    return found


def _renamed(claimed: str, scope: Scope, expr: Expr) -> Iterator[str]:
    """The claim with each size that it alone names, or leaves open in an ``I``, one of the derivative's, in every way."""
    tree = parse(claimed, scope.functions.keys(), "claimed")
    own = size_names(tree.body) - scope.integers - scope.declared.keys()
    known = sorted({symbol for shape in (expr.shape, *scope.declared.values()) for dim in shape for symbol in symbols(dim)})
    tokens = tokenize(claimed)
    names = [token for token in tokens if token.kind == "name" and token.text in own]
    units = [token for token, after in pairwise(tokens) if token.kind == "name" and token.text == "I"
             and after.kind != "indices" and "I" not in scope.declared]
    slots: list[str | Token] = [*sorted(own), *units]
    merged = sorted({str(product_text(part[::-1])) for part in _halves(expr)} if units else ())
    for offered in (known, [*merged, *known]) if merged else (known,):
        for chosen in product(offered, repeat=len(slots)) if slots and len(offered) ** len(slots) <= MOST_RENAMINGS else ():
            text = claimed
            sizes = dict(zip(slots, chosen))
            for token in sorted([*names, *units], key=lambda token: -token.start):
                new = f"eye({sizes[token]})" if token.text == "I" else sizes[token.text]
                text = text[: token.start] + new + text[token.end :]
            yield text


def _halves(expr: Expr) -> tuple[Shape, ...]:
    """The axes that make the rows, and the columns, of the Jacobian of a matrix by a matrix."""
    return (expr.shape[:2], expr.shape[2:]) if expr.rank == 4 else ()


def _read(claimed: str, scope: Scope, expr: Expr, layout: Layout) -> Reading:
    """The claim; its indices, of its left side if it has one, have the sizes of the derivative, unless it says otherwise."""
    statement = parse(claimed, scope.functions.keys(), "claimed")
    left = statement.left
    letters = flat_letters(left) if left is not None and left.indices is not None else ()
    if left is None and uses_indices(statement.body):
        with suppress(FormulaError):   # which reading raises again, with the place
            letters = free_letters(statement.body, scope)
    if len(letters) == sum(layout.groups) and len(set(letters)) == len(letters):
        try:
            return read(claimed, _fresh(scope, dict(zip(letters, expr.shape))), field="claimed")
        except ShapeError:
            pass
    return read(claimed, _fresh(scope, {}), field="claimed")


def _fresh(scope: Scope, index_dims: Mapping[str, Dim]) -> Scope:
    return Scope(declared=scope.declared, integers=set(scope.integers), functions=scope.functions,
                 differentiate=scope.differentiate, index_dims={**scope.index_dims, **index_dims})


def _targets(expr: Expr, layout: Layout, numerator: bool, columns: bool) -> Iterator[Target]:
    """The derivative as an array, and as a matrix in either layout and order of vec; the right ones first."""
    parts = layout.axes()
    groups = [group for part in parts for group in part]
    own = [part for part in parts if part]
    yield Target(expr, layout.groups, row=layout.row and len(groups) == 1)
    if len(own) == 2 and all(len(part) <= 2 for part in own) and len(parts) <= 3:
        for same_vec, same_layout in ((True, True), (True, False), (False, True), (False, False)):
            yield _as_matrix(expr, own, numerator == same_layout, columns == same_vec, same_layout, same_vec)
    turned = "the claim is the transpose of the derivative"
    if len(groups) == 1:
        yield Target(expr, layout.groups, "transposed", turned, row=not layout.row)
    if len(groups) == 2:
        first, second = groups
        yield Target(transpose(expr, (*second, *first)), (len(second), len(first)), "transposed", turned)
    if len(groups) > 2 and len(own) == 2:
        axes = [group for part in reversed(own) for group in part]
        order = [axis for group in axes for axis in group]
        says = "right with the axes of the variable first"
        yield Target(transpose(expr, order), tuple(map(len, axes)), "other-layout", says)


def _as_matrix(expr: Expr, own: Sequence[Axes], numerator: bool, columns: bool, same_layout: bool,
               same_vec: bool) -> Target:
    """∂vec/∂vec' in one layout, and what a claim is that agrees with it."""
    rows, cols = (tuple(axis for group in (reversed(part) if columns else part) for axis in group)
                  for part in own)
    if not numerator:
        rows, cols = cols, rows
    word = "correct" if same_layout and same_vec else "other-layout" if same_vec else "other-vec-order"
    place = [] if same_layout else [f"in {'numerator' if numerator else 'denominator'} layout"]
    place += [] if same_vec else [f"where vec stacks {'columns' if columns else 'rows'}"]
    says = " ".join(["right", *place])
    return Target(transpose(expr, (*rows, *cols)), (len(rows), len(cols)), word, says, kronecker=True)


def _same(a: Expr, b: Expr, facts: Facts) -> bool:
    if a.shape != b.shape:
        return False
    found = probe.gaps(a, b, facts, count=4)
    return bool(found) and not probe.differ(found)


def _values(target: Target, wrong: Expr, facts: Facts, wrt: Sequence[Variable], verdict: Verdict) -> Diagnosis:
    """The shape is right and the values are not."""
    right = target.expr
    if _same(scale(-1, right), wrong, facts):
        return Diagnosis("sign", verdict, target, factor=Fraction(-1), says="the sign is wrong")
    ratio = _ratio(right, wrong, facts)
    if ratio is not None:
        return Diagnosis("factor", verdict, target, factor=ratio, says=f"the claim is {1 / ratio} times the derivative")
    for by in wrt:
        own = frozenset(facts.get(by.name, ()))
        for reading in ("structured", "projected"):
            if own & {"symmetric", "spd", "psd"} and _same(tied(right, by, own, reading), wrong, facts):
                return Diagnosis("symmetric-convention", verdict, target, says=f"right as a {reading} derivative")
    return _terms(target, wrong, facts, verdict)


def _ratio(right: Expr, wrong: Expr, facts: Facts) -> Fraction | None:
    """The simple number that the claim must be multiplied by."""
    found = probe.gaps(right, wrong, facts, count=3)
    ratios = {round(gap.left / gap.right, 9) for gap in found if abs(gap.right) > 1e-6}
    if len(ratios) != 1:
        return None
    ratio = Fraction(ratios.pop()).limit_denominator(64)
    return ratio if ratio and _same(right, scale(ratio, wrong), facts) else None


def _terms(target: Target, claim: Expr, facts: Facts, verdict: Verdict) -> Diagnosis:
    """One term missing, or one in place of another."""
    right, wrong = _opened(target.expr), _opened(claim)
    gap = add([(1, target.expr), (-1, claim)])
    if (name := symmetric(target.expr, claim, facts)) is not None:
        return Diagnosis("wrong", verdict, target, says=f"right where {name} is symmetric")
    for weight, term in right:
        part = scale(weight, term)
        if _same(gap, part, facts):
            return Diagnosis("missing-term", verdict, target, term=part, says="a term is missing")
    for weight, term in wrong:
        extra = scale(weight, term)
        if _same(gap, scale(-1, extra), facts):
            return Diagnosis("wrong-term", verdict, target, term=extra, says="a term too many")
        for other, good in right:
            if _same(gap, add([(other, good), (-weight, term)]), facts):
                return Diagnosis("wrong-term", verdict, target, term=extra, says="a term is wrong")
    return Diagnosis("wrong", verdict, target, says=verdict.diagnosis)


def _opened(expr: Expr) -> tuple[tuple[Fraction, Expr], ...]:
    """The terms of an expression, brackets multiplied out where that is all it takes."""
    for candidate in (expr, simplify(expr)):
        if isinstance(candidate, Sum) and len(candidate.terms) > 1:
            return candidate.terms[:12]
    opened = rewrite(expr, EXPAND)
    return opened.terms[:12] if isinstance(opened, Sum) else ((Fraction(1), expr),)

