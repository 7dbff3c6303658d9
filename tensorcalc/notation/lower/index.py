"""Index notation to expressions: ``C_ij = X_ik Y_kj``.

An index that the left side does not keep is summed; one that it keeps and that
repeats is elementwise.  Without a left side, an index that occurs twice in a term is
summed.  Inside a bracket under a power or a function, an index that repeats is
summed there.  Knows no rules and no derivatives.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...algebra import build
from ...algebra.expr import Expr
from ...errors import ShapeError
from ...functions import ELEMENTWISE, TABLE, core_names, unknown
from ..letters import Letters, count, flat, occurring, ordered, terms, uses_indices
from ..syntax import Call, Indexed, Name, Num, Op, Syntax, walk
from . import matrix
from .analytic import coefficients
from .constants import dims
from .declarations import formula
from .scope import Scope, Value, shape_of
from .unify import Group, Unknown, expand, settle, text
from .values import as_matrix, describe, levi_civita

_ALONG_LAST = {"softmax", "logsumexp"}
_POINTWISE = {row.name for row in ELEMENTWISE} | {"sqrt", "power"}


@dataclass(slots=True)
class Tensor:
    """A tensor whose axes carry index names: all the axes of one letter's group are its."""

    expr: Expr | None
    letters: Letters


def lower(tree: Syntax, output: Letters, scope: Scope) -> Value:
    """The tensor with one axis for each letter of ``output``."""
    return _Lowering(scope).whole(tree, output)


def flat_letters(name: Name) -> Letters:
    """The letters on a left side, those of merged axes one by one."""
    return tuple(flat(name.indices or ()))


def free_letters(tree: Syntax, scope: Scope) -> Letters:
    """The indices that a formula without a left side leaves free, in alphabetical order.

    Raises
    ------
    FormulaError: TC030 when an index occurs three times, TC031 when terms differ in free indices.
    """
    free: set[str] | None = None
    for term in terms(tree):
        counts = count(term)
        for letter, places in counts.items():
            if places > 2:
                raise scope.formula_error("TC060", f"index {letter} occurs {places} times in a term", term,
                                          help=f"write a left side, for instance C_{letter} = …, to say what is summed")
        own = {letter for letter, places in counts.items() if places == 1}
        if free is not None and own != free and counts:
            raise scope.formula_error("TC061", f"terms have different free indices: {_listed(free)} and {_listed(own)}",
                                      tree)
        free = own
    return tuple(sorted(free or ()))


def _listed(letters: set[str]) -> str:
    return ", ".join(sorted(letters)) or "none"


