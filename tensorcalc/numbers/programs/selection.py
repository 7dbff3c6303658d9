"""Steps of a plan replaced by cheaper or safer ones: symmetric products, factorisations, stable functions.

Knows plans and what can be proved of their values, and nothing of text.  Each function
looks at one node; all of them together take time linear in the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from fractions import Fraction
from math import prod

from ...algebra.build import number
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...calculus.assume import is_positive
from ...functions import POWER, TABLE, Function
from ...sizes import value
from .. import backends
from ..plans.finish import SOLVE, mapped, rebuilt
from ..plans.pairwise import is_placement
from ..plans.stable import LOG_OF_DET, SLOPE
from ..plans.transposes import paired, transpose, transposed, upright

EXP = Function("exp_unbounded", "()->()")
"""exp(x), infinite where it is too large, without a warning."""
STEP = Function("step", "()->()")
"""1 where x > 0, else 0, as truth values."""
EXPIT = Function("expit", "()->()")
LOG1P = Function("log1p", "()->()")

FACTOR = Function("spd_factor", "(n,n)->(n,n)")
"""The Cholesky factor of a matrix that is symmetric and positive definite wherever it has an inverse."""
GRAM_FACTOR = Function("gram_factor", "(m,n)->(n,n)")
"""The Cholesky factor of x'x, whose upper triangle is never computed."""
SPD_SOLVE = {1: Function("spd_solve", "(n,n),(n)->(n)"), 2: Function("spd_solve", "(n,n),(n,m)->(n,m)")}
SPD_LOGDET = Function("spd_logdet", "(n,n)->()")
SPD_INVERSE = Function("spd_inverse", "(n,n)->(n,n)")
SPD_PRODUCT = Function("spd_product", "(n,n),(n,m),()->(n,m)")
"""A number times inv(s) b, from the lower triangle of inv(s)."""

_HALF = number(Fraction(1, 2))
_MOST_ALONE = (9216, 2**18)   # multiplications that OpenBLAS gives to one thread: with a vector, with a matrix
_SMALL = 128   # the order of a matrix of which both triangles cost next to nothing
_MANY = 256   # entries from which on a pass over memory costs more than a call


def selected(roots: Sequence[Expr], sizes: Mapping[str, int]) -> list[Expr]:
    """The plans with the steps that serve best at the given ``sizes``."""
    roots = upright(roots)
    if backends.has_scipy():
        factored = {node.children[0] for node in postorder(*roots) if _wants_factor(node)}
        roots = mapped(roots, lambda node, _: _factored(node, factored, sizes))
        roots = upright(roots)
    roots = mapped(roots, lambda node, count: _weight_inside(node, count, sizes) or _gram(node))
    if backends.has_scipy():
        triangles = mapped(roots, lambda node, count: _by_triangles(node, count, sizes))
        if not any(_takes_threads(node, sizes) for node in postorder(*triangles)):
            roots = triangles
    roots = mapped(roots, lambda node, _: _written_out(node, sizes))
    return mapped(roots, _compared(roots))


# -- weights -----------------------------------------------------------------------------


def _weight_inside(node: Expr, count: Mapping[Expr, int], sizes: Mapping[str, int]) -> Expr | None:
    """A weight of a product moved to a factor with fewer entries."""
    if not isinstance(node, Sum):
        return None
    free = {1, -1} if len(node.terms) > 1 else {1}   # what a sum does anyway
    terms = [(Fraction(1), inner) if weight not in free and (inner := _scaled(weight, term, count, sizes)) else (weight, term)
             for weight, term in node.terms]
    if tuple(terms) == node.terms:
        return None
    return terms[0][1] if len(terms) == 1 else Sum(node.shape, tuple(terms))


def _scaled(weight: Fraction, node: Expr, count: Mapping[Expr, int], sizes: Mapping[str, int]) -> Expr | None:
    whole = _entries(node, sizes)
    if not isinstance(node, Einsum) or is_placement(node) or count.get(node, 2) > 1 or len(node.operands) != 2:
        return None
    place = min((0, 1), key=lambda k: _entries(node.operands[k], sizes) * (2 - _is_temporary(node.operands[k], count)))
    factor = node.operands[place]
    if _entries(factor, sizes) * 2 > whole:
        return None
    inner: Expr = Sum(factor.shape, ((weight, factor),))
    if isinstance(factor, Sum) and count.get(factor, 2) == 1:
        inner = Sum(factor.shape, tuple([(weight * own, term) for own, term in factor.terms]))
    children = [inner if k == place else operand for k, operand in enumerate(node.operands)]
    return rebuilt(node, tuple(children))


