"""One product is one object, however it is written; and it is zero exactly where a symmetry makes it so."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from tensorcalc.algebra import canonical as canonical_module
from tensorcalc.algebra.build import add, einsum, scale, special, variable, zero
from tensorcalc.algebra.canonical import parity
from tensorcalc.algebra.expr import Expr
from tensorcalc.notation.lower import Scope, read

N = 3
GENERAL = [variable("A", N, N), variable("B", N, N), variable("x", N), variable("y", N), variable("T", N, N, N)]
SYMMETRIC = [variable("S", N, N, facts=["symmetric"]), variable("P", N, N, facts=["spd"])]
ANTISYMMETRIC = [variable("K", N, N, facts=["skew"]), special("eps", (N,) * N)]
ALL = GENERAL + SYMMETRIC + ANTISYMMETRIC

Network = tuple[list[tuple[Expr, tuple[str, ...]]], str]


def network(rng: random.Random, most: int, pool: list[Expr] = ALL) -> Network:
    """Factors whose labels mostly occur twice; few different operands, so that many are equal."""
    chosen = rng.sample(pool, min(len(pool), rng.randint(1, 3)))
    operands = [rng.choice(chosen) for _ in range(rng.randint(1, most))]
    places = sum(operand.rank for operand in operands)
    labels = [chr(97 + k) for k in range((places + 1) // 2) for _ in (0, 1)][:places]
    if rng.random() < 0.3:
        labels[rng.randrange(places)] = rng.choice(labels)
    rng.shuffle(labels)
    rest = iter(labels)
    factors = [(operand, tuple(next(rest) for _ in range(operand.rank))) for operand in operands]
    once = [label for label in dict.fromkeys(labels) if labels.count(label) == 1]
    output = once + ([rng.choice(labels)] if rng.random() < 0.3 else [])
    return factors, "".join(dict.fromkeys(output))


def shuffled(rng: random.Random, factors: list[tuple[Expr, tuple[str, ...]]], output: str) -> Expr:
    """The same product: other order, other labels, brackets around some factors, symmetric axes exchanged."""
    names = rng.sample(range(100), 60)
    renamed = {label: names[k] for k, label in enumerate(dict.fromkeys("".join("".join(own) for _, own in factors) + output))}
    sign, parts = 1, []
    for operand, own in rng.sample(factors, len(factors)):
        labels = [renamed[label] for label in own]
        if operand.symmetry and len(labels) > 1:
            order = rng.sample(range(len(labels)), len(labels))
            labels = [labels[axis] for axis in order]
            sign *= parity(order) if operand.symmetry < 0 else 1
        parts.append((operand, labels))
    out = [renamed[label] for label in output]
    if len(parts) > 2 and rng.random() < 0.7:
        cut = rng.randint(1, len(parts) - 1)
        inner, rest = parts[:cut], parts[cut:]
        outside = {label for _, own in rest for label in own} | set(out)
        kept = sorted({label for _, own in inner for label in own} & outside)
        rng.shuffle(kept)
        parts = [*rest, (einsum(inner, kept), kept)]
    return scale(sign, einsum(parts, out))


@pytest.mark.parametrize("block", range(6))
def test_presentation_does_not_matter(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """300 networks of up to nine factors, each in four presentations; few numberings are looked at."""
    leaves = 0
    original = canonical_module._leaf

    def counted(*arguments: Any) -> Any:
        nonlocal leaves
        leaves += 1
        return original(*arguments)

    monkeypatch.setattr(canonical_module, "_leaf", counted)
    for seed in range(50 * block, 50 * block + 50):
        rng = random.Random(seed)
        factors, output = network(rng, 9)
        plain = einsum(factors, output)
        for _ in range(4):
            leaves = 0
            assert shuffled(rng, factors, output) is plain, (seed, factors, output)
            assert leaves <= 300


# -- against brute force -----------------------------------------------------------------


def ways(operand: Expr, labels: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    """Labels in every order that the symmetry of an operand allows, with the sign of each."""
    if not operand.symmetry or len(labels) < 2:
        return [(labels, 1)]
    return [(tuple(labels[axis] for axis in order), parity(order) if operand.symmetry < 0 else 1)
            for order in permutations(range(len(labels)))]


def isomorphisms(a: Network, b: Network) -> set[int]:
    """The signs with which b is a, over all ways to match factors and labels."""
    (left, output), (right, other) = a, b
    found = set()
    if output != other or sorted(id(o) for o, _ in left) != sorted(id(o) for o, _ in right):
        return found
    for order in permutations(range(len(right))):
        if all(left[k][0] is right[q][0] for k, q in enumerate(order)):
            for chosen in product(*[ways(*right[q]) for q in order]):
                forward, back, sign = {label: label for label in output}, {label: label for label in output}, 1
                same = True
                for (_, own), (labels, turned) in zip(left, chosen):
                    sign *= turned
                    same = same and all(forward.setdefault(p, q) == q and back.setdefault(q, p) == p
                                        for p, q in zip(own, labels))
                if same:
                    found.add(sign)
    return found


def mutated(rng: random.Random, one: Network) -> Network:
    """Two labels exchanged somewhere: perhaps the same product, perhaps another."""
    factors, output = one
    flat = [label for _, own in factors for label in own]
    i, j = rng.randrange(len(flat)), rng.randrange(len(flat))
    flat[i], flat[j] = flat[j], flat[i]
    rest = iter(flat)
    return [(operand, tuple(next(rest) for _ in own)) for operand, own in factors], output


@pytest.mark.parametrize("block", range(4))
def test_equal_means_identical(block: int) -> None:
    """400 pairs of products of up to five factors: one object exactly where brute force matches them."""
    for seed in range(10_000 + 100 * block, 10_100 + 100 * block):
        rng = random.Random(seed)
        one = network(rng, 5)
        other = mutated(rng, one)
        a, b = einsum(*one), einsum(*other)
        signs, own = isomorphisms(one, other), isomorphisms(one, one)
        nothing = zero(a.shape)
        if -1 in own:
            assert a is nothing, seed
        elif a is not nothing:
            assert (b is a) == (1 in signs), seed
            assert (b is scale(-1, a)) == (-1 in signs), seed


def integers(rng: np.random.Generator, operand: Expr, n: int) -> Any:
    """Whole numbers with the symmetry of an operand."""
    array = rng.integers(-99, 100, (n,) * operand.rank)
    return array if not operand.symmetry else array + operand.symmetry * array.T


def of_size(n: int) -> list[Expr]:
    return [variable("A", n, n), variable("x", n), variable("S", n, n, facts=["symmetric"]),
            variable("K", n, n, facts=["skew"]), variable("L", n, n, facts=["skew"])]


@pytest.mark.parametrize("block", range(4))
def test_zero_means_zero(block: int) -> None:
    """400 products with symmetric and skew matrices: zero as objects exactly where they are zero as numbers."""
    n, zeros = 5, 0
    pool = of_size(n)
    for seed in range(20_000 + 100 * block, 20_100 + 100 * block):
        rng = random.Random(seed)
        factors, output = network(rng, 5, pool)
        found = einsum(factors, output)
        word = ",".join("".join(own) for _, own in factors) + "->" + output
        nonzero = False
        for generator in map(np.random.default_rng, ((seed, 1), (seed, 2))):
            values = {operand: integers(generator, operand, n) for operand in pool}
            nonzero = nonzero or np.einsum(word, *[values[operand] for operand, _ in factors]).any()
        assert (found is zero(found.shape)) == (not nonzero), (seed, word)
        zeros += found is zero(found.shape)
    assert zeros > 10


def test_a_product_with_eps_is_zero_only_where_numbers_are() -> None:
    """In three dimensions more is zero than symmetry shows; what symmetry shows is so."""
    levi_civita = np.zeros((N,) * N, int)
    for order in permutations(range(N)):
        levi_civita[order] = parity(order)
    for seed in range(30_000, 30_300):
        rng = random.Random(seed)
        factors, output = network(rng, 5)
        if einsum(factors, output) is zero((N,) * len(output)):
            generator = np.random.default_rng(seed)
            values = {operand: levi_civita if operand is ALL[-1] else integers(generator, operand, N) for operand in ALL}
            word = ",".join("".join(own) for _, own in factors) + "->" + output
            assert not np.einsum(word, *[values[operand] for operand, _ in factors]).any(), (seed, word)


def test_different_functions_are_different_factors() -> None:
    """Two sums that differ in the name of a function alone once had one key, and their cross product was zero."""
    declared = {"a": [3], "x": [3], "y": [3], "A": [3, 3]}
    for left, right in [("a + cos(x)", "a + sin(x)"), ("A*sin(x)", "A*cos(x)"), ("exp(A*exp(x))", "exp(A*log(x))"),
                        ("a + x.^2", "a + x.^3"), ("a + A*x", "a + A'*x")]:
        one, other = (read(text, Scope(declared=declared)).expr for text in (left, right))
        assert one.key != other.key
        assert read(f"cross({left}, {right})", Scope(declared=declared)).expr is not zero((3,))
        assert read(f"({left})'*({right})", Scope(declared=declared)).expr is \
            read(f"({right})'*({left})", Scope(declared=declared)).expr


# -- notations that forget ---------------------------------------------------------------

DECLARED = {"A": ["m", "n"], "B": ["n", "p"], "X": ["n", "p"], "Y": ["p", "q"], "C": ["q", "m"], "x": ["n"], "y": ["m"],
            "S": ["n", "n"], "R": ["n", "n"], "u": ["n"], "v": ["p"]}

SAME = [
    ("vec(A*X*Y)", "kron(Y', A)*vec(X)"),
    ("vec(A*B)", "kron(eye(p), A)*vec(B)"),
    ("vec(A*B)", "kron(B', eye(m))*vec(A)"),
    ("vec(A*B)", "kron(B', A)*vec(eye(n))"),
    ("vec(X')", "commutation(n, p)*vec(X)"),
    ("commutation(n, p)*commutation(p, n)", "eye(n*p)"),
    ("commutation(n, p)'", "commutation(p, n)"),
    ("commutation(n, m)*kron(A, B)", "kron(B, A)*commutation(p, n)"),
    ("kron(A, B)*kron(B, Y)", "kron(A*B, B*Y)"),
    ("kron(A, B)'", "kron(A', B')"),
    ("kron(kron(A, B), Y)", "kron(A, kron(B, Y))"),
    ("tr(A*B*Y*C)", "vec(A')'*kron(eye(m), B)*vec(Y*C)"),
    ("tr(A'*A)", "vec(A)'*vec(A)"),
    ("tr(A*X*Y*C)", "vec((C*A)')'*vec(X*Y)"),
    ("vec(u*v')", "kron(v, u)"),
    ("kron(u, v')", "u*v'"),
    ("kron(v', u)", "u*v'"),
    ("tr(kron(S, R))", "tr(S)*tr(R)"),
    ("vec(A)'*kron(S, eye(m))*vec(A)", "tr(A*S'*A')"),
    ("vec(A*diag(x)*B)", "khatrirao(B', A)*x"),
    ("diag(x)*X", "x*ones(p)' .* X"),
    ("diag(A*diag(x)*A')", "(A .* A)*x"),
    ("tr(diag(x)*S)", "x'*diag(S)"),
    ("X : B", "tr(X'*B)"),
    ("S ⊕ R", "kron(S, eye(n)) + kron(eye(n), R)"),
    ("sum(A)", "ones(m)'*A*ones(n)"),
    ("einsum('ij,jk->ki', A, B)", "B'*A'"),
    ("einsum('ij->', A)", "sum(A)"),
    ("einsum('i->ii', x)", "diag(x)"),
    ("L_ik = A_ij B_jk", "A*B"),
    ("L = A_ij A_ij", "A : A"),
    ("L_i = S_ii", "diag(S)"),
    ("L_ij = delta_ij x_j", "diag(x)"),
    ("duplication(n)*vech(S)", "duplication(n)*elimination(n)*vec(S)"),
    ("exp(A')", "exp(A)'"),
    ("sigmoid(S*X)", "sigmoid(X'*S')'"),
    ("(A*B)'*(A*B)", "B'*A'*A*B"),
    ("x'*S*u", "u'*S'*x"),
    ("(S - R)*(R - S)'", "-(R - S)*(R - S)'"),
    ("A ./ exp(A)", "(A' ./ exp(A'))'"),
]


@pytest.mark.parametrize(("left", "right"), SAME, ids=[f"{left} = {right}" for left, right in SAME])
def test_identities_that_need_no_rule(left: str, right: str) -> None:
    one, other = (read(text, Scope(declared=DECLARED)).expr for text in (left, right))
    assert one is other


# -- sizes that once took forever --------------------------------------------------------


def leaves_of(monkeypatch: pytest.MonkeyPatch, text: str, declared: dict[str, list[str]]) -> tuple[Expr, int]:
    """A formula, and how many numberings were looked at for it."""
    count = 0
    original = canonical_module._leaf

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(canonical_module, "_leaf", counted)
        return read(text, Scope(declared=declared)).expr, count


@pytest.mark.parametrize(("one", "other"), [
    ("(x'*x)^8", "*".join(["x'*x"] * 8)),
    ("tr(S^40)", f"tr(({'*'.join(['S'] * 39)})*S)"),
    ("tr(S^40)", f"tr({'*'.join(['S'] * 20)}*({'*'.join(['S'] * 20)}))"),
    ("tr((S')^40)", "tr(S^40)"),
    ("x'*S^30*x", "x'*(S')^30*x"),
    ("(x'*S*x)^5*(x'*x)^3", "x'*S*x*" * 4 + "(x'*x)^2*(x'*x)*(x'*S*x)"),
    ("tr(A*A'*A*A'*A*A'*A*A')", "tr(A'*A*A'*A*A'*A*A'*A)"),
    ("u .* u .* u .* u .* u .* u", "u.^6"),
])
def test_many_equal_factors_are_quick(one: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = {"x": ["n"], "u": ["n"], "S": ["n", "n"], "A": ["m", "n"]}
    (a, many), (b, more) = (leaves_of(monkeypatch, text, declared) for text in (one, other))
    assert a is b
    assert max(many, more) <= 400


def test_sums_forget_order_and_brackets() -> None:
    terms = [variable(name, "n") for name in "abcdef"]
    weights = [Fraction(k - 2, 3) for k in range(6)]
    total = add(list(zip(weights, terms)))
    rng = random.Random(5)
    for _ in range(20):
        pairs = rng.sample(list(zip(weights, terms)), 6)
        nested = add([(1, add(pairs[:3])), (Fraction(1, 2), add([(2 * weight, term) for weight, term in pairs[3:]]))])
        assert nested is total
