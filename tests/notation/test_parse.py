"""Reading: trees, spans, bounds, and the exact text of every error."""

from __future__ import annotations

import doctest
import re
from fractions import Fraction
from pathlib import Path

import pytest
from effort import lines_run

from tensorcalc.errors import FormulaError, LimitError, TensorCalcError
from tensorcalc.notation import mistakes, parse, text, tokens
from tensorcalc.notation.parse import MAX_DEPTH, MAX_SOURCE, SYNTAX_CODES, parse_expression
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
    children,
    fold,
)

FUNCTIONS = ("f", "g")


def outline(tree: Syntax) -> str:
    """A tree with all its brackets, so that precedence is visible."""

    def combine(node: Syntax, parts: list[str]) -> str:
        match node:
            case Num():
                return str(node.value)
            case Name():
                return node.name + listed(node.indices)
            case Call():
                return f"{node.function}{chr(39) * node.primes}({', '.join(parts)}){listed(node.indices)}"
            case Op():
                return f"<{' '.join([node.operator, *parts])}>"
            case Indexed():
                return f"|{parts[0]}|{listed(node.indices)}"
            case Entry():
                return f"{parts[0]}[{', '.join(parts[1:])}]"
            case Literal():
                return f"[{'; '.join(str(len(row)) for row in node.rows)}: {', '.join(parts)}]"
            case Subscripts():
                return f"'{node.text}'"

    return fold(tree, combine)


def listed(indices: tuple[str | tuple[str, ...], ...] | None) -> str:
    """Indices separated by dots, groups in brackets."""
    if indices is None:
        return ""
    return "_" + ".".join(index if isinstance(index, str) else f"({''.join(index)})" for index in indices)


def outlined(source: str) -> str:
    return outline(parse_expression(source, FUNCTIONS))


PRECEDENCE = [
    ("a + b * c", "<add a <multiply b c>>"),
    ("a * b + c", "<add <multiply a b> c>"),
    ("a + b : c + d", "<add a <frobenius b c> d>"),
    ("a : b * c", "<frobenius a <multiply b c>>"),
    ("a : b : c", "<frobenius <frobenius a b> c>"),
    ("a - b - c", "<add a <negate b> <negate c>>"),
    ("a - b * c", "<add a <negate <multiply b c>>>"),
    ("a - b : c", "<add a <negate <frobenius b c>>>"),
    ("a - (b - c)", "<add a <negate <add b <negate c>>>>"),
    ("a .* b c ./ d", "<quotient <multiply <hadamard a b> c> d>"),
    ("A x .* b", "<hadamard <multiply A x> b>"),
    ("a / b c", "<multiply <divide a b> c>"),
    ("a / b / c", "<divide <divide a b> c>"),
    ("A ⊗ B ⊕ C", "<kronsum <kronecker A B> C>"),
    ("A ⊗ B C", "<multiply <kronecker A B> C>"),
    ("x ⊙ y ⊘ z", "<quotient <hadamard x y> z>"),
    ("A @ B * C D", "<multiply A B C D>"),
    ("(A B) C", "<multiply <multiply A B> C>"),
    ("A (B C)", "<multiply A <multiply B C>>"),
    ("-x.^2", "<negate <elpower x 2>>"),
    ("-a*b", "<multiply <negate a> b>"),
    ("-a + b", "<add <negate a> b>"),
    ("-a : b", "<frobenius <negate a> b>"),
    ("a*-b", "<multiply a <negate b>>"),
    ("a*-b*c", "<multiply a <negate b> c>"),
    ("a - -b", "<add a <negate <negate b>>>"),
    ("--a", "<negate <negate a>>"),
    ("−a − b", "<add <negate a> <negate b>>"),
    ("A -x", "<add A <negate x>>"),
    ("X^2'", "<transpose <power X 2>>"),
    ("X'^2", "<power <transpose X> 2>"),
    ("X^-1", "<power X <negate 1>>"),
    ("X^-1'", "<transpose <power X <negate 1>>>"),
    ("a^b^c", "<power <power a b> c>"),
    ("2^-n x", "<multiply <power 2 <negate n>> x>"),
    ("x.^(1/3)", "<elpower x <divide 1 3>>"),
    ("X^(k-1)", "<power X <add k <negate 1>>>"),
    ("a^n b", "<multiply <power a n> b>"),
    ("x^g(y)'", "<transpose <power x g(y)>>"),
    ("x'y'", "<multiply <transpose x> <transpose y>>"),
    ("x''", "<transpose <transpose x>>"),
    ("1/2", "<divide 1 2>"),
    ("1 ./ x", "<quotient 1 x>"),
    ("1./x", "<quotient 1 x>"),
    ("2.^x", "<elpower 2 x>"),
    ("2 .* x", "<hadamard 2 x>"),
]