def _is_temporary(node: Expr, count: Mapping[Expr, int]) -> bool:
    """Whether a value is computed, and read once: it is scaled where it is."""
    return count.get(node, 2) == 1 and bool(node.children) and transposed(node) is None


def _entries(node: Expr, sizes: Mapping[str, int]) -> int:
    return prod(value(dim, sizes) for dim in node.shape)


# -- symmetric products ------------------------------------------------------------------


def _gram(node: Expr) -> Expr | None:
    """X' diag(v) X with v that is never negative as Y'Y with Y = diag(√v) X, which is computed by halves."""
    if not isinstance(node, Einsum) or node.rank != 2 or is_placement(node) or len(node.operands) != 2:
        return None
    for place in (0, 1):
        plain, scaled = node.operands[place], node.operands[1 - place]
        own, other = node.subscripts[place], node.subscripts[1 - place]
        weights = _row_weights(scaled, plain)
        if weights is None or len(own) != 2:
            continue
        weight, axis = weights
        if own[axis] < 2 or own[axis] != other[axis] or {own[1 - axis], other[1 - axis]} != {0, 1}:
            continue
        if not _is_nonnegative(weight):
            continue
        root = Apply(weight.shape, POWER, (weight, _HALF))
        half = Einsum(plain.shape, *paired((plain, (0, 1)), (root, (axis,))))
        return Einsum(node.shape, (half, half), tuple(sorted((own, other))))
    return None


def _row_weights(scaled: Expr, plain: Expr) -> tuple[Expr, int] | None:
    """The vector v and the axis along which ``scaled`` is ``plain`` times v."""
    if not isinstance(scaled, Einsum) or scaled.rank != 2 or is_placement(scaled) or len(scaled.operands) != 2:
        return None
    for place in (0, 1):
        vector, axes = scaled.operands[1 - place], scaled.subscripts[1 - place]
        if scaled.operands[place] is plain and scaled.subscripts[place] == (0, 1) and vector.rank == 1 and axes[0] < 2:
            return vector, axes[0]
    return None


def _is_nonnegative(node: Expr) -> bool:
    """Whether no entry is negative; squares are found in nested products too."""
    if node.shape and isinstance(node, Einsum) and not is_placement(node):
        count: dict[Expr, int] = {}
        pending = [node]
        while pending:
            product = pending.pop()
            if any(own != tuple(range(node.rank)) for own in product.subscripts):
                return is_positive(node)
            for operand in product.operands:
                if isinstance(operand, Einsum) and not is_placement(operand):
                    pending.append(operand)
                else:
                    count[operand] = count.get(operand, 0) + 1
        return all(copies % 2 == 0 or _is_nonnegative(factor) for factor, copies in count.items())
    return (isinstance(node, Apply) and node.function is SLOPE) or is_positive(node)


# -- factorisations ----------------------------------------------------------------------


def _wants_factor(node: Expr) -> bool:
    """Whether a step solves with, or takes the determinant of, a matrix that has a Cholesky factor."""
    known = isinstance(node, Apply) and node.function in (*SOLVE.values(), TABLE["logdet"], TABLE["inv"], LOG_OF_DET)
    return known and node.children[0].rank == 2 and is_semidefinite(node.children[0])


def _factored(node: Expr, factored: set[Expr], sizes: Mapping[str, int]) -> Expr | None:
    """A step of a matrix with a Cholesky factor, by that factor."""
    if not _wants_factor(node) or not isinstance(node, Apply) or node.arguments[0] not in factored:
        return None
    matrix, *rest = node.arguments
    factor = Apply(matrix.shape, FACTOR, (matrix,))
    if node.function in (TABLE["logdet"], LOG_OF_DET):
        return Apply((), SPD_LOGDET, (factor,))
    if node.function is TABLE["inv"]:
        return Apply(node.shape, SPD_INVERSE, (factor,), 1)
    if rest[0].rank == 2 and _entries(rest[0], sizes) >= _entries(matrix, sizes):
        inverse = Apply(matrix.shape, SPD_INVERSE, (factor,), 1)   # triangular systems of many sides are slower than a product
        return Einsum(node.shape, *paired((inverse, (0, 2)), (rest[0], (2, 1))))
    return Apply(node.shape, SPD_SOLVE[rest[0].rank], (factor, *rest))


