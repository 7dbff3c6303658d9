"""``einsum('ij,jk->ik', A, B)`` in a formula.

Knows subscripts in quotes; axes of size 1 that were declared count here, as they do in arrays.
"""

from __future__ import annotations

from ...algebra import build
from ...errors import ShapeError
from ..syntax import Call, Name, Subscripts
from .constants import filled
from .operands import Forms, Operand, Operands
from .scope import Scope, Value
from .unify import Group, text
from .values import Factors, as_matrix, contract, regroup


def _einsum(tree: Call, arguments: Operands, scope: Scope) -> Value:
    words = arguments[0].tree
    if not isinstance(words, Subscripts):
        raise scope.formula_error("TC055", "einsum starts with its subscripts in quotes", tree,
                                  help="write einsum('ij,jk->ik', A, B)")
    subscripts, output = _split(words, len(arguments) - 1, scope)
    sizes: dict[str, tuple[Group, Operand]] = {}
    factors: Factors = []
    for own, argument in zip(subscripts, arguments[1:]):
        value = _tensor(argument)
        if len(own) != len(value.axes):
            raise _count_error(words, own, argument, value, scope)
        for axis, (letter, group) in enumerate(zip(own, value.axes)):
            known, before = sizes.setdefault(letter, (group, argument))
            if not scope.agree(known, group):
                raise scope.shape_error("TC103", f"index {letter} has two sizes", [before.tree, argument.tree],
                                        [f"{letter} is {text(known)} in {before.words} and {text(group)} in {argument.words}"])
            value = regroup(value, axis, known, scope)
        factors.append((value, list(own)))
    for letter in output:
        if letter not in sizes:
            raise scope.shape_error("TC102", f"index {letter} of the result is on no operand", [words])
    axes = tuple(sizes[letter][0] for letter in output)
    return as_matrix(contract(scope, factors, axes, [[letter] for letter in output], matrix=False))


def _split(words: Subscripts, count: int, scope: Scope) -> tuple[list[str], str]:
    """The subscripts of ``count`` operands, and those of the result: without an arrow the letters that occur once.

    Raises
    ------
    FormulaError: TC055 for an ellipsis, and where there are not as many subscripts as operands.
    """
    letters = words.text.replace(" ", "")
    if "..." in letters:
        raise scope.formula_error("TC055", "an ellipsis is not read", words, help="write a letter for each axis")
    inputs, arrow, output = letters.partition("->")
    subscripts = inputs.split(",")
    if len(subscripts) != count:
        raise scope.formula_error("TC055", f"{len(subscripts)} subscripts for {count} operands", words)
    if not arrow:
        letters = inputs.replace(",", "")
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return subscripts, output


def _count_error(words: Subscripts, own: str, argument: Operand, value: Value, scope: Scope) -> ShapeError:
    """TC113: an operand has not as many axes as subscripts; a name that nobody declared may be declared so."""
    tree, help = argument.tree, None
    if own and isinstance(tree, Name) and tree.name.isalnum() and tree.name not in {*scope.declared, *scope.orders}:
        help = f"declare its axes (vars, or --var {tree.name}={','.join(own)})"
    return scope.shape_error("TC113", f"subscripts {own or 'without letters'!r} for a tensor with {len(value.axes)} axes",
                             [words, tree], [argument.says(value)], help)


def _tensor(operand: Operand) -> Value:
    """What an operand denotes, one group an axis."""
    value = _with_ones(operand)
    return Value(value.expr, value.groups, matrix=False)


def _with_ones(operand: Operand) -> Value:
    """What an operand denotes, with the axes of size 1 that were declared: subscripts count them."""
    tree, scope = operand.tree, operand.scope
    if isinstance(tree, Name) and tree.indices is None and (tree.name in scope.axes or tree.name in scope.tensors):
        return scope.named(tree.name, tree.span)
    if isinstance(tree, Call) and tree.function in ("ones", "zeros") and tree.indices is None:
        return filled(tree, build.ones if tree.function == "ones" else build.zero, scope)
    return operand.value()


FORMS: Forms = {"einsum": (tuple(range(1, 200)), _einsum)}