TRANSPOSES = ["X'", "Xᵀ", "X.T", "X.'", "X^T", "X ^ T", "X^⊤", "X′", "X’", "X '"]

OPERANDS = [
    ("A X B", "<multiply A X B>"),
    ("A(X)", "A(X)"),
    ("A (X)", "<multiply A X>"),
    ("A'(X)", "<multiply <transpose A> X>"),
    ("f'(X)", "f'(X)"),
    ("f' (X)", "<multiply <transpose f> X>"),
    ("f''(z)", "f''(z)"),
    ("f'", "<transpose f>"),
    ("f' x", "<multiply <transpose f> x>"),
    ("tr'(X)", "<multiply <transpose tr> X>"),
    ("f'(A*X)_ij", "f'(<multiply A X>)_i.j"),
    ("f(x)'", "<transpose f(x)>"),
    ("2x", "<multiply 2 x>"),
    ("2(x+y)", "<multiply 2 <add x y>>"),
    ("2[1, 2]", "<multiply 2 [2: 1, 2]>"),
    ("(a)(b)", "<multiply a b>"),
    ("x_i(y_j + z_j)", "<multiply x_i <add y_j z_j>>"),
    ("W1 beta δ", "<multiply W1 beta δ>"),
    ("αβ", "<multiply α β>"),
    ("I x", "<multiply I x>"),
    ("X_ij Y_kj", "<multiply X_i.j Y_k.j>"),
    ("X_{ij}", "X_i.j"),
    ("X_{i,j}", "X_i.j"),
    ("X_{i j}", "X_i.j"),
    ("X_αj", "X_α.j"),
    ("D_{(ji)pq}", "D_(ji).p.q"),
    ("D_{(j,i), p q}", "D_(ji).p.q"),
    ("D_{(i)j}", "D_i.j"),
    ("delta_ij", "delta_i.j"),
    ("δ_ij", "delta_i.j"),
    ("ε_ijk", "eps_i.j.k"),
    ("eps_{ijk}", "eps_i.j.k"),
    ("inv(X)_ij", "inv(X)_i.j"),
    ("(A*X)_ip", "|<multiply A X>|_i.p"),
    ("(A*X)", "<multiply A X>"),
    ("X'_ij", "|<transpose X>|_i.j"),
    ("X^2_ij", "|<power X 2>|_i.j"),
    ("X^T_ij", "|<transpose X>|_i.j"),
    ("x_i^2", "<power x_i 2>"),
    ("X^-T", "<transpose <power X <negate 1>>>"),
    ("X^(T)", "<power X T>"),
    ("X^T2", "<power X T2>"),
    ("X[1,2]", "X[1, 2]"),
    ("x[i]", "x[i]"),
    ("X'[1, i+1]", "<transpose X>[1, <add i 1>]"),
    ("(A x)[1]", "<multiply A x>[1]"),
    ("x [1]", "<multiply x [1: 1]>"),
    ("[1, 2; 3, 4]", "[2; 2: 1, 2, 3, 4]"),
    ("[a b; -c]", "[1; 1: <multiply a b>, <negate c>]"),
    ("einsum('ij,jk->ik', A, B)", "einsum('ij,jk->ik', A, B)"),
    ("#('ij,jk->ij', A, B)", "einsum('ij,jk->ij', A, B)"),
    ('einsum( "ij, jk -> ik", A\', B x)', "einsum('ij,jk->ik', <transpose A>, <multiply B x>)"),
    ("einsum('...->', A)", "einsum('...->', A)"),
    ("einsum('i->ii', x) y'", "<multiply einsum('i->ii', x) <transpose y>>"),
    ("series(j, 0, k-1, X^j)", "series(j, 0, <add k <negate 1>>, <power X j>)"),
    ("tr(A\n X)\t", "tr(<multiply A X>)"),
]


@pytest.mark.parametrize(("source", "expected"), PRECEDENCE)
def test_precedence(source: str, expected: str) -> None:
    assert outlined(source) == expected


@pytest.mark.parametrize(("source", "expected"), OPERANDS)
def test_operands(source: str, expected: str) -> None:
    assert outlined(source) == expected


@pytest.mark.parametrize("source", TRANSPOSES)
def test_transposes(source: str) -> None:
    assert parse_expression(source) == Op("transpose", (Name("X"),))


