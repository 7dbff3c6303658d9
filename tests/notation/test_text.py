"""Printing: exact strings, and the law that what is printed reads back."""

from __future__ import annotations

import doctest
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorcalc.notation import syntax
from tensorcalc.notation import text as text_module
from tensorcalc.notation.parse import parse, parse_expression
from tensorcalc.notation.syntax import (
    Call,
    Entry,
    Indexed,
    Literal,
    Name,
    Num,
    Op,
    Subscripts,
    Syntax,
    fold,
    is_op,
    multiply,
    negate,
    number,
)
from tensorcalc.notation.text import index_text, statement_text, text

FUNCTIONS = ("f", "g")

MATRIX = [
    ("2*A'*(A*x-b)", "2 A' (A x - b)"),
    ("inv(X)*Y", "inv(X) Y"),
    ("A (B + C)", "A (B + C)"),
    ("A (B C)", "A (B C)"),
    ("(A B) C", "(A B) C"),
    ("A*(-x)", "A (-x)"),
    ("-(A x)", "-A x"),
    ("-A + B - C", "-A + B - C"),
    ("a - (b + c)", "a - (b + c)"),
    ("a + (b + c)", "a + (b + c)"),
    ("(a + b) + c", "a + b + c"),
    ("a + (-b)*c", "a - b c"),
    ("a - (-b)", "a - (-b)"),
    ("-(-a)", "-(-a)"),
    ("(-a + b) c", "(-a + b) c"),
    ("-(a + b) c", "-(a + b) c"),
    ("a .* (B x)", "a .* (B x)"),
    ("B x .* a", "(B x) .* a"),
    ("a .* b x", "(a .* b) x"),
    ("a .* b ./ c", "a .* b ./ c"),
    ("a .* (b ./ c)", "a .* (b ./ c)"),
    ("A ⊗ B ⊗ C", "A ⊗ B ⊗ C"),
    ("A ⊗ (B ⊗ C)", "A ⊗ (B ⊗ C)"),
    ("A ⊗ B ⊕ C", "(A ⊗ B) ⊕ C"),
    ("(A ⊗ B) x", "(A ⊗ B) x"),
    ("(A ⊗ B) .* C", "(A ⊗ B) .* C"),
    ("kron(A,B)*vec(X)", "kron(A, B) vec(X)"),
    ("A x/norm2(x)", "A x/norm2(x)"),
    ("x/(a b)", "x/(a b)"),
    ("x/(a + b)", "x/(a + b)"),
    ("x/a'", "x/a'"),
    ("1/x^2", "1/x^2"),
    ("a/b/c", "(a/b)/c"),
    ("a/b c", "(a/b) c"),
    ("a .* b/c", "(a .* b)/c"),
    ("(a + b)/c", "(a + b)/c"),
    ("-a/b", "-a/b"),
    ("0.5 x", "0.5 x"),
    ("1/2 x", "(1/2) x"),
    ("2*3*x*4", "2*3 x*4"),
    ("x 2^k", "x*2^k"),
    ("1e300", "1e300"),
    ("12e60 x", "12e60 x"),
    ("1e20", "1" + "0" * 20),
    ("X^-1", "X^-1"),
    ("X^(-1)", "X^-1"),
    ("X^k", "X^k"),
    ("X^-k", "X^-k"),
    ("X^(k-1)", "X^(k - 1)"),
    ("x^0.5", "x^0.5"),
    ("x^(1/3)", "x^(1/3)"),
    ("X^(T)", "X^(T)"),
    ("X^(-T)", "X^(-T)"),
    ("X^T", "X'"),
    ("X^-T", "(X^-1)'"),
    ("x^g(y)", "x^g(y)"),
    ("(X^2)'", "(X^2)'"),
    ("X'^2", "X'^2"),
    ("(X^2)^3", "(X^2)^3"),
    ("(-x)^2", "(-x)^2"),
    ("-x^2", "-x^2"),
    ("(a b)^2", "(a b)^2"),
    ("2^x", "2^x"),
    ("x.^2", "x.^2"),
    ("2.^x", "2.^x"),
    ("(1/2).^x", "(1/2).^x"),
    ("(A B)'", "(A B)'"),
    ("A''", "A''"),
    ("A:B", "A : B"),
    ("(A + B):C", "(A + B) : C"),
    ("A B:C", "A B : C"),
    ("A:(B:C)", "A : (B : C)"),
    ("-(A:B)", "-(A : B)"),
    ("a - A:B", "a - (A : B)"),
    ("[1,2;3,4]", "[1, 2; 3, 4]"),
    ("X [1;2]", "X [1; 2]"),
    ("X[1,2]", "X[1, 2]"),
    ("(A x)[i]", "(A x)[i]"),
    ("(X^2)[1,2]", "(X^2)[1, 2]"),
    ("(2)[1]", "(2)[1]"),
    ("#('ij, jk->ik', A, B)", "einsum('ij,jk->ik', A, B)"),
    ("f''(A*x)", "f''(A x)"),
    ("f''(A x)_i", "f''(A x)_i"),
    ("X_{ij} Y_{jk}", "X_ij Y_jk"),
    ("D_{(ji)p}", "D_{(ji)p}"),
    ("X_αj", "X_{αj}"),
    ("(A*X)_ip", "(A X)_ip"),
    ("-x_i", "-x_i"),
]

