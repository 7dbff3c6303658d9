"""Expressions to index notation.  The form that always exists.

A product is written factor by factor, its summed indices named afresh; functions
keep matrix notation inside their brackets, with indices behind: ``inv(X)_ij``,
``(A*x - b)_i``.  A merged axis carries a group of indices: ``D_{(ji)pq}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ...algebra.build import einsum as einsum_of
from ...algebra.build import opens, scale
from ...algebra.components import connected
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...errors import LimitError
from ...functions import FRECHET, POWER, is_unknown, primes
from ...sizes import Dim
from ..letters import Letters, count, occurring, summed_inside
from ..syntax import Call, Indexed, Literal, Name, Num, Op, Syntax, add, is_op, multiply
from . import einsum, kronecker, matrix, series
from .called import called as matrix_call
from .called import frechet_arguments
from .scalars import ONE, size, weighted

Indices = tuple[str | Letters, ...]

POOL = "klmnrstuvwabcdefghopqijxyz"


def recover(expr: Expr, letters: Letters) -> Syntax | None:
    """The right side of an index statement whose left side has ``letters``, one an axis.

    ``None`` only where something in ``expr`` has no written form at all.
    """
    return _Writer(dict(zip(letters, expr.shape))).expression(expr, letters)


def grouped(letters: Letters, groups: Sequence[int]) -> Indices:
    """The indices of a left side, those of merged axes in groups."""
    found: list[str | Letters] = []
    at = 0
    for size_of in groups:
        own = letters[at : at + size_of]
        found.append(own[0] if size_of == 1 else own)
        at += size_of
    return tuple(found)


MOST_SUMMED = 12  # indices of one product before its chains are written as matrices


class _Writer:
    """One statement; hands out index names.

    ``used``: index names that the term being written has, enclosing terms included.
    ``turning``: the term is subtracted, and no bracket has taken up the minus yet.
    ``closed``: what is written stands under a function, where an index that occurs once
    is kept.  ``spelled``: indices of tensors of ones that must be written.
    """

    def __init__(self, sizes: dict[str, Dim]) -> None:
        self.sizes = sizes
        self.used = set(sizes)
        self.turning = False
        self.closed = False
        self.spelled: frozenset[str] = frozenset()

    def fresh(self, dim: Dim) -> str:
        """An index that the term does not have; one name has one size throughout a statement."""
        for letter in POOL + POOL.upper():
            if letter not in self.used and self.sizes.setdefault(letter, dim) == dim:
                self.used.add(letter)
                return letter
        raise LimitError("TC415", "a product with more indices than there are letters")

    def expression(self, expr: Expr, letters: Letters) -> Syntax | None:
        """Terms joined by signs; used at the top and inside brackets."""
        if not isinstance(expr, Sum):
            return self.term(expr, letters)
        if not expr.terms:
            ones = [Call("ones", (size(dim),), (letter,)) for letter, dim in zip(letters, expr.shape) if letter in self.spelled]
            return multiply(Num(Fraction(0)), *ones)
        plus: list[Syntax] = []
        minus: list[Syntax] = []
        turning, outside = self.turning, frozenset(self.used)
        for weight, part in expr.terms:
            inside, self.used = self.used, set(outside)
            self.turning = weight < 0
            tree = self.term(part, letters)
            self.used |= inside
            if tree is None:
                return None
            signed = weighted(weight if self.turning else abs(weight), tree)
            (minus if is_op(signed, "negate") else plus).append(signed)
        self.turning = turning
        return add(*plus, *minus)

    def term(self, expr: Expr, letters: Letters) -> Syntax | None:
        factors = self.factors(expr, letters)
        if factors is None:
            return None
        if not factors:
            return ONE
        return factors[0] if len(factors) == 1 else Op("multiply", tuple(factors))

    def factors(self, expr: Expr, letters: Letters) -> list[Syntax] | None:
        """The factors of a product; summed indices get names that nothing in the term has."""
        self.used.update(letters)
        stacks = series.unstack(expr) if isinstance(expr, (Einsum, Apply)) else None
        if not isinstance(expr, Einsum) and stacks is None:
            return self.factor(expr, letters)
        if stacks is not None:
            inner = self.factors(stacks.inner, letters)
            body = None if inner is None else kronecker.summed(
                stacks, inner[0] if len(inner) == 1 else Op("multiply", tuple(inner)))
            return None if body is None else [body]
        assert isinstance(expr, Einsum)
        if len({label for own in expr.subscripts for label in own}) - expr.rank > MOST_SUMMED:
            blocks = self.blocks(expr, letters)
            if blocks is not None:
                return blocks
        name: dict[int, str] = dict(enumerate(letters))
        found: list[Syntax] = []
        loose: set[str] = set()
        for operand, own in zip(expr.operands, expr.subscripts):
            for label, dim in zip(own, operand.shape):
                if label not in name:
                    name[label] = self.fresh(dim)
            here = tuple(name[label] for label in own)
            if isinstance(operand, Einsum) and not operand.shape and not opens(operand):
                inner = self.factors(operand, ())
            else:
                inner = self.factor(operand, here)
            if inner is None:
                return None
            found += inner
            if any(is_op(tree, "add") for tree in inner):
                loose |= set(here)
        summed = {name[label]: dim for operand, own in zip(expr.operands, expr.subscripts)
                  for label, dim in zip(own, operand.shape) if label >= expr.rank}
        for letter, dim in summed.items():
            found += [Call("ones", (size(dim),), (letter,))] * self.lacking(found, letter, letter in loose)
        if len(found) == 1 and is_op(found[0], "add"):  # without a factor beside it the bracket would be none
            found += [Call("ones", (size(operand.dim),), (name[own[0]],))
                      for operand, own in zip(expr.operands, expr.subscripts) if isinstance(operand, Delta)]
        numbers = [tree for tree in found if isinstance(tree, Num)]
        return [*numbers, *(tree for tree in found if not isinstance(tree, Num))]

    def blocks(self, expr: Einsum, letters: Letters) -> list[Syntax] | None:
        """A product with more summed indices than anyone reads: each chain of it in matrix notation."""
        found: list[Syntax] = []
        for members in connected([(pair, [label for label in pair[1] if label >= expr.rank])
                                  for pair in zip(expr.operands, expr.subscripts)]):
            axes = sorted({label for _, own in members for label in own if label < expr.rank})
            tree = kronecker.plain(einsum_of(members, axes)) if len(axes) <= 2 else None
            if tree is None:
                return None
            found.append(Indexed(tree, tuple(letters[axis] for axis in axes)) if axes else tree)
        return found

    def lacking(self, factors: Sequence[Syntax], letter: str, loose: bool) -> int:
        """How many ones a summed index needs, to be kept inside functions and brackets and summed outside."""
        having = [tree for tree in factors if letter in occurring(tree)]
        alone = len(having) == 1 and (loose or letter in summed_inside(having[0]))
        if not self.closed:
            return int(alone)
        return max(int(alone), 2 - sum(count(tree).get(letter, 0) for tree in having))

    def factor(self, expr: Expr, letters: Letters) -> list[Syntax] | None:
        """One tensor with its indices; ones are not written, a long delta is a product of short ones."""
        match expr:
            case Variable(name=name):
                indices = grouped(letters, expr.groups) if expr.groups else letters
                return [Name(name, indices or None)]
            case Delta():
                if not letters:
                    return [size(expr.dim)]
                if self.spelled.issuperset(letters) and len(letters) == 1:
                    return [Call("ones", (size(expr.dim),), letters)]
                return [Name("delta", (a, b)) for a, b in zip(letters, letters[1:])]
            case Sum() | Einsum() | Apply():
                return self.bracketed(expr, letters)
            case _:
                raise AssertionError(expr)

    def bracket(self, expr: Expr, letters: Letters) -> Syntax | None:
        """A sum in brackets; one whose signs balance takes up the minus of its term."""
        if self.turning and matrix.balanced(expr):
            expr, self.turning = scale(-1, expr), False
        plain = kronecker.plain(expr) if expr.rank <= 2 else None
        if plain is not None and isinstance(expr, Sum) and expr.rank == 2:
            plain, swapped = matrix.uprighted(expr, plain)
            letters = letters[::-1] if swapped else letters
        if plain is not None:
            return Indexed(plain, letters) if letters else plain
        return self.expression(expr, letters)

    def bracketed(self, expr: Expr, letters: Letters) -> list[Syntax] | None:
        """A sum or a function with its indices; inside brackets a repeated one would be summed, so it has deltas beside it."""
        own: list[str] = []
        ties: list[Syntax] = []
        whole = len(set(letters)) == len(letters) or kronecker.plain(expr) is not None
        for letter, dim in zip(letters, expr.shape):
            if letter in own and not whole:
                twin = self.fresh(dim)
                ties.append(Name("delta", (letter, twin)))
                letter = twin
            own.append(letter)
        tree = self.apply(expr, tuple(own)) if isinstance(expr, Apply) else self.bracket(expr, tuple(own))
        return None if tree is None else [tree, *ties]

    def apply(self, node: Apply, letters: Letters) -> Syntax | None:
        name = node.function.name
        if not node.arguments:
            return self.constant(node, letters)
        if name == "unit":
            position = kronecker.plain(node.arguments[0])
            return None if position is None else Call("e", (position, size(node.shape[0])), letters)
        if node.function.ways:
            return self.merged(node, letters)
        if name == "powers":
            base = kronecker.plain(node.arguments[0])
            return None if base is None else Call(name, (base, size(node.shape[0])), letters)
        plain = kronecker.plain(node)
        if plain is not None:
            plain, swapped = matrix.uprighted_function(node, plain)
            return self.entry(node, plain, letters[::-1] if swapped else letters)
        if name in FRECHET:
            inner = kronecker.plain(node.arguments[0])
            return None if inner is None else Call("frechet", frechet_arguments(node.function, inner), letters)
        if node.function.elementwise:
            return self.pointwise(node, letters)
        return self.over_tensor(node, letters)

    def entry(self, node: Apply, plain: Syntax, letters: Letters) -> Syntax | None:
        """A function with a matrix form, indices put where people put them."""
        if not letters:
            return plain
        if isinstance(plain, Call) and node.function.elementwise and not is_unknown(node.function) and \
                len(set(letters)) == len(letters) and \
                all(isinstance(argument, Variable) and argument.rank == node.rank for argument in node.arguments):
            return Call(plain.function, tuple(Name(argument.name, letters) for argument in plain.arguments
                                              if isinstance(argument, Name)))
        if isinstance(plain, Call):
            return Call(plain.function, plain.arguments, letters, plain.primes)
        return Indexed(plain, letters)

    def pointwise(self, node: Apply, letters: Letters) -> Syntax | None:
        """An entrywise function of something that matrix notation cannot write."""
        arguments = []
        for argument in node.arguments:
            inner = self.argument(argument, letters if argument.rank else ())
            if inner is None:
                return None
            arguments.append(inner)
        if node.function is POWER:
            return Op("power", (arguments[0], arguments[1]))
        name, order = primes(node.function)
        return Call(name, tuple(arguments), None, order)

    def argument(self, expr: Expr, letters: Letters) -> Syntax | None:
        """What stands under a function: there every index of ``letters`` occurs, and every other one twice."""
        state = self.turning, self.closed, self.spelled
        self.turning, self.closed = False, True
        tree = self.expression(expr, letters)
        missing = set() if tree is None else set(letters) - set(occurring(tree))
        if missing:
            self.spelled |= missing
            tree = self.expression(expr, letters)
        self.turning, self.closed, self.spelled = state
        return tree

    def over_tensor(self, node: Apply, letters: Letters) -> Syntax | None:
        """A matrix function that runs over the leading axes of a tensor."""
        inner = kronecker.plain(node.arguments[0]) or einsum.recover(node.arguments[0])
        name, order = primes(node.function)
        return None if inner is None else Call(name, (inner,), letters or None, order)

    def merged(self, node: Apply, letters: Letters) -> Syntax | None:
        """A function of a matrix with merged axes: groups of indices behind it."""
        (argument,) = node.arguments
        rows = node.function.ways[0]
        axes = tuple(range(argument.rank))
        inner = kronecker.recover(argument, axes[:rows], axes[rows:])
        if inner is None:
            return None
        if node.function.name in FRECHET:
            return Call("frechet", frechet_arguments(node.function, inner), grouped(letters, (rows,) * (node.rank // rows)))
        call = matrix_call(node.function, inner)
        return replace(call, indices=grouped(letters, (node.function.ways[-1], rows))) if letters else call

    def constant(self, node: Apply, letters: Letters) -> Syntax | None:
        match node.function.name:
            case "convolution" | "exchange" as name:
                return Call(name, (size(node.shape[0]),), letters)
            case "eps" if set(node.shape) == {node.rank}:
                return Name("eps", letters)
            case "duplication":
                i, j, h = letters
                return Call("duplication", (size(node.shape[0]),), ((j, i), h))
            case "elimination":
                h, i, j = letters
                return Call("elimination", (size(node.shape[1]),), (h, (j, i)))
            case "tril":
                return Call("tril", (Call("ones", (size(node.shape[0]), size(node.shape[1]))),), letters)
            case "literal":
                written = matrix.literal(node)
                return Indexed(written, letters) if isinstance(written, Literal) else None
        return None