@pytest.mark.parametrize(("source", "value"), [
    ("3", 3), ("0.5", Fraction(1, 2)), ("0.1", Fraction(1, 10)), (".25", Fraction(1, 4)), ("1e-3", Fraction(1, 1000)),
    ("2.5E+2", 250), ("1e300", 10**300), ("007", 7), ("9" * 50, 10**50 - 1), ("1e0", 1),
])
def test_numbers_are_exact(source: str, value: Fraction | int) -> None:
    assert parse_expression(source) == Num(Fraction(value))


def test_number_before_a_name_is_not_an_exponent() -> None:
    assert outlined("2e") == "<multiply 2 e>"
    assert outlined("2exp(x)") == "<multiply 2 exp(x)>"
    assert outlined("2 e3") == "<multiply 2 e3>"


def test_statement_with_definitions_and_left_side() -> None:
    statement = parse.parse("t = A x - b; S_ij = t_i t_j; C_{ij} = S_ij")
    assert [outline(name) for name, _ in statement.definitions] == ["t", "S_i.j"]
    assert [outline(body) for _, body in statement.definitions] == ["<add <multiply A x> <negate b>>", "<multiply t_i t_j>"]
    assert statement.left == Name("C", ("i", "j"))
    assert outline(statement.body) == "S_i.j"
    assert statement.source == "t = A x - b; S_ij = t_i t_j; C_{ij} = S_ij"


def test_a_left_side_may_name_its_argument() -> None:
    statement = parse.parse("t = A x; h(x) = t' t")
    assert statement.left == Name("h") and statement.body == parse.parse("t' t").body
    assert parse.parse("h(X) = tr(X)").left == Name("h")


def test_statement_without_left_side() -> None:
    statement = parse.parse("t = A x; t' t")
    assert statement.left is None
    assert outline(statement.body) == "<multiply <transpose t> t>"
    assert parse.parse("f = t' t").left == Name("f")
    assert parse.parse("x").definitions == ()


@pytest.mark.parametrize("sign", ["+", "*", " ", "-"])
def test_long_chains_stay_flat(sign: str) -> None:
    tree = parse_expression(sign.join("x" * 10_000))
    assert isinstance(tree, Op)
    assert len(tree.operands) == 10_000


# Spans


def places(source: str) -> dict[str, str]:
    """What each node covers, by its outline."""
    covered: dict[str, str] = {}
    waiting = [parse_expression(source, FUNCTIONS)]
    while waiting:
        node = waiting.pop()
        covered[outline(node)] = source[slice(*node.span)]
        waiting += children(node)
    return covered


def test_spans_cover_operators_with_their_operands() -> None:
    assert places("(a + b) * c' - 2 d_ij") == {
        "<add <multiply <add a b> <transpose c>> <negate <multiply 2 d_i.j>>>": "(a + b) * c' - 2 d_ij",
        "<multiply <add a b> <transpose c>>": "(a + b) * c'",
        "<add a b>": "a + b", "a": "a", "b": "b", "c": "c",
        "<transpose c>": "c'",
        "<negate <multiply 2 d_i.j>>": "- 2 d_ij",
        "<multiply 2 d_i.j>": "2 d_ij", "2": "2", "d_i.j": "d_ij",
    }


def test_spans_of_calls_entries_literals_and_powers() -> None:
    covered = places("f''( x )_i + (A B)_{ij} X[1, k]^-2 .* [1; 2] - einsum( 'i->' , x)")
    assert covered["f''(x)_i"] == "f''( x )_i"
    assert covered["|<multiply A B>|_i.j"] == "(A B)_{ij}"
    assert covered["X[1, k]"] == "X[1, k]"
    assert covered["<power X[1, k] <negate 2>>"] == "X[1, k]^-2"
    assert covered["<negate 2>"] == "-2"
    assert covered["[1; 1: 1, 2]"] == "[1; 2]"
    assert covered["'i->'"] == "'i->'"
    assert covered["einsum('i->', x)"] == "einsum( 'i->' , x)"


def test_spans_of_left_sides_and_definitions() -> None:
    source = "t = a; C_ij = t"
    statement = parse.parse(source)
    assert statement.left is not None
    assert source[slice(*statement.left.span)] == "C_ij"
    assert source[slice(*statement.definitions[0][0].span)] == "t"


# Errors: source, title, the line of marks, help

