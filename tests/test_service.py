"""The contract of requests and answers: every field, every variant in numbers, and no request that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tensorcalc.codes import CODES, KINDS
from tensorcalc.errors import TensorCalcError
from tensorcalc.request import FACTS, MOST_ORDER, WANTS
from tensorcalc.service import handle, respond

Array = np.ndarray[Any, np.dtype[np.float64]]
SIZES = {"m": 2, "n": 3, "p": 4, "q": 5}


def derive(expr: str, wrt: Any, **fields: Any) -> dict[str, Any]:
    answer = handle({"do": "derive", "expr": expr, "wrt": wrt, **fields})
    assert answer["ok"], answer
    return answer


def refused(request: Any) -> dict[str, Any]:
    answer = handle(request)
    assert set(answer) == {"ok", "error"}
    assert answer["ok"] is False
    error: dict[str, Any] = answer["error"]
    assert set(error) == {"code", "field", "message", "spans", "help"}
    return error


def compute(expr: str, values: dict[str, Array], **fields: Any) -> Array:
    answer = handle({"do": "evaluate", "expr": expr, "values": {name: array.tolist() for name, array in values.items()}, **fields})
    assert answer["ok"], (expr, answer)
    return np.asarray(answer["value"], dtype=float)


def jacobian(function: Callable[..., Array], values: dict[str, Array], wrt: str, order: str) -> Array:
    """∂vec(U)/∂vec(X)' by central differences."""
    columns = []
    for k in range(values[wrt].size):
        step = np.zeros(values[wrt].size)
        step[k] = 1e-6
        step = step.reshape(values[wrt].shape, order=order)
        ends = [np.asarray(function(**{**values, wrt: values[wrt] + sign * step})) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]).ravel(order=order) / 2e-6)
    return np.array(columns).T


# -- every layout and order of vec, in numbers ---------------------------------------------

CASES: list[tuple[str, str, dict[str, list[str]], Callable[..., Any]]] = [
    ("X Y", "X", {"X": ["m", "n"], "Y": ["n", "p"]}, lambda X, Y: X @ Y),
    ("X Y", "Y", {"X": ["m", "n"], "Y": ["n", "p"]}, lambda X, Y: X @ Y),
    ("A X' B", "X", {"A": ["m", "n"], "X": ["p", "n"], "B": ["p", "q"]}, lambda A, X, B: A @ X.T @ B),
    ("X' A X", "X", {"X": ["n", "m"], "A": ["n", "n"]}, lambda X, A: X.T @ A @ X),
    ("inv(X)", "X", {"X": ["n", "n"]}, lambda X: np.linalg.inv(X)),
    ("X .* Y", "X", {"X": ["m", "n"], "Y": ["m", "n"]}, lambda X, Y: X * Y),
    ("tanh(A x)", "x", {"A": ["m", "n"], "x": ["n"]}, lambda A, x: np.tanh(A @ x)),
    ("x y'", "x", {"x": ["m"], "y": ["n"]}, lambda x, y: np.outer(x, y)),
    ("X a", "X", {"X": ["m", "n"], "a": ["n"]}, lambda X, a: X @ a),
    ("diag(x) A", "x", {"x": ["m"], "A": ["m", "n"]}, lambda x, A: x[:, None] * A),
    ("C_ij = X_ik Y_kj", "X", {"X": ["m", "n"], "Y": ["n", "p"]}, lambda X, Y: X @ Y),
    ("X", "X", {"X": ["m", "n"]}, lambda X: X),
    ("X'", "X", {"X": ["m", "n"]}, lambda X: X.T),
]


@pytest.mark.parametrize(("expr", "wrt", "dims", "function"), CASES, ids=[f"{expr} by {wrt}" for expr, wrt, _, _ in CASES])
def test_kronecker_forms_in_numbers(expr: str, wrt: str, dims: dict[str, list[str]], function: Callable[..., Array]) -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=[SIZES[dim] for dim in shape]) for name, shape in dims.items()}
    for layout, vec in product(("numerator", "denominator"), ("F", "C")):
        answer = derive(expr, wrt, vars=dims, layout=layout, vec=vec)
        assert answer["kronecker"] is not None
        assert f"{layout} layout · vec stacks {'columns' if vec == 'F' else 'rows'}" in answer["convention"]
        expected = jacobian(function, values, wrt, vec)
        definitions = "".join(f"{name} = {text}; " for name, text in answer["where"].items())
        sizes = {dim: np.array(SIZES[dim]) for shape in dims.values() for dim in shape}
        found = handle({"do": "evaluate", "expr": definitions + answer["kronecker"], "vars": dims,
                        "values": {**{name: array.tolist() for name, array in values.items()},
                                   **{name: int(array) for name, array in sizes.items()}}})
        assert found["ok"], (answer["kronecker"], found)
        np.testing.assert_allclose(found["value"], expected if layout == "numerator" else expected.T, atol=1e-7)