INDEX = [
    ("δ_ip Y_qj", "delta_ip Y_qj"),
    ("(A X)_ip", "(A*X)_ip"),
    ("inv(X' X)_ij", "inv(X'*X)_ij"),
    ("det(F' F) x_i", "det(F'*F) x_i"),
    ("tr(A (B + C)) x_i", "tr(A*(B + C)) x_i"),
    ("exp(x_i)", "exp(x_i)"),
    ("exp(-x_i y_j)", "exp(- x_i y_j)"),
    ("exp((A x)_i y_j)", "exp((A*x)_i y_j)"),
    ("2*X_pq", "2 X_pq"),
    ("1/3*delta_ij", "(1/3) delta_ij"),
    ("0.5*x_i", "0.5 x_i"),
    ("-1/3*x_i", "- (1/3) x_i"),
    ("a_i + b_i - c_i", "a_i + b_i - c_i"),
    ("-A_ij x_j", "- A_ij x_j"),
    ("-A_ij x_j + b_i", "- A_ij x_j + b_i"),
    ("(1/(x' x)) x_i", "(1/(x'*x)) x_i"),
    ("a^2 x_i", "(a^2) x_i"),
    ("a x_i", "a x_i"),
    ("-(a b) x_i", "- (a*b) x_i"),
    ("x_i (x' y)", "x_i (x'*y)"),
    ("x_i/(x' x)", "x_i/(x'*x)"),
    ("x_i/a", "x_i/a"),
    ("x_i y_i/(a b)", "x_i y_i/(a*b)"),
    ("(x_i/a) y_j", "(x_i/a) y_j"),
    ("(T_ijk - U_ijk) x_k", "(T_ijk - U_ijk) x_k"),
    ("x_k (-T_ijk - U_ijk)", "x_k (- T_ijk - U_ijk)"),
    ("(A_ij x_j - b_i)^2", "(A_ij x_j - b_i)^2"),
    ("x_i^a 2", "x_i^a*2"),
    ("x_i^(a-1)", "x_i^(a - 1)"),
    ("2 .^ x_i", "2.^(x_i)"),
    ("X[1,2] x_i", "X[1, 2] x_i"),
    ("D_{(ji)pq}", "D_{(ji)pq}"),
    ("f'(A X)_ij", "f'(A*X)_ij"),
    ("tr(A B)", "tr(A*B)"),
    ("-2 tr(A B)", "-2*tr(A*B)"),
    ("tr(A B) + x_i", "tr(A*B) + x_i"),
    ("x_i - a b", "x_i - a*b"),
]


@pytest.mark.parametrize(("source", "expected"), MATRIX)
def test_matrix_text(source: str, expected: str) -> None:
    assert text(parse_expression(source, FUNCTIONS)) == expected


@pytest.mark.parametrize(("source", "expected"), INDEX)
def test_index_text(source: str, expected: str) -> None:
    assert index_text(parse_expression(source, FUNCTIONS)) == expected


@pytest.mark.parametrize(("printer", "source"), [(text, row[1]) for row in MATRIX] + [(index_text, row[1]) for row in INDEX])
def test_expected_strings_are_fixed_points(printer: object, source: str) -> None:
    assert callable(printer)
    assert printer(parse_expression(source, FUNCTIONS)) == source


@pytest.mark.parametrize(("tree", "expected"), [
    (negate(multiply(Name("A"), Name("x"))), "-A x"),
    (multiply(number(Fraction(-1, 2)), Name("x")), "-(1/2) x"),
    (multiply(Name("x"), number(-2)), "x (-2)"),
    (Num(Fraction(-3)), "-3"),
    (Num(Fraction(-3, 2)), "-1.5"),
    (Op("power", (Num(Fraction(-3)), Num(Fraction(2)))), "(-3)^2"),
    (Op("power", (Name("X"), Num(Fraction(-2)))), "X^-2"),
    (Op("power", (Name("X"), negate(Num(Fraction(-2))))), "X^(-(-2))"),
    (Entry(Num(Fraction(-2)), (Num(Fraction(1)),)), "(-2)[1]"),
    (Op("add", (Name("x"),)), "x"),
    (Op("multiply", (Name("x"),)), "x"),
    (Name("x", ()), "x"),
    (Name("D", (("j",), "i")), "D_ji"),
])
def test_trees_that_are_not_written_by_people(tree: Syntax, expected: str) -> None:
    assert text(tree) == expected


def test_statement_text() -> None:
    statement = parse("D_{i(jk)} = 2*A_ij (B C)_jk")
    assert statement.left is not None
    assert statement_text(statement.left, statement.body) == "D_{i(jk)} = 2 A_ij (B*C)_jk"
    assert statement_text(Name("D", ("i", "j", "p")), parse_expression("-x_i")) == "D_ijp = - x_i"
    assert statement_text(Name("f"), parse_expression("x_i x_i")) == "f = x_i x_i"