MALFORMED = [
    ("   ", "TC001: the formula is empty", "   ^",
     "write a formula such as tr(A*X*B)"),
    ("A $ B", "TC002: '$' means nothing in a formula", "  ^",
     "dollar signs stand around a whole formula, or not at all"),
    ("A # B", "TC026: the first argument of einsum is its subscripts in quotes", "  ^",
     "write einsum('ij,jk->ik', A, B)"),
    ("A \\ b", "TC002: '\\' means nothing in a formula", "  ^",
     "a solution of A x = b is written solve(A, b)"),
    ("$A", "TC002: '$' means nothing in a formula", "^",
     "dollar signs stand around a whole formula, or not at all"),
    ("|x|", "TC002: '|' means nothing in a formula", "^",
     "an absolute value is written abs(x), a norm norm2(x)"),
    ("‖x‖", "TC002: '‖' means nothing in a formula", "^",
     "a norm is written norm2(x)"),
    ("x²", "TC002: '²' means nothing in a formula", " ^",
     "a square is written x^2"),
    ("A × B", "TC002: '×' means nothing in a formula", "  ^",
     "a product is written A*B or A B, a cross product cross(x, y)"),
    ("A ∘ B", "TC002: '∘' means nothing in a formula", "  ^",
     "the elementwise product is written A .* B"),
    ("A . B", "TC002: '.' means nothing in a formula", "  ^",
     "the operators with a dot are .* ./ .^ and .T; a number has digits after its dot"),
    ("A < B", "TC002: '<' means nothing in a formula", "  ^",
     "formulas have no inequalities; properties of names are declared"),
    ("\"ij\"", "TC002: '\"' means nothing in a formula", "^",
     "a quote is a transpose; quoted subscripts are the first argument of einsum('ij,jk->ik', A, B)"),
    ("'ij,jk->ik'", "TC003: nothing stands before \"'\"", "^",
     "a quote is a transpose; quoted subscripts are the first argument of einsum('ij,jk->ik', A, B)"),
    ("A⊤", "TC002: '⊤' means nothing in a formula", " ^",
     "a transpose is written A' or A^T"),
    ("√x", "TC002: '√' means nothing in a formula", "^",
     "a square root is written sqrt(x)"),
    ("α + ½", "TC002: '½' means nothing in a formula", "    ^",
     None),
    ("\u200b", "TC002: U+200B means nothing in a formula", "^",
     "remove this invisible character"),
    ("* A", "TC003: nothing stands before '*'", "^",
     None),
    ("/ A", "TC003: nothing stands before '/'", "^",
     None),
    (": A", "TC003: nothing stands before ':'", "^",
     None),
    ("A : * B", "TC004: an operand is missing between ':' and '*'", "  ^ ^",
     None),
    ("^2", "TC003: nothing stands before '^'", "^",
     None),
    ("'", "TC003: nothing stands before \"'\"", "^",
     "a quote is a transpose; quoted subscripts are the first argument of einsum('ij,jk->ik', A, B)"),
    ("_ij", "TC018: indices stand on nothing that can carry them", "^~~",
     "indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij"),
    ("f(*x)", "TC003: nothing stands before '*'", "  ^",
     None),
    ("X[:, 1]", "TC003: nothing stands before ':'", "  ^",
     "slices are not read; entries are written X[1,2]"),
    ("(.* x)", "TC003: nothing stands before '.*'", " ^~",
     None),
    ("A * * B", "TC004: an operand is missing between '*' and '*'", "  ^ ^",
     "a power is written ^: A^2"),
    ("A + / B", "TC004: an operand is missing between '+' and '/'", "  ^ ^",
     None),
    ("A - * B", "TC004: an operand is missing between '-' and '*'", "  ^ ^",
     None),
    ("A .* ./ B", "TC004: an operand is missing between '.*' and './'", "  ^~ ^~",
     None),
    ("(A +)", "TC004: an operand is missing between '+' and ')'", "   ^^",
     None),
    ("X^'", "TC004: an operand is missing between '^' and \"'\"", " ^^",
     None),
    ("X^--1", "TC004: an operand is missing between '-' and '-'", "  ^^",
     None),
    ("A +", "TC005: the formula ends after '+'", "  ^",
     "an operand must follow"),
    ("A *", "TC005: the formula ends after '*'", "  ^",
     "an operand must follow"),
    ("A -", "TC005: the formula ends after '-'", "  ^",
     "an operand must follow"),
    ("X^", "TC005: the formula ends after '^'", " ^",
     "an operand must follow"),
    ("-", "TC005: the formula ends after '-'", "^",
     "an operand must follow"),
    ("C_ij =", "TC005: the formula ends after '='", "     ^",
     None),
    ("(A + B", "TC006: '(' is never closed", "^     ^",
     "add ')'"),
    ("tr(A X", "TC006: '(' is never closed", "  ^   ^",
     "add ')'"),
    ("kron(A, ", "TC006: '(' is never closed", "    ^   ^",
     "add ')'"),
    ("X[1, 2", "TC006: '[' is never closed", " ^    ^",
     "add ']'"),
    ("[1, 2; 3", "TC006: '[' is never closed", "^       ^",
     "add ']'"),
    ("((A)", "TC006: '(' is never closed", "^   ^",
     "add ')'"),
    ("tr(A; B", "TC011: ';' stands inside brackets", "  ^ ^",
     "close '(' before it, or separate with ','"),
    ("A X)", "TC007: ')' closes nothing", "   ^",
     "remove it, or open '(' before"),
    ("A]", "TC007: ']' closes nothing", " ^",
     "remove it, or open '[' before"),
    ("A + B) C", "TC007: ')' closes nothing", "     ^",
     "remove it, or open '(' before"),
    ("(A X]", "TC008: '(' is closed by ']'", "^   ^",
     "close it with ')'"),
    ("[1, 2)", "TC008: '[' is closed by ')'", "^    ^",
     "close it with ']'"),
    ("tr(X[1)", "TC008: '[' is closed by ')'", "    ^ ^",
     "close it with ']'"),
    ("A ()", "TC009: the brackets are empty", "  ^~",
     None),
    ("tr()", "TC009: 'tr' is called without an argument", "  ^~",
     None),
    ("[]", "TC009: the brackets are empty", "^~",
     None),
    ("X[]", "TC009: the brackets are empty", " ^~",
     None),
    ("A, B", "TC010: ',' separates nothing here", " ^",
     "arguments stand in brackets: kron(A, B); indices in braces: X_{i,j}"),
    ("kron (A, B)", "TC010: ',' stands in brackets that are no call", "     ^ ^",
     "a call has no space before its bracket: kron(A, B)"),
    ("X_i,j", "TC010: ',' separates nothing here", "   ^",
     "arguments stand in brackets: kron(A, B); indices in braces: X_{i,j}"),
    ("f(x; y)", "TC011: ';' stands inside brackets", " ^ ^",
     "close '(' before it, or separate with ','"),
    ("(a; b)", "TC011: ';' stands inside brackets", "^ ^",
     "close '(' before it, or separate with ','"),
    ("X[1; 2]", "TC011: ';' stands inside brackets", " ^ ^",
     "close '[' before it, or separate with ','"),
    ("kron(A,)", "TC012: an argument is missing before ')'", "       ^",
     None),
    ("kron(,A)", "TC012: an argument is missing before ','", "     ^",
     None),
    ("f(x,,y)", "TC012: an argument is missing before ','", "    ^",
     None),
    ("[1, ; 2]", "TC012: an entry is missing before ';'", "    ^",
     None),
    ("[; 1]", "TC012: an entry is missing before ';'", " ^",
     None),
    ("[1;]", "TC012: an entry is missing before ']'", "   ^",
     None),
    ("[1, 2,]", "TC012: an entry is missing before ']'", "      ^",
     None),
    ("[1, 2; 3]", "TC013: one row has 2 entries and another 1 entry", " ^~~~  ^",
     "entries are separated by ',' and rows by ';'"),
    ("[1; 2, 3; 4]", "TC013: one row has 1 entry and another 2 entries", " ^  ^~~~",
     "entries are separated by ',' and rows by ';'"),
    ("2 3", "TC014: two numbers stand side by side", "^ ^",
     "write 2*3 for a product and [1, 2; 3, 4] for a matrix"),
    ("[1 2; 3 4]", "TC014: two numbers stand side by side", " ^ ^",
     "write 2*3 for a product and [1, 2; 3, 4] for a matrix"),
    ("x^2 3", "TC014: two numbers stand side by side", "  ^ ^",
     "write 2*3 for a product and [1, 2; 3, 4] for a matrix"),
    ("X_i1", "TC015: the digit 1 stands where an index is expected", "   ^",
     "index names are single letters; one entry is written X[1,2]"),
    ("X_1", "TC015: the digit 1 stands where an index is expected", "  ^",
     "index names are single letters; one entry is written X[1,2]"),
    ("X_{i1}", "TC015: the digit 1 stands where an index is expected", "    ^",
     "index names are single letters; one entry is written X[1,2]"),
    ("X_{1,2}", "TC015: the digit 1 stands where an index is expected", "   ^",
     "index names are single letters; one entry is written X[1,2]"),
    ("X_", "TC016: '_' is followed by no index", " ^",
     "index names are single letters: X_ij, X_{ij}"),
    ("X_{}", "TC016: '_' is followed by no index", " ^~~",
     "index names are single letters: X_ij, X_{ij}"),
    ("X_{i+j}", "TC016: '+' is no index", "    ^",
     "index names are single letters: X_ij, X_{ij}, X_{i,j}"),
    ("X_i²", "TC016: '²' is no index", "   ^",
     "index names are single letters: X_ij, X_{ij}, X_{i,j}"),
    ("X_{ij", "TC017: '{' is never closed", "  ^  ^",
     "indices stand between braces: X_{ij}"),
    ("X_{(ij", "TC017: '{' is never closed", "  ^   ^",
     "indices stand between braces: X_{ij}"),
    ("2_i", "TC018: indices stand on nothing that can carry them", " ^~",
     "indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij"),
    ("X _ij", "TC018: indices stand on nothing that can carry them", "  ^~~",
     "indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij"),
    ("X_ij_kl", "TC018: indices stand on nothing that can carry them", "    ^~~",
     "indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij"),
    ("[1, 2]_i _j", "TC018: indices stand on nothing that can carry them", "         ^~",
     "indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij"),
    ("D_{(ij}", "TC019: the brackets of a merged axis do not match", "   ^",
     "a merged axis is one bracket of index names: D_{(ji)pq}"),
    ("D_{ij)}", "TC019: the brackets of a merged axis do not match", "     ^",
     "a merged axis is one bracket of index names: D_{(ji)pq}"),
    ("D_{()i}", "TC019: the brackets of a merged axis do not match", "   ^~",
     "a merged axis is one bracket of index names: D_{(ji)pq}"),
    ("D_{((ij)k)}", "TC019: the brackets of a merged axis do not match", "    ^",
     "a merged axis is one bracket of index names: D_{(ji)pq}"),
    ("A == B", "TC020: '==' compares, and a formula does not", "  ^~",
     "to compare two formulas, use verify"),
    ("== A", "TC020: '==' compares, and a formula does not", "^~",
     "to compare two formulas, use verify"),
    ("tr(A) == tr(B)", "TC020: '==' compares, and a formula does not", "      ^~",
     "to compare two formulas, use verify"),
    ("C_ij = A_ij = B_ij", "TC021: the formula has more than one '='", "     ^      ^",
     "separate definitions with ';': t = A x; f = t' t"),
    ("a = b = c", "TC021: the formula has more than one '='", "  ^   ^",
     "separate definitions with ';': t = A x; f = t' t"),
    ("A x = b", "TC022: the left side of '=' is not a single name", "^~~",
     "write C_ij = ... or t = ...; to compare two formulas, use verify"),
    ("h(x) = x; h", "TC022: the left side of '=' is not a single name", "^~~~",
     "write C_ij = ... or t = ...; to compare two formulas, use verify"),
    ("f(x) = x", "TC022: the left side of '=' is not a single name", "^~~~",
     "write C_ij = ... or t = ...; to compare two formulas, use verify"),
    ("X' = Y", "TC022: the left side of '=' is not a single name", "^~",
     "write C_ij = ... or t = ...; to compare two formulas, use verify"),
    ("2 = x", "TC022: the left side of '=' is not a single name", "^",
     "write C_ij = ... or t = ...; to compare two formulas, use verify"),
    ("(a = b)", "TC023: '=' stands inside brackets", "   ^",
     "a definition stands before the formula: t = A x - b; t' t"),
    ("= A", "TC003: nothing stands before '='", "^",
     None),
    ("t = A x;", "TC024: the formula after ';' is missing", "       ^",
     "definitions come first, the formula last: t = A x - b; t' t"),
    ("A x; t' t", "TC025: what stands before ';' defines nothing", "^~~^",
     "name it: t = A x - b; t' t"),
    (";", "TC025: nothing stands before ';'", "^",
     "a definition is written t = A x - b; and the formula follows"),
    ("; x", "TC025: nothing stands before ';'", "^",
     "a definition is written t = A x - b; and the formula follows"),
    ("t = A x;; t", "TC025: nothing stands before ';'", "        ^",
     "a definition is written t = A x - b; and the formula follows"),
    ("einsum(ij, A)", "TC026: the first argument of einsum is its subscripts in quotes", "       ^~",
     "write einsum('ij,jk->ik', A, B)"),
    ("einsum(A, B)", "TC026: the first argument of einsum is its subscripts in quotes", "       ^",
     "write einsum('ij,jk->ik', A, B)"),
    ("#(A)", "TC026: the first argument of einsum is its subscripts in quotes", "  ^",
     "write einsum('ij,jk->ik', A, B)"),
    ("# A", "TC026: the first argument of einsum is its subscripts in quotes", "^",
     "write einsum('ij,jk->ik', A, B)"),
    ("einsum('ij, A)", "TC027: the quoted subscripts never end", "       ^      ^",
     "write einsum('ij,jk->ik', A, B)"),
    ("einsum(", "TC006: '(' is never closed", "      ^^",
     "add ')'"),
    ("einsum('ij' A)", "TC030: 'A' follows the subscripts of einsum", "            ^",
     "write a comma before each operand: einsum('ij,jk->ik', A, B)"),
    ("einsum('ij->ji', A", "TC006: '(' is never closed", "      ^           ^",
     "add ')'"),
    ("A**2", "TC028: '**' is not an operator", " ^~",
     "a power is written ^: A^2"),
    ("A ** B", "TC028: '**' is not an operator", "  ^~",
     "a power is written ^: A^2"),
    ("{A}", "TC029: '{' stands where only indices have braces", "^",
     "an exponent has round brackets, or none: X^(k-1), X^T"),
    ("A}", "TC029: '}' stands where only indices have braces", " ^",
     "an exponent has round brackets, or none: X^(k-1), X^T"),
]