@pytest.mark.parametrize(("expr", "wrt", "dims", "function"), CASES, ids=[f"{expr} by {wrt}" for expr, wrt, _, _ in CASES])
def test_code_in_numbers(expr: str, wrt: str, dims: dict[str, list[str]], function: Callable[..., Array]) -> None:
    rng = np.random.default_rng(1)
    values = {name: rng.normal(size=[SIZES[dim] for dim in shape]) for name, shape in dims.items()}
    answer = derive(expr, wrt, vars=dims, want=["code"])
    module: dict[str, Any] = {}
    exec(compile(answer["code"]["numpy"], "generated", "exec"), module)
    found = module["derivative"](**values, **{dim: SIZES[dim] for shape in dims.values() for dim in shape if dim not in values})
    assert found.shape == tuple(SIZES[dim] for dim in answer["shape"])
    expected = jacobian(function, values, wrt, "C").reshape(found.shape)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_the_hessian_of_a_number_has_a_kronecker_form() -> None:
    dims = {"X": ["m", "n"], "A": ["m", "m"]}
    answer = derive("tr(X' A X)", "X", order=2, vars=dims)
    assert answer["shape"] == ["m", "n", "m", "n"]
    assert answer["kronecker"] == "eye(n) ⊗ (A + A')"
    assert derive("tr(X' A X)", "X", order=2, vars=dims, vec="C")["kronecker"] == "(A + A') ⊗ eye(n)"


# -- fields ------------------------------------------------------------------------------


def test_the_default_answer() -> None:
    assert derive("tr(A*X*B)", "X", vars={"A": ["p", "n"], "X": ["n", "m"], "B": ["m", "p"]}) == {
        "ok": True, "shape": ["n", "m"], "vars": {"A": ["p", "n"], "B": ["m", "p"], "X": ["n", "m"]},
        "convention": "D_ij = ∂f/∂X_ij · numerator layout · vec stacks columns",
        "matrix": "A' B'", "index": "D_ij = A_ki B_jk", "kronecker": None, "einsum": "einsum('ki,jk->ij', A, B)", "where": {}}


@pytest.mark.parametrize("want", [[], ["matrix"], ["latex"], ["formula"], ["index", "code"], ["steps"], ["kronecker", "einsum", "latex", "steps"]])
def test_want_says_what_is_answered(want: list[str]) -> None:
    assert set(derive("A x", "x", want=want)) == {"ok", "shape", "vars", "convention", "where", *want}


def test_latex_has_an_entry_for_every_form() -> None:
    assert derive("tr(A X)", "X", want=["latex"])["latex"] == \
        {"matrix": r"A^\top", "index": "D_{ij} = A_{ji}", "kronecker": None}


@pytest.mark.parametrize(("formula", "shown"), [
    ("tr(A*X)", r"\operatorname{tr}\left(A \, X\right)"), ("C_ij = A_ik X_kj", r"C_{ij} = A_{ik} \, X_{kj}"),
    ("A_ik X_kj", r"A_{ik} \, X_{kj}"), ("einsum('ik,kj->ij', A, X)", r"A \, X")])
def test_a_formula_is_typeset_in_its_own_notation(formula: str, shown: str) -> None:
    assert derive(formula, "X", want=["formula"])["formula"] == {"latex": shown, "where": {}}


def test_shared_parts_are_typeset() -> None:
    found = derive("logdet(S) + y' inv(S) y", "S", assume={"S": "spd"}, want=["matrix", "formula"])
    assert (found["where"], found["formula"]["where"]) == ({"M": "inv(S)"}, {"M": "S^{-1}"})


def test_a_name_may_have_axes_of_sizes_that_are_found() -> None:
    found = derive("A x - b + c", "x", orders={"b": 1, "c": 1})
    assert found["vars"] == {"A": ["m", "n"], "b": ["m"], "c": ["m"], "x": ["n"]}