def _takes_threads(node: Expr, sizes: Mapping[str, int]) -> bool:
    """Whether NumPy's BLAS shares a product among threads, which then wait for more of it and hold up those of SciPy's."""
    if not isinstance(node, Einsum) or is_placement(node) or len(node.operands) != 2:
        return False
    dims = {label: dim for one, own in zip(node.operands, node.subscripts) for label, dim in zip(own, one.shape)}
    alone = _MOST_ALONE[min(one.rank for one in node.operands) > 1]
    return max(dims, default=0) >= node.rank and prod([value(dim, sizes) for dim in dims.values()]) > alone


def _by_triangles(node: Expr, count: Mapping[Expr, int], sizes: Mapping[str, int]) -> Expr | None:
    """A step of a large symmetric matrix that nothing else reads, by one triangle of it."""
    if isinstance(node, Apply) and node.function is FACTOR and count.get(node.arguments[0], 2) == 1:
        if value(node.shape[0], sizes) <= _SMALL:
            return None
        x = _root_of_gram(node.arguments[0])
        return None if x is None else Apply(node.shape, GRAM_FACTOR, (x,))
    if isinstance(node, Einsum) and node.rank == 2 and len(node.operands) == 2 and not is_placement(node):
        for place in (0, 1):
            found = _inverse_of_factor(node.operands[place], count)
            if found is not None and value(found[0].shape[0], sizes) > _SMALL:
                return _product_by_triangle(node, place, *found)
    return None


def _root_of_gram(node: Expr) -> Expr | None:
    """X where a matrix is X'X."""
    if not isinstance(node, Einsum) or is_placement(node) or len(node.operands) != 2 or len(set(node.operands)) > 1:
        return None
    match sorted(node.subscripts):
        case [(0, a), (1, b)] if a == b:
            return transpose(node.operands[0])
        case [(a, 0), (b, 1)] if a == b:
            return node.operands[0]
    return None


def _inverse_of_factor(node: Expr, count: Mapping[Expr, int]) -> tuple[Expr, Fraction] | None:
    """The Cholesky factor of s, and a number, where a node is that number times inv(s)."""
    weight = Fraction(1)
    if isinstance(node, Sum) and len(node.terms) == 1 and count.get(node, 2) == 1:
        (weight, node), = node.terms
    if isinstance(node, Apply) and node.function is SPD_INVERSE and count.get(node, 2) == 1:
        return node.arguments[0], weight
    return None


def _product_by_triangle(node: Einsum, place: int, factor: Expr, weight: Fraction) -> Expr | None:
    """A product with inv(s), which stands at ``place``, from the Cholesky factor of s; of matrices only."""
    own, other = node.subscripts[place], node.subscripts[1 - place]
    right = node.operands[1 - place]
    shared = set(own) & set(other)
    if len(other) != 2 or len(shared) != 1 or min(shared) < node.rank:
        return None
    if other[0] not in shared:
        right = transposed(right) or transpose(right)
    product = Apply((factor.shape[0], right.shape[1]), SPD_PRODUCT, (factor, right, number(weight)))
    return product if 0 in own else transpose(product)


def is_semidefinite(matrix: Expr) -> bool:
    """Whether a planned matrix is symmetric and positive semidefinite."""
    match matrix:
        case Variable(facts=facts):
            return bool(facts & {"spd", "psd"})
        case Delta():
            return matrix.rank == 2
        case Sum(terms=terms):
            return bool(terms) and all(weight > 0 and is_semidefinite(term) for weight, term in terms)
        case Apply(function=function, arguments=arguments):
            return function is TABLE["inv"] and is_semidefinite(arguments[0])
        case Einsum(operands=(x, y), subscripts=(own, other)) if not is_placement(matrix):
            shared = [k for k in range(len(own)) if x is y and own[k] == other[k] >= 2]
            return x is y and len(shared) == len(own) - 1 and {*own, *other} >= {0, 1}
        case Einsum(operands=operands, subscripts=subscripts) if is_placement(matrix):
            if any(isinstance(o, Delta) and o.rank == 2 for o in operands):
                return all(is_positive(o) for o in operands if not isinstance(o, Delta))
            cores = [(o, own) for o, own in zip(operands, subscripts) if own]
            return len(cores) == 1 and is_semidefinite(cores[0][0]) and all(is_positive(o) for o in operands if not o.shape)
    return False