@pytest.mark.parametrize(("source", "title", "marks", "help_line"), MALFORMED, ids=[row[0] for row in MALFORMED])
def test_error_text(source: str, title: str, marks: str, help_line: str | None) -> None:
    with pytest.raises(FormulaError) as caught:
        parse.parse(source, FUNCTIONS, field="lhs")
    lines = [f"FormulaError {title}", f"  {source}", f"  {marks}", *([f"  help: {help_line}"] if help_line else [])]
    assert str(caught.value) == "\n".join(lines)
    assert caught.value.field == "lhs"
    assert caught.value.source == source


@pytest.mark.parametrize(("source", "sign", "spans"), [
    ("C_ij = A_ij", "=", [(5, 6)]),
    ("t = x; t", "=", [(2, 3)]),
    ("x; t", ";", [(1, 2)]),
])
def test_a_single_expression_has_no_left_side_and_no_definitions(source: str, sign: str, spans: object) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_expression(source)
    assert caught.value.code == "TC023"
    assert caught.value.message == f"'{sign}' stands where one plain formula is read"
    assert caught.value.help == "left sides and definitions belong in the main formula"
    assert caught.value.spans == spans


def test_empty_source() -> None:
    with pytest.raises(FormulaError) as caught:
        parse_expression("")
    assert str(caught.value) == "FormulaError TC001: the formula is empty\n  \n  ^\n  help: write a formula such as tr(A*X*B)"