@pytest.mark.parametrize("orders", [{"b": True}, {"b": 13}, {"b": -1}, {"b": "1"}])
def test_a_number_of_axes_is_checked(orders: dict[str, object]) -> None:
    error = handle({"do": "derive", "expr": "A x - b", "wrt": "x", "orders": orders})["error"]
    assert (error["code"], error["field"]) == ("TC507", "orders")
    assert error["message"] == f"orders gives b a number of axes from 0 to 12, not {orders['b']!r}"


def test_names_without_a_declaration_go_by_their_letter() -> None:
    answer = derive("a x' B y + alpha", "x")
    assert answer["vars"] == {"B": ["m", "n"], "a": [], "alpha": [], "x": ["m"], "y": ["n"]}
    assert answer["matrix"] == "a B y"


def test_wrt_may_be_a_list() -> None:
    mixed = derive("u' A v", ["u", "v"])
    assert (mixed["shape"], mixed["matrix"]) == (["m", "n"], "A")
    assert derive("u' A v", ["v", "u"])["matrix"] == "A'"
    assert derive("x' A x", ["x", "x"])["matrix"] == derive("x' A x", "x", order=2)["matrix"] == "A + A'"
    assert derive("x' A x", ["x"], order=2)["matrix"] == "A + A'"


def test_every_order() -> None:
    answer = derive("sum(exp(x))", "x", order=MOST_ORDER)
    assert answer["shape"] == ["m"] * MOST_ORDER
    assert refused({"do": "derive", "expr": "sum(exp(x))", "wrt": "x", "order": MOST_ORDER + 1})["code"] == "TC517"


def test_structured_and_projected_derivatives() -> None:
    fields: dict[str, Any] = {"assume": {"X": "symmetric"}, "vars": {"A": ["n", "n"], "X": ["n", "n"]}}
    values = {"A": np.arange(9.0).reshape(3, 3)}
    free, structured, projected = (
        compute(derive("tr(A X)", "X", wrt_convention=reading, **fields)["matrix"], values, vars={"A": ["n", "n"]})
        for reading in ("free", "structured", "projected"))
    np.testing.assert_allclose(free, values["A"].T)
    np.testing.assert_allclose(structured, free + free.T - np.diag(np.diag(free)))
    np.testing.assert_allclose(projected, (free + free.T) / 2)
    assert "structured derivative" in derive("tr(A X)", "X", wrt_convention="structured", **fields)["convention"]


def test_facts_shorten_the_answer() -> None:
    assert derive("x' S x", "x", assume={"S": "symmetric"})["matrix"] == "2 S x"
    assert derive("x' S x", "x", assume={"S": ["spd", "invertible"]})["matrix"] == "2 S x"
    assert derive("x' S x", "x")["matrix"] == "(S + S') x"


def test_contract_answers_for_its_result() -> None:
    curl = derive("v_i = A_ij x_j", "x", contract="c_i = eps_ijk D_kj", vars={"A": [3, 3], "x": [3]}, want=["code", "index"])
    assert curl["shape"] == [3]
    module: dict[str, Any] = {}
    exec(compile(curl["code"]["numpy"], "generated", "exec"), module)
    found = module["derivative"](A=np.arange(9.0).reshape(3, 3))
    np.testing.assert_allclose(found, [7 - 5, 2 - 6, 3 - 1])
    divergence = derive("v_i = A_ij x_j", "x", contract="D_ii", vars={"A": ["n", "n"]})
    assert (divergence["shape"], divergence["matrix"]) == ([], "tr(A)")


def test_index_dims_size_what_only_deltas_have() -> None:
    assert derive("T_ij = delta_ij a", "a", index_dims={"i": 3})["shape"] == [3, 3]
    assert derive("T_ij = delta_ij a", "a", index_dims={"i": "k"})["shape"] == ["k", "k"]


def test_functions_are_declared() -> None:
    answer = derive("f(A x)", "x", functions={"f": "elementwise"}, want=["index", "code"])
    assert answer["index"] == "D_ip = A_ip f'(A*x)_i"
    assert "df" in answer["code"]["numpy"]
    assert derive("f(x)", "x", functions={"f": "log(1+exp(z))"})["shape"] == ["m", "m"]


def test_merged_axes() -> None:
    answer = derive("vec(X)", "X", vars={"X": ["m", "n"]})
    assert answer["shape"] == ["n*m", "m", "n"]
    assert answer["index"] == "D_{(ij)pq} = delta_iq delta_jp"
    assert answer["einsum"] is None
    assert derive("a' y", "y", vars={"a": ["n*m"], "y": ["n*m"]})["shape"] == ["n*m"]


def test_definitions_stand_before_the_formula() -> None:
    assert derive("t = A x - b; t' t", "x", vars={"b": ["m"]})["matrix"] == "2 A' (A x - b)"


