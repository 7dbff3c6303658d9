"""The functions of the language and the rules of rewriting as tables, for the command line and the pages.

What stands here in words is what code does not say: a meaning and a domain.  Derivatives come from the
table that differentiation reads, or are derived when they are asked for.
"""

from __future__ import annotations

from typing import NamedTuple

from .functions import TABLE
from .notation.lower.matrix import FUNCTION_NAMES
from .proofs.proof import CITED, STATEMENTS
from .service import respond

ANYWHERE = ""


class _Meaning(NamedTuple):
    """A function as it is written, its shapes, what it means, and where it is defined or has its derivative.

    ``wrt``: by what the formula is differentiated where differentiation reads no row of a table.
    """

    written: str
    shapes: str
    meaning: str
    domain: str = ANYWHERE
    wrt: str = ""


def _of_numbers(name: str, meaning: str, domain: str = ANYWHERE) -> _Meaning:
    return _Meaning(f"{name}(X)", "()->()", f"{meaning}, entry by entry", domain)


def _of_square(name: str, meaning: str, domain: str = ANYWHERE, shapes: str = "(n,n)->(n,n)", wrt: str = "") -> _Meaning:
    return _Meaning(f"{name}(X)", shapes, meaning, domain, wrt)


_MEANINGS: dict[str, _Meaning] = {
    "abs": _of_numbers("abs", "absolute value", "derivative 0 at 0"),
    "adj": _of_square("adj", "adjugate: det(X) inv(X)", "derivative where X is invertible"),
    "arccos": _of_numbers("arccos", "inverse cosine", "-1 < x < 1"),
    "arcsin": _of_numbers("arcsin", "inverse sine", "-1 < x < 1"),
    "arctan": _of_numbers("arctan", "inverse tangent"),
    "bars": _Meaning("bars(X)", "(n,n)->()", "|X| on paper: absolute value of a number, determinant of a matrix", wrt="X"),
    "chol": _of_square("chol", "lower Cholesky factor L, X = L L'", "symmetric positive definite"),
    "coefficient": _Meaning("coefficient(F, k)", "->()", "coefficient k of a declared power series",
                            "inside a series that counts by k"),
    "commutation": _Meaning("commutation(m, n)", "->(m*n,m*n)", "commutation(m, n) vec(A) = vec(A') for A m x n"),
    "convolution": _Meaning("convolution(k)", "->(k,k,k)", "1 where the first index is the sum of the others"),
    "cos": _of_numbers("cos", "cosine"),
    "cosh": _of_numbers("cosh", "hyperbolic cosine"),
    "cross": _Meaning("cross(x, y)", "(3),(3)->(3)", "cross product", wrt="x"),
    "delta": _Meaning("delta_ij", "->(n,n)", "Kronecker delta, also δ_ij"),
    "det": _of_square("det", "determinant", "derivative where X is invertible", "(n,n)->()"),
    "dev": _of_square("dev", "deviator: X less its mean trace", wrt="X"),
    "diag": _Meaning("diag(x)", "(n)->(n,n)", "diagonal matrix of a vector; of a square matrix, its diagonal", wrt="x"),
    "diff": _Meaning("diff(f, X)", "(…),(…)->(…,…)", "derivative, axes of f first; diff(f, X, 2) the second"),
    "duplication": _Meaning("duplication(n)", "->(n^2,n*(n+1)/2)", "duplication(n) vech(S) = vec(S) for symmetric S"),
    "e": _Meaning("e(i, n)", "->(n)", "unit vector; the size may be left out"),
    "E": _Meaning("E(i, j, m, n)", "->(m,n)", "matrix with a single 1; sizes may be left out"),
    "einsum": _Meaning("einsum('ij,jk->ik', A, B)", "as written", "NumPy's, repeated indices of the result on a diagonal",
                      wrt="A"),
    "elimination": _Meaning("elimination(n)", "->(n*(n+1)/2,n^2)", "elimination(n) vec(S) = vech(S)"),
    "eps": _Meaning("eps_ijk", "->(3,3,3)", "Levi-Civita tensor, also ε_ijk; as many dimensions as indices"),
    "erf": _of_numbers("erf", "error function"),
    "exchange": _Meaning("exchange(k)", "->(k,k)", "identity with its columns reversed"),
    "exp": _of_numbers("exp", "exponential"),
    "expm": _of_square("expm", "matrix exponential"),
    "eye": _Meaning("eye(n)", "->(n,n)", "identity; I where conformity gives its size"),
    "frechet": _Meaning("frechet(expm, X)", "(n,n)->(n,n,n,n)", "derivative of a function of matrices; frechet(expm, X, 2) "
                        "the second", "as the function"),
    "funm": _Meaning("funm(sin, X)", "(n,n)->(n,n)", "function of a square matrix that a function of numbers defines",
                     "eigenvalues in the domain of the function", "X"),
    "inv": _of_square("inv", "inverse, also X^-1", "invertible"),
    "jacobian": _Meaning("jacobian(U, X)", "(m),(n)->(m,n)", "∂vec(U)/∂vec(X)'"),
    "khatrirao": _Meaning("khatrirao(A, B)", "(m,n),(p,n)->(m*p,n)", "Kronecker products of the columns", wrt="A"),
    "kron": _Meaning("kron(A, B)", "(m,n),(p,q)->(m*p,n*q)", "Kronecker product, also A ⊗ B", wrt="A"),
    "log": _of_numbers("log", "natural logarithm", "x > 0"),
    "logdet": _of_square("logdet", "log of the absolute value of the determinant", "invertible", "(n,n)->()"),
    "logm": _of_square("logm", "matrix logarithm", "no eigenvalue ≤ 0"),
    "logsumexp": _Meaning("logsumexp(x)", "(n)->()", "log of the sum of exponentials"),
    "matrix": _Meaning("matrix(1)", "->(m,n)", "ones, of the size that fits"),
    "max": _Meaning("max(X, Y)", "(),()->()", "the larger, entry by entry", "derivative 1/2 each where equal"),
    "min": _Meaning("min(X, Y)", "(),()->()", "the smaller, entry by entry", "derivative 1/2 each where equal"),
    "norm1": _Meaning("norm1(X)", "(m,n)->()", "sum of absolute values", "derivative 0 at entries 0", "X"),
    "norm2": _Meaning("norm2(X)", "(m,n)->()", "root of the sum of squares", "derivative where it is not 0", "X"),
    "ones": _Meaning("ones(m, n)", "->(m,n)", "ones; ones(n) is a vector"),
    "pinv": _Meaning("pinv(X)", "(m,n)->(n,m)", "pseudo-inverse", "full rank"),
    "powers": _Meaning("powers(X, k)", "(n,n)->(k,n,n)", "the stack of X^0, …, X^(k-1)"),
    "relu": _of_numbers("relu", "the positive part", "derivative 0 at 0"),
    "series": _Meaning("series(j, 0, k, X^j)", "(n,n)->(n,n)", "sum over a whole number in exponents", wrt="X"),
    "sigmoid": _of_numbers("sigmoid", "1/(1 + exp(-x))"),
    "sign": _of_numbers("sign", "-1, 0 or 1", "derivative 0, also at 0"),
    "sin": _of_numbers("sin", "sine"),
    "sinh": _of_numbers("sinh", "hyperbolic sine"),
    "skew": _Meaning("skew(x)", "(3)->(3,3)", "skew(x) y = cross(x, y)", wrt="x"),
    "softmax": _Meaning("softmax(x)", "(n)->(n)", "exp(x) divided by its sum; in index form along the last index"),
    "softplus": _of_numbers("softplus", "log(1 + exp(x))"),
    "solve": _Meaning("solve(A, B)", "(n,n),(n,m)->(n,m)", "inv(A) B", "A invertible", "A"),
    "sqrt": _Meaning("sqrt(X)", "()->()", "square root, entry by entry", "x > 0", "X"),
    "sqrtm": _of_square("sqrtm", "matrix square root", "no eigenvalue ≤ 0"),
    "sum": _Meaning("sum(X)", "(m,n)->()", "sum of all entries", wrt="X"),
    "sym": _Meaning("sym(X)", "(n,n)->(n,n)", "symmetric part: (X + X')/2", wrt="X"),
    "tan": _of_numbers("tan", "tangent", "cos(x) ≠ 0"),
    "tanh": _of_numbers("tanh", "hyperbolic tangent"),
    "tr": _of_square("tr", "trace", shapes="(n,n)->()", wrt="X"),
    "tril": _Meaning("tril(X)", "(n,n)->(n,n)", "entries on and below the diagonal", wrt="X"),
    "vec": _Meaning("vec(X)", "(m,n)->(n*m)", "columns stacked", wrt="X"),
    "vech": _Meaning("vech(X)", "(n,n)->(n*(n+1)/2)", "lower triangle stacked by columns", wrt="X"),
    "vector": _Meaning("vector(1)", "->(n)", "ones, of the size that fits"),
    "zeros": _Meaning("zeros(m, n)", "->(m,n)", "zeros; zeros(n) is a vector"),
}