BEYOND = [
    ("x" * (MAX_SOURCE + 1), "TC401", "the formula is longer than 20000 characters", [],
     "name parts of it: t = A x - b; t' t"),
    ("(" * 101 + "x" + ")" * 101, "TC402", "the formula is nested deeper than 100", [(100, 101)],
     "name parts of it: t = A x - b; t' t"),
    ("-" * 101 + "x", "TC402", "the formula is nested deeper than 100", [(101, 102)],
     "name parts of it: t = A x - b; t' t"),
    ("x" + "'" * 101, "TC402", "the formula is nested deeper than 100", [(0, 1)],
     "name parts of it: t = A x - b; t' t"),
    ("f" + "'" * 101 + "(x)", "TC402", "the formula is nested deeper than 100", [(0, 102)],
     "name parts of it: t = A x - b; t' t"),
    ("a" + ".*b" * 101, "TC402", "the formula is nested deeper than 100", [(0, 1)],
     "name parts of it: t = A x - b; t' t"),
    ("a" + "^2" * 101, "TC402", "the formula is nested deeper than 100", [(0, 1)],
     "name parts of it: t = A x - b; t' t"),
    ("x + " + "1" * 51, "TC403", "a number has more than 50 digits", [(4, 55)],
     "give the number a name and pass it as a value"),
    ("0." + "1" * 50, "TC403", "a number has more than 50 digits", [(0, 52)],
     "give the number a name and pass it as a value"),
    ("1e301", "TC404", "the exponent of a number is beyond ±300", [(0, 5)],
     "give the number a name and pass it as a value"),
    ("1e-" + "9" * 9000, "TC404", "the exponent of a number is beyond ±300", [(0, 9003)],
     "give the number a name and pass it as a value"),
]