def test_answers_are_the_same_every_time() -> None:
    request = {"do": "derive", "expr": "tr(A X B X' + C X)", "wrt": "X", "want": ["matrix", "index", "latex", "code", "steps"]}
    assert json.dumps(handle(request)) == json.dumps(handle(json.loads(json.dumps(request))))


# -- evaluate ----------------------------------------------------------------------------


def test_evaluate() -> None:
    assert handle({"do": "evaluate", "expr": "A x", "values": {"A": [[1, 2], [3, 4]], "x": [1, 1]}}) == \
        {"ok": True, "value": [3.0, 7.0], "shape": ["m"]}
    assert handle({"do": "evaluate", "expr": "1/a", "values": {"a": 0}})["value"] == "Infinity"
    assert handle({"do": "evaluate", "expr": "eye(n)", "values": {"n": 2}})["value"] == [[1, 0], [0, 1]]
    assert refused({"do": "evaluate", "expr": "A x", "values": {"A": [[1, 2], [3, 4]]}})["code"] == "TC511"
    assert refused({"do": "evaluate", "expr": "A x", "values": {"A": [[1, "2"]], "x": [1]}})["code"] == "TC512"
    assert refused({"do": "evaluate", "expr": "ones(n, n)", "values": {"n": 10**6}})["code"] == "TC411"


def test_an_index_on_the_left_alone_is_noted() -> None:
    request = {"do": "derive", "wrt": "A"}
    assert handle({**request, "expr": "C_ij = A_ik B_kl"})["notes"] == ["on the left alone: j; nothing varies along it"]
    assert "notes" not in handle({**request, "expr": "C_ij = A_ik B_kj"})


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1000, 9990])
def test_too_many_terms_are_refused_before_they_are_made(count: int) -> None:
    assert refused({"do": "derive", "expr": "A " * count, "wrt": "A"})["code"] == "TC421"