# -- comparisons -------------------------------------------------------------------------


def _compared(roots: Sequence[Expr]) -> Callable[[Expr, Mapping[Expr, int]], Expr | None]:
    """relu(sign(x)) as the comparison x > 0, where it only multiplies: truth values are numbers there."""
    steps = {node for node in postorder(*roots) if _step_of(node) is not None} - set(roots)
    for node in postorder(*roots):
        multiplies = isinstance(node, Einsum) and len(node.operands) == 2 and not is_placement(node) \
            and not any(label >= node.rank for own in node.subscripts for label in own)
        if not multiplies or sum(child in steps for child in node.children) > 1:
            steps -= set(node.children)
    present = set(postorder(*roots))
    found = {node: Apply(node.shape, STEP, (_positive_part(x, present),))
             for node in steps if (x := _step_of(node)) is not None}
    return lambda node, _: found.get(node)


def _positive_part(x: Expr, present: Set[Expr]) -> Expr:
    """relu(x) where it is computed anyway: it is positive where x is, and may take the memory of x."""
    part = Apply(x.shape, TABLE["relu"], (x,))
    return part if part in present else x


def _step_of(node: Expr) -> Expr | None:
    if isinstance(node, Apply) and node.shape and node.function is TABLE["relu"]:
        sign = node.arguments[0]
        if isinstance(sign, Apply) and sign.function is TABLE["sign"]:
            return sign.arguments[0]
    return None


# -- functions written out ---------------------------------------------------------------


def _written_out(node: Expr, sizes: Mapping[str, int]) -> Expr | None:
    """A function of many numbers as steps that need no memory of their own; of few, the fewest calls serve best."""
    if not isinstance(node, Apply) or not node.shape or node.function.name not in ("sigmoid", "sigmoid_slope", "softplus"):
        return None
    name, x = node.function.name, node.children[0]
    if _entries(node, sizes) < _MANY:
        return _in_few_calls(node, name, x) if backends.has_scipy() else None
    if name == "sigmoid":
        e = Apply(node.shape, EXP, (_negated(x),))
        return Apply(node.shape, POWER, (Sum(node.shape, ((Fraction(1), _ones(node)), (Fraction(1), e))), number(-1)))
    size = Apply(node.shape, TABLE["abs"], (_negated(x) if _is_negated(x) else x,))
    e = Apply(node.shape, TABLE["exp"], (_negated(size),))
    if name == "softplus":
        terms = (Apply(node.shape, TABLE["relu"], (x,)), Apply(node.shape, LOG1P, (e,)))
        return Sum(node.shape, tuple([(Fraction(1), term) for term in sorted(terms, key=lambda term: term.key)]))
    below = Apply(node.shape, POWER, (Sum(node.shape, ((Fraction(1), _ones(node)), (Fraction(1), e))), number(-2)))
    natural = tuple(range(node.rank))
    return Einsum(node.shape, *paired((e, natural), (below, natural)))


def _in_few_calls(node: Expr, name: str, x: Expr) -> Expr | None:
    natural = tuple(range(node.rank))
    if name == "sigmoid":
        return Apply(node.shape, EXPIT, (x,))
    if name == "sigmoid_slope":
        return Einsum(node.shape, *paired(*[(Apply(node.shape, EXPIT, (side,)), natural) for side in (x, _negated(x))]))
    return None


def _is_negated(node: Expr) -> bool:
    return isinstance(node, Sum) and len(node.terms) == 1 and node.terms[0][0] == -1


def _negated(node: Expr) -> Expr:
    return node.terms[0][1] if isinstance(node, Sum) and _is_negated(node) else Sum(node.shape, ((Fraction(-1), node),))


def _ones(node: Expr) -> Expr:
    if node.rank == 1:
        return Delta(node.shape, node.shape[0])
    return Einsum(node.shape, tuple([Delta((dim,), dim) for dim in node.shape]), tuple([(axis,) for axis in range(node.rank)]))