@pytest.mark.parametrize(("source", "code", "message", "spans", "help_line"), BEYOND, ids=[row[0][:12] for row in BEYOND])
def test_bounds(source: str, code: str, message: str, spans: object, help_line: str) -> None:
    with pytest.raises(LimitError) as caught:
        parse_expression(source, FUNCTIONS)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert (caught.value.spans, caught.value.help) == (spans, help_line)


@pytest.mark.parametrize("source", [
    "(" * 100 + "x" + ")" * 100,
    "-" * 100 + "x",
    "x" + "'" * 100,
    "a" + ".*b" * 100,
    "sqrt(" * 100 + "x" + ")" * 100,
    "a+(" * 99 + "x" + ")" * 99,
    "x^(" * 99 + "2" + ")" * 99,
    "x" * MAX_SOURCE,
])
def test_just_within_the_bounds(source: str) -> None:
    assert parse_expression(source) == parse_expression(source)  # comparing recurses, and may


@pytest.mark.parametrize(("spoken", "own"), [
    ("ln(x)", "log(x)"), ("trace(A X)", "tr(A X)"), ("Tr(X)", "tr(X)"), ("transpose(A X)", "(A X)'"), ("inverse(X)", "inv(X)"),
    ("transpose(X)_ij", "(X')_ij"), ("determinant(transpose(X))", "det(X')"), ("ln(x_i)", "log(x_i)"), ("acos(x)", "arccos(x)"),
])
def test_functions_go_by_other_names_too(spoken: str, own: str) -> None:
    assert text.text(parse_expression(spoken)) == text.text(parse_expression(own))