GOOD: dict[str, Any] = {"do": "derive", "expr": "tr(A X)", "wrt": "X"}
REFUSED: list[tuple[Any, str, str | None, str]] = [
    ([1], "TC502", None, "a request is a JSON object, not [1]"),
    (None, "TC502", None, "a request is a JSON object, not None"),
    ({}, "TC503", "do", "do is one of derive, verify, check, evaluate, not None"),
    ({"do": "guess"}, "TC503", "do", "do is one of derive, verify, check, evaluate, not 'guess'"),
    ({"do": ["derive"]}, "TC503", "do", "do is one of derive, verify, check, evaluate, not ['derive']"),
    ({"do": "derive", "wrt": "X"}, "TC505", "expr", "the request lacks expr"),
    ({"do": "derive", "expr": "X"}, "TC505", "wrt", "the request lacks wrt"),
    ({**GOOD, "colour": 1}, "TC506", "colour", ""),
    ({**GOOD, "expr": 1}, "TC507", "expr", "expr is a text, not 1"),
    ({**GOOD, "expr": None}, "TC507", "expr", "expr is a text, not None"),
    ({**GOOD, "wrt": 1}, "TC507", "wrt", "wrt is a name or a list of names, not 1"),
    ({**GOOD, "wrt": []}, "TC507", "wrt", "wrt is a name or a list of names, not []"),
    ({**GOOD, "wrt": ["X", 1]}, "TC507", "wrt", "wrt is a name or a list of names, not ['X', 1]"),
    ({**GOOD, "wrt": ["X"] * 9}, "TC517", "wrt", "wrt names 9 variables for a derivative of order 1"),
    ({**GOOD, "wrt": ["X", "A"], "order": 3}, "TC517", "wrt", "wrt names 2 variables for a derivative of order 3"),
    ({**GOOD, "order": 0}, "TC517", "order", "order is a whole number from 1 to 8, not 0"),
    ({**GOOD, "order": True}, "TC517", "order", "order is a whole number from 1 to 8, not True"),
    ({**GOOD, "order": 1.0}, "TC517", "order", "order is a whole number from 1 to 8, not 1.0"),
    ({**GOOD, "vars": ["X"]}, "TC507", "vars", "vars is an object, not ['X']"),
    ({**GOOD, "vars": {"X": "n"}}, "TC501", "vars", "vars gives X one size an axis, as a list, not 'n'"),
    ({**GOOD, "vars": {"X": ["n"] * 13}}, "TC501", "vars", ""),
    ({**GOOD, "vars": {"X": [1.5, 2]}}, "TC501", "vars", "a size is a positive integer or a name, not 1.5"),
    ({**GOOD, "vars": {"X": [True, 2]}}, "TC501", "vars", "a size is a positive integer or a name, not True"),
    ({**GOOD, "vars": {"X": [-1, 2]}}, "TC501", "vars", "a size is a positive integer or a name, not -1"),
    ({**GOOD, "vars": {"X": ["n/0", 2]}}, "TC501", "vars", "cannot read the size 'n/0'"),
    ({**GOOD, "vars": {"X": ["n^99", 2]}}, "TC501", "vars", "cannot read the size 'n^99'"),
    ({**GOOD, "vars": {"X": ["(" * 99, 2]}}, "TC501", "vars", ""),
    ({**GOOD, "vars": {"X": ["__import__('os')", 2]}}, "TC501", "vars", ""),
    ({**GOOD, "vars": {"2X": ["n"]}}, "TC509", "vars", "'2X' is not a name: a letter, then letters and digits"),
    ({**GOOD, "vars": {"": ["n"]}}, "TC509", "vars", "'' is not a name: a letter, then letters and digits"),
    ({**GOOD, "vars": {"a b": ["n"]}}, "TC509", "vars", "'a b' is not a name: a letter, then letters and digits"),
    ({**GOOD, "assume": {"X": "odd"}}, "TC510", "assume", ""),
    ({**GOOD, "assume": {"X": 1}}, "TC510", "assume", "assume gives X a property or a list of them"),
    ({**GOOD, "assume": {"X": "spd"}, "vars": {"X": ["n", "m"]}}, "TC516", "assume", ""),
    ({**GOOD, "functions": {"f": 1}}, "TC515", "functions", "functions gives f a kind or a formula, not 1"),
    ({**GOOD, "layout": "up"}, "TC508", "layout", "layout is one of numerator, denominator, not 'up'"),
    ({**GOOD, "vec": ["F"]}, "TC508", "vec", "vec is one of F, C, not ['F']"),
    ({**GOOD, "wrt_convention": "tied"}, "TC508", "wrt_convention", ""),
    ({**GOOD, "want": "matrix"}, "TC507", "want", "want is a list, not 'matrix'"),
    ({**GOOD, "want": ["picture"]}, "TC508", "want", ""),
    ({**GOOD, "want": [["matrix"]]}, "TC508", "want", ""),
    ({**GOOD, "contract": 1}, "TC507", "contract", "contract is a text, not 1"),
    ({**GOOD, "contract": "c_ = D"}, "TC016", "contract", ""),
    ({**GOOD, "index_dims": {"i": []}}, "TC501", "vars", "a size is a positive integer or a name, not []"),
    ({**GOOD, "wrt": "Z"}, "TC204", "wrt", "Z is not a variable of the formula; variables: A, X"),
    ({"do": "evaluate", "expr": "x", "values": [1]}, "TC507", "values", "values is an object, not [1]"),
    ({"do": "evaluate", "expr": "x", "values": {"x!": 1}}, "TC509", "values", ""),
]


@pytest.mark.parametrize(("request_", "code", "field", "message"), REFUSED, ids=[f"{code}-{k}" for k, (_, code, _, _) in enumerate(REFUSED)])
def test_refused(request_: Any, code: str, field: str | None, message: str) -> None:
    error = refused(request_)
    assert (error["code"], error["field"]) == (code, field)
    assert not message or error["message"] == message


def test_an_error_has_its_places_and_its_facts() -> None:
    assert refused({"do": "derive", "expr": "C_ij = X_ik Y_kj", "wrt": "X", "vars": {"X": [3, 4], "Y": [5, 6]}}) == {
        "code": "TC103", "field": "expr",
        "message": "index k has two sizes; k is 4 in X_ik (X is 3 x 4) and 5 in Y_kj (Y is 5 x 6)",
        "spans": [[7, 11], [12, 16]], "help": "transpose one of them, or declare sizes that agree"}


def test_respond_raises_what_handle_answers() -> None:
    with pytest.raises(TensorCalcError) as caught:
        respond({**GOOD, "expr": "tr(A X"})
    assert caught.value.to_dict() == refused({**GOOD, "expr": "tr(A X"})
    assert {"ok": True, **respond(GOOD)} == handle(GOOD)