def test_deep_trees_are_printed() -> None:
    """Nothing recurses: printing has no bound of its own."""
    tree: Syntax = Name("x")
    for _ in range(3000):
        tree = Call("f", (tree,))
    assert text(tree) == "f(" * 3000 + "x" + ")" * 3000


# What is printed reads back


def normal(tree: Syntax) -> Syntax:
    """What a reader cannot see is forgotten: see the docstring of ``text``."""

    def combine(node: Syntax, parts: list[Syntax]) -> Syntax:
        match node:
            case Num():
                return number(node.value)
            case Call():
                return Call(node.function, tuple(parts), node.indices, node.primes)
            case Indexed():
                return Indexed(parts[0], node.indices)
            case Entry():
                return Entry(parts[0], tuple(parts[1:]))
            case Literal():
                rest = iter(parts)
                return Literal(tuple(tuple(next(rest) for _ in row) for row in node.rows))
            case Op(operator="add" | "negate" | "transpose" | "power" | "elpower"):
                return spliced(node.operator, parts)
            case Op():
                first = parts[0]
                if is_op(first, "negate"):
                    return Op("negate", (spliced(node.operator, [first.operands[0], *parts[1:]]),))
                return spliced(node.operator, parts)
            case _:
                return node

    return fold(tree, combine)


def spliced(operator: str, parts: list[Syntax]) -> Syntax:
    """An operator whose first operand is spliced in, where it is the same sum or product."""
    first = parts[0]
    if operator in ("add", "multiply") and is_op(first, operator):
        return Op(operator, (*first.operands, *parts[1:]))
    return Op(operator, tuple(parts))


letters = st.sampled_from("ijkpqα")
groups = st.lists(letters, min_size=2, max_size=3).map(tuple)
indices = st.lists(letters | groups, min_size=1, max_size=4).map(tuple)
maybe_indices = st.none() | indices
names = st.sampled_from(["A", "X", "x", "T", "f", "W1", "beta", "n", "tr", "einsum", "β", "e", "E2", "I"])
numbers = st.integers(-9, 120) | st.fractions(-3, 3, max_denominator=12) | st.sampled_from([10**60, Fraction(1, 10**300)])
atoms = st.builds(Num, st.builds(Fraction, numbers)) | st.builds(Name, names, maybe_indices)


def compounds(trees: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    several = st.lists(trees, min_size=1, max_size=3).map(tuple)
    many = st.lists(trees, min_size=2, max_size=4).map(tuple)
    pairs = st.tuples(trees, trees)
    rows = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[trees] * width), min_size=1, max_size=2)).map(tuple)
    return st.one_of(
        st.builds(Op, st.sampled_from(["add", "multiply"]), many),
        st.builds(Op, st.sampled_from(["divide", "hadamard", "quotient", "kronecker", "kronsum", "frobenius"]), pairs),
        st.builds(Op, st.sampled_from(["power", "elpower"]), pairs),
        st.builds(Op, st.sampled_from(["negate", "transpose"]), st.tuples(trees)),
        st.builds(Call, st.sampled_from(["f", "inv", "T", "kron"]), several, maybe_indices),
        st.builds(Call, st.sampled_from(FUNCTIONS), several, maybe_indices, st.integers(0, 3)),
        st.builds(lambda operands: Call("einsum", (Subscripts("ij,jk->ik"), *operands)), several),
        st.builds(Indexed, trees, indices),
        st.builds(Entry, trees, several),
        st.builds(Literal, rows),
    )


forests: st.SearchStrategy[Syntax] = st.recursive(atoms, compounds, max_leaves=12)


@settings(max_examples=500, deadline=None)
@given(forests)
def test_matrix_text_reads_back(tree: Syntax) -> None:
    written = text(tree)
    read = parse_expression(written, FUNCTIONS)
    assert normal(read) == normal(tree)
    assert text(read) == written


@settings(max_examples=500, deadline=None)
@given(forests)
def test_index_text_reads_back(tree: Syntax) -> None:
    written = index_text(tree)
    read = parse_expression(written, FUNCTIONS)
    assert normal(read) == normal(tree)
    assert index_text(read) == written


@settings(max_examples=200, deadline=None)
@given(forests)
def test_both_notations_read_as_the_same_tree(tree: Syntax) -> None:
    assert normal(parse_expression(text(tree), FUNCTIONS)) == normal(parse_expression(index_text(tree), FUNCTIONS))


@settings(max_examples=1000, deadline=None)
@given(st.text(alphabet="AxfT12(),;[]{}=+-*/.^'_ij :⊗$#", max_size=30))
def test_any_text_that_is_read_is_printed_and_read_again(source: str) -> None:
    try:
        tree = parse_expression(source, FUNCTIONS)
    except ValueError:
        return
    assert normal(parse_expression(text(tree), FUNCTIONS)) == normal(tree)


def test_examples() -> None:
    assert doctest.testmod(text_module).failed == 0
    assert doctest.testmod(syntax).failed == 0