def test_a_name_that_is_declared_is_no_other_name_of_a_function() -> None:
    declared = parse_expression("ln(x)", functions=("ln",))
    assert isinstance(declared, Call) and declared.function == "ln"
    variable = parse.parse("trace(x)", own=("trace",)).body
    assert isinstance(variable, Call) and variable.function == "trace"


def test_every_level_takes_a_token() -> None:
    """The depth is looked at only where there are enough tokens, so none may be cheaper."""
    deep = "a" + ".*b c" * (MAX_DEPTH // 2)
    assert outlined(deep).startswith("<multiply " + "<hadamard <multiply " * 3)
    with pytest.raises(LimitError):
        parse_expression(deep + ".*b c")


HOSTILE = [
    "(" * 10**6, "(" * 10**5, "'" * 10**5, "-" * 10**5,
    *(piece * (MAX_SOURCE // len(piece)) for piece in (
        "(", "[", "{", "'", "-", "^", "_", "_{", "x'", "x ", "x^", "x[", "f(", "f(x,", "[x;", "f'", "1", "1.", ".5", "1e",
        "(a+b:c*", "x=", "x;", "=", ";", ",", " ", "^ ", "^- ", "^-T", "einsum('", "einsum('i',", "#(", "x_{(", "ᵀ", "²",
        ".T", "a-b:", "-x^", ").*(", "\ud800", "\x00", "é", "X_ij", "x .* ", "[[],", "f''(")),
    "x" + " " * (MAX_SOURCE - 1), "^" + " " * (MAX_SOURCE - 2) + "T", "X_{" + "i " * 9998, "1e" + "9" * 19000,
    "f" + "'" * 19000 + "(x)", "einsum('" + "i" * 19000 + "', x)", "einsum('" + "i" * 19000,
]


@pytest.mark.parametrize("source", HOSTILE, ids=[f"{row[:12]!a}-{k}" for k, row in enumerate(HOSTILE)])
def test_hostile_input_is_answered_soon(source: str) -> None:
    def answer() -> None:
        try:
            text.text(parse_expression(source, FUNCTIONS))
        except TensorCalcError as error:
            assert error.code in SYNTAX_CODES
            assert "\n" not in error.message
            assert len(str(error)) < 1000

    assert lines_run(answer) < 400 * MAX_SOURCE  # what grows with the square runs thousands for each character


# The table of codes


def test_every_code_is_described_and_tested() -> None:
    raised = set()
    for module in (parse, tokens, mistakes):
        assert module.__file__ is not None
        source = Path(module.__file__).read_text(encoding="utf-8")
        raised |= set(re.findall(r'(?:Formula|Limit)Error\(\s*"(TC\d{3})"', source))
    tested = {title[:5] for _, title, _, _ in MALFORMED} | {code for _, code, _, _, _ in BEYOND}
    assert raised == set(SYNTAX_CODES) == tested


@pytest.mark.parametrize("code", [code for code, description in SYNTAX_CODES.items() if description.endswith("`.")])
def test_the_example_of_a_code_raises_it(code: str) -> None:
    examples = re.findall(r": `([^`]+)`\.$", SYNTAX_CODES[code])
    assert len(examples) == 1
    read = parse_expression if code == "TC023" else parse.parse
    with pytest.raises(TensorCalcError) as caught:
        read(examples[0], FUNCTIONS)
    assert caught.value.code == code


@pytest.mark.parametrize("module", [parse, tokens, mistakes], ids=lambda module: module.__name__)
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