@pytest.mark.parametrize("request_", [
    {**GOOD, "expr": "tanh(" * 80 + "A X" + ")" * 80}, {**GOOD, "expr": "(" * 99 + "X" + ")" * 99},
    {**GOOD, "expr": "A" + "'" * 500 + " X"}, {**GOOD, "expr": "X" + ".^2" * 60}, {**GOOD, "expr": "X" + "^2" * 60},
    {**GOOD, "expr": " + ".join(["tr(A X)"] * 500)}, {**GOOD, "expr": " ".join(["X"] * 200)},
    {**GOOD, "expr": "; ".join(f"t{k} = tanh(A t{k - 1})" for k in range(1, 60)).replace("t0", "X") + "; t59"},
    {**GOOD, "expr": "; ".join(f"t{k} = t{k - 1} .* t{k - 1} + t{k - 1}" for k in range(1, 40)).replace("t0", "X") + "; t39"},
    {**GOOD, "expr": "x'x" + "^9" * 9}, {**GOOD, "expr": "kron(" * 30 + "X" + ", X)" * 30}, {**GOOD, "expr": "X" * 20_001},
    {**GOOD, "expr": "einsum('" + "ij," * 99 + "ij->i'" + ", X" * 100 + ")"}, {**GOOD, "expr": "inv(A + " * 60 + "X" + ")" * 60},
    {"do": "evaluate", "expr": "X", "values": {"X": [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}},
])
def test_nothing_takes_long(request_: dict[str, Any]) -> None:
    answer = handle(request_)
    assert answer["ok"] or answer["error"]["code"] in CODES


# -- any request -------------------------------------------------------------------------

FORMULAS = ["x' A x", "tr(A X B)", "C_ij = X_ik Y_kj", "inv(X)", "f(x)", "x_i", "X +", "", "t = A x; t' t", "eye(n)", "x^k",
            "norm2(A x - b)^2", "diff(x' x, x)", "D_ij", "\ud800", "𝒳", "x\x00y", "einsum('ij->i', X)"]
NAMES = ["X", "x", "A", "b", "f", "n", "D", "equations", "", "1", "é", "do", "ones"]
atoms = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*FORMULAS, *NAMES]) | st.text(max_size=8)
anything = st.recursive(atoms, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4),
                        max_leaves=12)
sizes = st.sampled_from(["n", "m", "n*m", "n*(n+1)/2", 1, 2, 3, "n+1", "0", "n-n"]) | atoms
requests = st.fixed_dictionaries(
    {"do": st.sampled_from(["derive", "evaluate", "derive", "verify", "check"]) | atoms},
    optional={
        "expr": st.sampled_from(FORMULAS) | anything, "wrt": st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES), max_size=3) | anything,
        "order": st.integers(-1, 4) | anything, "vars": st.dictionaries(st.sampled_from(NAMES), st.lists(sizes, max_size=3), max_size=4) | anything,
        "assume": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(FACTS) | st.lists(st.sampled_from(FACTS), max_size=3), max_size=3) | anything,
        "functions": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["elementwise", "scalar", "series", "exp(z)", "det(z)"]), max_size=2) | anything,
        "layout": st.sampled_from(["numerator", "denominator"]) | anything, "vec": st.sampled_from(["F", "C"]) | anything,
        "want": st.lists(st.sampled_from(WANTS), max_size=3) | anything, "wrt_convention": st.sampled_from(["free", "structured", "projected"]) | anything,
        "contract": st.sampled_from(["c = D_ii", "D_ij", "c_i = eps_ijk D_kj"]) | anything, "index_dims": st.dictionaries(st.sampled_from("ijk"), sizes) | anything,
        "values": st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1, [1, 2], [[1, 2], [3, 4]], [[1], [2, 3]]]) | anything, max_size=4) | anything,
        "lhs": st.sampled_from(FORMULAS) | anything, "rhs": st.sampled_from(FORMULAS) | anything, "claimed": st.sampled_from(FORMULAS) | anything,
        "detail": st.sampled_from(["brief", "full"]) | anything, "notation": st.sampled_from(["matrix", "index", "kronecker"]) | anything,
        "surprise": anything,
    })


@given(requests | anything)
@example({"do": "derive", "expr": "x' A x", "wrt": "x", "vars": {"x": [1], "A": [1, 1]}})
def test_no_request_breaks_it(request_: Any) -> None:
    answer = handle(request_)
    assert isinstance(answer["ok"], bool)
    json.dumps(answer)
    if not answer["ok"]:
        error = answer["error"]
        assert error["code"] in CODES
        assert KINDS[error["code"][2]]
        assert isinstance(error["message"], str)
        assert error["message"]
        assert all(0 <= start <= end for start, end in error["spans"])