class FunctionRow(NamedTuple):
    """A function: as it is written, shapes, meaning, derivative, where it is defined, where the derivative is found."""

    name: str
    written: str
    shapes: str
    meaning: str
    derivative: str
    domain: str
    reference: str


class RuleRow(NamedTuple):
    """A rule: its name, what it says, and where that is found."""

    name: str
    statement: str
    reference: str


def functions() -> list[FunctionRow]:
    """Every function that may stand in a formula, by name.

    Examples
    --------
    >>> next(row for row in functions() if row.name == "tr").derivative
    '∂f/∂X_ij = delta_ij'
    """
    return [_function(name) for name in sorted(FUNCTION_NAMES, key=lambda name: (name.lower(), name))]


def _function(name: str) -> FunctionRow:
    known, row = _MEANINGS[name], TABLE.get(name)
    derivative = "; ".join(row.derivatives) if row else ""
    if known.wrt and not derivative:
        derivative = _derived(known.written, known.wrt)
    return FunctionRow(name, known.written, known.shapes, known.meaning, derivative, known.domain,
                       row.reference if row else "")


def _derived(formula: str, wrt: str) -> str:
    """The derivative in index notation, with the quotient that it is on the left."""
    answer = respond({"do": "derive", "expr": formula, "wrt": wrt, "want": ["index"]})
    left, _, right = answer["index"].partition(" = ")
    quotient = answer["convention"].partition(" · ")[0].removeprefix(f"{left} = ")
    where = "".join([f"; {part} = {text}" for part, text in answer["where"].items()])
    return f"{quotient} = {right}{where}"


def rules() -> list[RuleRow]:
    """Every rule that an answer is rewritten by or a proof may cite, by name.

    Examples
    --------
    >>> [row.statement for row in rules() if row.name == "inverse.product"]
    ['inv(A B) = inv(B) inv(A)']
    """
    cited = {rule.name: rule for rule in CITED}
    return [RuleRow(name, STATEMENTS[name], cited[name].reference if name in cited else "") for name in sorted(STATEMENTS)]