class _Lowering:
    """One formula: where each index was first seen, and the work itself."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.seen: dict[str, tuple[Syntax, str]] = {}

    def whole(self, tree: Syntax, output: Letters) -> Value:
        if not self.scope.building:
            self.survey(tree)
        result = self.spread(self.expression(tree, frozenset(output), output), output)
        return Value(result.expr, tuple(self.scope.letter(letter) for letter in output), matrix=False)

    def survey(self, tree: Syntax) -> None:
        """Give indices the sizes that plain tensors show, before merged axes are split to fit them."""
        named = [(node.indices, self.scope.axes[node.name]) for node in walk(tree)
                 if isinstance(node, Name) and node.indices is not None and node.name in self.scope.axes]
        pairs = [pair for indices, groups in named if len(indices) == len(groups) for pair in zip(indices, groups)]
        for index, group in pairs:
            if isinstance(index, str) and not isinstance(group[0], Unknown):
                self.scope.agree(self.scope.letter(index), group)
        for index, group in pairs:
            parts = expand(tuple(part for letter in index for part in self.scope.letter(letter)))
            if not isinstance(index, str) and not any(isinstance(part, Unknown) for part in parts):
                self.scope.agree(group, parts)

    # -- labels and sizes ----------------------------------------------------------------

    def labels(self, letters: Iterable[str]) -> list[Hashable]:
        """A label for each axis that ``letters`` stand for."""
        return [(letter, part) for letter in letters for part in range(len(self.scope.letter(letter)))]

    def place(self, tree: Syntax, words: str, group: Group, letter: str) -> None:
        """Say that ``letter`` runs over an axis of size ``group``."""
        known = self.scope.letter(letter)
        if not self.scope.agree(known, group) or (self.scope.building and known != group):
            before, told = self.seen.get(letter, (tree, ""))
            raise ShapeError("TC103", f"index {letter} has two sizes", source=self.scope.source,
                             spans=[before.span, tree.span] if before is not tree else [tree.span],
                             facts=[f"{letter} is {text(known)}{told} and {text(group)}{words}"],
                             help="transpose one of them, or declare sizes that agree")
        self.seen.setdefault(letter, (tree, words))

    def product(self, factors: Sequence[Tensor], output: Letters) -> Tensor:
        """Multiply, and sum over what ``output`` does not keep."""
        if not self.scope.building:
            return Tensor(None, output)
        present = {letter for factor in factors for letter in factor.letters}
        built = [(factor.expr, self.labels(factor.letters)) for factor in factors if factor.expr is not None]
        for letter in output:
            if letter not in present:
                built += [(build.delta(dim, 1), [(letter, part)])
                          for part, dim in enumerate(shape_of(self.scope.letter(letter)))]
        return Tensor(build.einsum(built, self.labels(output)), output)

    def spread(self, tensor: Tensor, output: Letters) -> Tensor:
        return tensor if tensor.letters == output else self.product([tensor], output)

    # -- trees ---------------------------------------------------------------------------

    def expression(self, tree: Syntax, keep: frozenset[str], output: Letters = ()) -> Tensor:
        """A sum; each term summed over the indices that ``keep`` lacks, and spread over those of ``output``."""
        if isinstance(tree, Op) and tree.operator == "add" and (output or uses_indices(tree)):
            terms = [self.expression(operand, keep) for operand in tree.operands]
            letters = output or ordered(tree, {letter for term in terms for letter in term.letters})
            spread = [self.spread(term, letters) for term in terms]
            if not self.scope.building:
                return Tensor(None, letters)
            return Tensor(build.add([(1, term.expr) for term in spread if term.expr is not None]), letters)
        if isinstance(tree, Op) and tree.operator == "negate":
            inner = self.expression(tree.operands[0], keep, output)
            return Tensor(build.scale(-1, inner.expr) if inner.expr is not None else None, inner.letters)
        factors = self.factors(tree, keep)
        letters = ordered(tree, {letter for factor in factors for letter in factor.letters} & keep)
        return self.product(factors, letters)

    def factors(self, tree: Syntax, keep: frozenset[str]) -> list[Tensor]:
        """The factors of a term, their indices not yet summed."""
        if not uses_indices(tree):
            return [self.plain(tree)]
        match tree:
            case Op("multiply" | "hadamard", operands):
                present = [frozenset(occurring(operand)) for operand in operands]
                found = []
                for k, operand in enumerate(operands):
                    outside = keep.union(*(own for q, own in enumerate(present) if q != k))
                    found += self.factors(operand, outside)
                return found
            case Op("divide" | "quotient", (top, bottom)):
                outside = keep | frozenset(occurring(top))
                below = self.bracket(bottom, outside)
                return [*self.factors(top, keep | frozenset(occurring(bottom))), self.power(below, Fraction(-1))]
            case Op("power" | "elpower", (_, exponent)) if uses_indices(exponent):
                return [self.pointwise(Call("power", tree.operands, span=tree.span), keep)]
            case Op("power" | "elpower", (base, exponent)):
                return [self.power(self.bracket(base, keep), self.scalar(exponent))]
            case Op("add" | "negate"):
                kept = keep & frozenset(occurring(tree))
                return [self.expression(tree, kept)]
            case Name(indices=None) | Num():
                return [self.plain(tree)]
            case Name():
                return [self.named(tree)]
            case Call(function="series", indices=None) if any(map(uses_indices, tree.arguments)):
                with self.scope.counts(tree.arguments[0]):
                    inner = self.expression(tree.arguments[3], keep & frozenset(occurring(tree)))
                return [Tensor(matrix.summed(tree, inner.expr, self.scope), inner.letters)]
            case Call(function="sum", arguments=(Name(indices=None), *size, body), indices=None) if len(size) < 2:
                return [self.summed(tree, size, body, keep)]
            case Call(indices=None) if any(map(uses_indices, tree.arguments)):
                return [self.pointwise(tree, keep)]
            case Call(indices=indices) if indices is not None and any(map(uses_indices, tree.arguments)):
                raise self.scope.formula_error("TC062", f"{tree.function}(…) has indices inside and outside", tree,
                                               help="put indices on the arguments, or on the whole, not both")
            case Call(indices=indices) if indices is not None:
                return [self.indexed(tree, self.called(tree), indices)]
            case Indexed(inner, indices):
                return [self.indexed(tree, matrix.lower(inner, self.scope), indices)]
            case _ if uses_indices(tree):
                raise self.scope.formula_error("TC063", "this operator has no meaning in index notation", tree,
                                               help="index notation has + - * / ^ and functions")
            case _:
                return [self.plain(tree)]

    def summed(self, tree: Call, size: Sequence[Syntax], body: Syntax, keep: frozenset[str]) -> Tensor:
        """``sum(k, …)`` over an index, ``sum(k, n, …)`` where that has the size n: whatever stands outside."""
        bound = tree.arguments[0]
        assert isinstance(bound, Name)
        letter = bound.name
        for one in size:
            self.place(one, " by its sum", dims(one, self.scope), letter)
        inner = self.bracket(body, keep | {letter})
        if letter not in inner.letters:
            raise self.scope.formula_error("TC067", f"{letter} is no index of what is summed", tree,
                                           help="write sum(k, X_ik Y_kj)")
        return self.product([inner], tuple([own for own in inner.letters if own != letter]))

    def plain(self, tree: Syntax) -> Tensor:
        """Something without indices: it must be a number."""
        value = matrix.lower(tree, self.scope)
        if not value.is_scalar:
            shown = self.scope.text(tree)
            help = f"write {shown}_{'ijklmn'[: len(value.groups)]}"
            if isinstance(tree, Op) and tree.operator == "transpose":
                help = "x_i is an entry, a number; for the row i of a matrix X, w' x_i is written (X w)_i"
            if isinstance(tree, Name) and tree.name not in self.scope.declared:
                help += f", or declare a number (vars, or --var {tree.name}=)"
            raise self.scope.shape_error("TC106", f"{shown} stands without indices", [tree],
                                         [f"it is {describe(value)}"], help=help)
        return Tensor(value.expr, ())

    def scalar(self, tree: Syntax) -> Expr | Fraction:
        value = self.plain(tree)
        return value.expr if value.expr is not None else Fraction(1)

    def named(self, tree: Name) -> Tensor:
        indices = tree.indices or ()
        if tree.name == "delta" and "delta" not in self.scope.axes:
            return self.delta(tree, flat(indices))
        if tree.name == "eps" and "eps" not in self.scope.axes:
            return self.epsilon(tree, flat(indices))
        return self.indexed(tree, self.scope.named(tree.name, tree.span), indices)

    def delta(self, tree: Name, letters: list[str]) -> Tensor:
        if len(letters) < 2:
            raise self.scope.formula_error("TC064", "a delta has two indices or more", tree)
        first = self.scope.letter(letters[0])
        for letter in letters[1:]:
            self.place(tree, " by the delta", first, letter)
        if not self.scope.building:
            return Tensor(None, tuple(dict.fromkeys(letters)))
        expr: Expr | None = build.ONE
        pairs: list[tuple[Expr, list[Hashable]]] = []
        for part, dim in enumerate(shape_of(first)):
            pairs.append((build.delta(dim, len(letters)), [(letter, part) for letter in letters]))
        kept = tuple(dict.fromkeys(letters))
        expr = build.einsum(pairs, self.labels(kept))
        return Tensor(expr, kept)

    def epsilon(self, tree: Name, letters: list[str]) -> Tensor:
        dim = len(letters)
        if not 2 <= dim <= 6:
            raise self.scope.formula_error("TC064", "eps has two to six indices", tree)
        for letter in letters:
            self.place(tree, f", as eps has {dim} indices", (dim,), letter)
        kept = tuple(dict.fromkeys(letters))
        if not self.scope.building:
            return Tensor(None, kept)
        expr = build.einsum([(levi_civita(dim), [(letter, 0) for letter in letters])], self.labels(kept))
        return Tensor(expr, kept)

    def indexed(self, tree: Syntax, value: Value, indices: Sequence[str | tuple[str, ...]]) -> Tensor:
        """A tensor with indices on it; a repeated one takes the diagonal."""
        groups = value.groups
        words = self.scope.text(tree)
        if len(groups) != len(indices):
            count = f"{len(indices)} {'indices' if len(indices) != 1 else 'index'}"
            count += f" for {len(groups)} {'axes' if len(groups) != 1 else 'axis'}"
            raise self.scope.shape_error("TC114", f"{words} has {count}", [tree],
                                         [f"it is {describe(value)}"])
        sizes = [text(group) for group in groups]
        if isinstance(tree, Name) and "?" not in "".join(sizes):
            words += f" ({tree.name} {'has size' if len(sizes) == 1 else 'is'} {' x '.join(sizes)})"
        for index, group in zip(indices, groups):
            self.place_index(tree, words, index, group)
        letters = tuple(dict.fromkeys(flat(indices)))
        if value.expr is None:
            return Tensor(None, letters)
        labels: list[Hashable] = []
        for index in indices:
            labels += self.labels(index if isinstance(index, tuple) else (index,))
        return Tensor(build.einsum([(value.expr, labels)], self.labels(letters)), letters)

    def place_index(self, tree: Syntax, words: str, index: str | tuple[str, ...], group: Group) -> None:
        if isinstance(index, str):
            self.place(tree, f" in {words}", group, index)
            return
        letters = [self.scope.letter(letter) for letter in index]
        if not self.scope.split(group, letters):
            return
        parts = expand(group)
        if len(parts) == 1 and len(index) > 1:
            self.scope.agree(group, tuple(part for letter in index for part in self.scope.letter(letter)))
            parts = settle(group)
        if len(parts) != len(index):
            raise self.scope.shape_error("TC114", f"({''.join(index)}) stands for an axis of size {text(group)}", [tree])
        for letter, part in zip(index, parts):
            self.place(tree, f" in {words}", (part,), letter)

    def called(self, tree: Call) -> Value:
        """``inv(X)_ij``; a matrix function of a tensor runs over its leading axes."""
        if len(tree.arguments) == 1 and tree.function in TABLE:
            inner = matrix.lower(tree.arguments[0], self.scope)
            row = TABLE[tree.function]
            if not inner.matrix or (tree.function in _ALONG_LAST and inner.cols):
                core = len(core_names(row.signature)[0][0])
                if len(inner.groups) > core:
                    return self.batched(tree, inner, core)
        return as_matrix(matrix.lower(Call(tree.function, tree.arguments, None, tree.primes, tree.span), self.scope))

    def batched(self, tree: Call, inner: Value, core: int) -> Value:
        groups = inner.groups
        own = groups[len(groups) - core:]
        if core == 2 and not self.scope.agree(*own):
            raise self.scope.shape_error("TC107", f"{tree.function} needs square matrices", [tree.arguments[0]],
                                         [f"it is {describe(inner)}"])
        kept = own * (len(core_names(TABLE[tree.function].signature)[1]) // core) if core else ()
        axes = (*groups[: len(groups) - core], *kept)
        expr = build.apply(TABLE[tree.function], inner.expr) if inner.expr is not None else None
        return Value(expr, axes, matrix=False)

    # -- functions of entries ------------------------------------------------------------

    def bracket(self, tree: Syntax, keep: frozenset[str]) -> Tensor:
        """What stands under a power or a function: a repeated index is summed here."""
        kept = set(keep) & set(occurring(tree))
        for term in terms(tree):
            kept |= {letter for letter, places in count(term).items() if places == 1}
        return self.expression(tree, frozenset(kept))

    def power(self, base: Tensor, exponent: Expr | Fraction) -> Tensor:
        return Tensor(build.power_of(base.expr, exponent) if base.expr is not None else None, base.letters)

    def pointwise(self, tree: Call, keep: frozenset[str]) -> Tensor:
        if tree.function in self.scope.functions:
            return self.declared(tree, keep)
        if tree.function not in _POINTWISE | _ALONG_LAST:
            known = matrix.FUNCTION_NAMES
            what = "takes a whole matrix: put the indices behind the bracket" if tree.function in known else \
                "is not a function"
            raise self.scope.formula_error("TC065", f"{tree.function} {what}", tree,
                                           help=f"write {tree.function}(X)_ij" if tree.function in known else None)
        arguments = [self.bracket(argument, keep) for argument in tree.arguments]
        if tree.function == "sqrt" and len(arguments) == 1:
            return self.power(arguments[0], Fraction(1, 2))
        if len(arguments) != len(core_names(TABLE[tree.function].signature)[0]):
            raise self.scope.formula_error("TC065", f"{tree.function} with {len(arguments)} arguments", tree)
        if tree.function in _ALONG_LAST:
            return self.along_last(tree, arguments[0])
        letters = ordered(tree, {letter for argument in arguments for letter in argument.letters})
        spread = [self.spread(argument, letters) if argument.letters else argument for argument in arguments]
        if not self.scope.building:
            return Tensor(None, letters)
        return Tensor(build.apply(TABLE[tree.function], *(a.expr for a in spread if a.expr is not None)), letters)

    def declared(self, tree: Call, keep: frozenset[str]) -> Tensor:
        """An elementwise function of the user, of entries."""
        kind = self.scope.functions[tree.function]
        series = coefficients(kind, tree.function) is not None
        if kind == "scalar" or series or len(tree.arguments) != 1:
            what = "is a power series: of a number, or of a whole square matrix" if series else "takes a whole tensor"
            raise self.scope.formula_error("TC065", f"{tree.function} {what}", tree, help=f"write {tree.function}(X)")
        argument = self.bracket(tree.arguments[0], keep)
        if argument.expr is None:
            return argument
        if kind == "elementwise":
            return Tensor(build.apply(unknown(tree.function, tree.primes), argument.expr), argument.letters)
        return Tensor(formula(tree, argument.expr, self.scope), argument.letters)

    def along_last(self, tree: Call, argument: Tensor) -> Tensor:
        if not argument.letters:
            raise self.scope.formula_error("TC065", f"{tree.function} runs along an index; there is none", tree)
        letters = argument.letters if tree.function == "softmax" else argument.letters[:-1]
        if argument.expr is None:
            return Tensor(None, letters)
        return Tensor(build.apply(TABLE[tree.function], argument.expr), letters)
