"""What an answer says of itself is so: layouts, vec orders, readings of structure, names of indices."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import numpy as np
import pytest
from answers import LARGEST, MARGIN, Answer, ask, close, mistakes, problems
from meaning import STEP, Meaning, parse
from strategies import Formula, formula

from tensorcalc.service import handle

# -- layouts and vec orders --------------------------------------------------------------


def stacked(array: Any, axes: int, columns: bool) -> Any:
    """vec of the first ``axes`` axes: columns stacked or rows stacked."""
    lead = tuple(range(axes))
    order = (*(lead[::-1] if columns else lead), *range(axes, array.ndim))
    return array.transpose(order).reshape(-1, *array.shape[axes:])


def jacobian(tensor: Any, value_axes: int, columns: bool, numerator: bool) -> Any:
    """∂vec(U)/∂vec(X)' or its transpose, by NumPy."""
    rows = stacked(tensor, value_axes, columns)
    turned = np.moveaxis(rows, 0, -1)
    matrix = stacked(turned, turned.ndim - 1, columns).T
    return matrix if numerator else matrix.T


@pytest.mark.parametrize("start", range(700_000, 700_180, 60))
def test_kronecker_forms_in_every_layout(start: int) -> None:
    """``layout`` and ``vec`` name the transpose and the order of stacking, and touch nothing else."""
    count = 0
    for seed in range(start, start + 60):
        one = formula(seed, depth=2, notation="matrix")
        names = [name for name in one.declared if not name.startswith("has")]
        if not names:
            continue
        wrt = random.Random(seed).choice(names)
        answer = ask(one, wrt)
        values = one.values()
        if any(group != 1 for group in answer.layout.groups) or not np.all(np.isfinite(answer.value(values))):
            continue
        others = None
        for layout, vec in product(("numerator", "denominator"), "FC"):
            found = handle(one.request(wrt, layout=layout, vec=vec))
            assert found["ok"], (seed, found)
            rest = {key: found[key] for key in ("matrix", "index", "einsum", "shape")}
            others = others or rest
            assert rest == others
            assert f"{layout} layout · vec stacks {'columns' if vec == 'F' else 'rows'}" in found["convention"]
            if found["kronecker"] is not None:
                front = "".join(f"{name} = {body}; " for name, body in found["where"].items())
                value = answer.printed_value("kronecker", front + found["kronecker"], values)
                want = jacobian(answer.value(values), len(answer.layout.parts[0]), vec == "F", layout == "numerator")
                assert close(np.squeeze(value), np.squeeze(want), 1e-8), (seed, layout, vec)
                count += 1
    assert count > 60


def test_the_example_of_the_language_page() -> None:
    request = {"do": "derive", "expr": "X*Y", "wrt": "X", "vars": {"X": ["n", "m"], "Y": ["m", "p"]}}
    forms = {(layout, vec): handle({**request, "layout": layout, "vec": vec})["kronecker"]
             for layout, vec in product(("numerator", "denominator"), "FC")}
    assert forms == {("numerator", "F"): "Y' ⊗ eye(n)", ("denominator", "F"): "Y ⊗ eye(n)",
                     ("numerator", "C"): "eye(n) ⊗ Y'", ("denominator", "C"): "eye(n) ⊗ Y"}


def test_hessians_are_matrices() -> None:
    """∂²f/∂vec(X)∂vec(X)', the same in both layouts because it is symmetric."""
    one = Formula("tr(X'*A*X*B)", "matrix", {"X": ["n", "m"], "A": ["n", "n"], "B": ["m", "m"]}, {}, {}, {"n": 3, "m": 2}, 5)
    values = one.values()
    tensor = ask(one, "X", "X").value(values)
    for vec in "FC":
        flat = stacked(np.moveaxis(stacked(tensor, 2, vec == "F"), 0, -1), 2, vec == "F").T
        found = handle(one.request("X", order=2, vec=vec))
        assert close(Meaning(values, one.sizes).of(found["kronecker"]), flat)
        assert close(flat, flat.T)


# -- structured variables ----------------------------------------------------------------


def directions(fact: str, n: int, projected: bool) -> Any:
    """For each entry, how the matrix moves with it; zero where the entry is not free."""
    found = np.zeros((n, n, n, n))
    for i, j in np.ndindex(n, n):
        unit = np.zeros((n, n))
        unit[i, j] = 1
        if fact in ("symmetric", "spd", "psd"):
            move = (unit + unit.T) / 2 if projected else unit if i == j else unit + unit.T
        elif fact == "skew":
            move = (unit - unit.T) / (2 if projected else 1)
        elif fact == "diagonal":
            move = unit * (i == j)
        else:
            move = unit * (i >= j)
        found[i, j] = move
    return found


def along(one: Formula, values: dict[str, Any], name: str, moves: Any) -> Any:
    """Derivatives along each direction, by complex steps."""
    parts, columns = parse(one.text), []
    for i, j in np.ndindex(moves.shape[:2]):
        moved = Meaning({**values, name: values[name] + 1j * STEP * moves[i, j]}, one.sizes)
        columns.append(np.imag(moved.of_parsed(parts, one.left_sizes())) / STEP)
    stack = np.stack(columns, -1)
    return stack.reshape((*stack.shape[:-1], *moves.shape[:2]))


def structured(start: int, count: int) -> list[tuple[Formula, str]]:
    found = []
    for seed in range(start, start + count):
        one = formula(seed, depth=random.Random(seed).choice([2, 3]))
        tied = [name for name, fact in one.facts.items() if fact in ("symmetric", "skew", "diagonal", "spd")]
        if tied:
            found.append((one, tied[0]))
    return found


@pytest.mark.parametrize("reading", ["structured", "projected"])
@pytest.mark.parametrize("start", [710_000, 710_250])
def test_structured_readings_follow_the_structure(reading: str, start: int) -> None:
    """Entries that are tied move together; the projected derivative is along half of either."""
    count = 0
    for one, name in structured(start, 250):
        values = one.values()
        meaning = Meaning(values, one.sizes)
        with np.errstate(all="ignore"):
            value = meaning.of(one.text, one.left_sizes())
        if not np.all(np.isfinite(value)) or np.max(np.abs(value), initial=0) > LARGEST or meaning.margin < MARGIN:
            continue
        if np.size(value) * values[name].size > 500:
            continue
        moves = directions(one.facts[name], len(values[name]), reading == "projected")
        answer = ask(one, name, reading=reading)
        assert not problems(answer), one
        assert not mistakes(answer, values, along(one, values, name, moves)), (one, name)
        count += 1
    assert count > 25


@pytest.mark.parametrize("reading", ["structured", "projected"])
def test_lower_triangular(reading: str) -> None:
    one = Formula("x'*L*y + tr(L*A)", "matrix", {"L": ["n", "n"], "A": ["n", "n"], "x": ["n"], "y": ["n"]},
                  {"L": "lower"}, {"L": ""}, {"n": 3}, 2)
    values = one.values()
    values["L"] = np.tril(values["L"])
    answer = ask(one, "L", reading=reading)
    assert close(answer.value(values), along(one, values, "L", directions("lower", 3, False)))
    assert not problems(answer)


def test_an_orthogonal_variable_has_a_projected_derivative_only() -> None:
    request = {"do": "derive", "expr": "tr(Q*A)", "wrt": "Q", "assume": {"Q": "orthogonal"}}
    assert handle({**request, "wrt_convention": "structured"})["error"]["code"] == "TC304"
    assert handle({**request, "wrt_convention": "projected"})["matrix"] == "0.5 (A' - Q A Q)"


def test_cookbook_138() -> None:
    """∂f/∂X of a symmetric X: G + G' - G .* eye(n)."""
    request = {"do": "derive", "expr": "tr(A*X)", "wrt": "X", "vars": {"A": ["n", "n"], "X": ["n", "n"]},
               "assume": {"X": "symmetric"}}
    assert handle({**request, "wrt_convention": "structured"})["matrix"] == "A + A' - A .* eye(n)"
    assert handle({**request, "wrt_convention": "free"})["matrix"] == "A'"


def test_free_is_the_derivative_of_all_entries() -> None:
    """The structure only describes the point: the free derivative is the same function of the point without it."""
    for one, name in structured(720_000, 150):
        values = one.values()
        bare = Formula(one.text, one.notation, one.declared, {}, {**one.notes, **one.facts}, one.sizes, one.seed, one.letters)
        a, b = ask(one, name).value(values), ask(bare, name).value(values)
        if np.all(np.isfinite(b)) and np.max(np.abs(b), initial=0) < 1e6:
            assert close(a, b, 1e-8), one


# -- shapes and names --------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
def test_axes_of_the_value_come_first(order: int) -> None:
    for seed in range(730_000, 730_060):
        one = formula(seed, depth=2)
        names = [name for name in one.declared if not name.startswith("has")]
        if names:
            answer: Answer = ask(one, *names[:1] * order)
            values = one.values()
            shape = ask(one).value(values).shape + values[names[0]].shape * order
            assert answer.value(values).shape == shape


def test_the_convention_names_the_indices_of_the_answer() -> None:
    for seed in range(740_000, 740_080):
        one = formula(seed, depth=2)
        names = [name for name in one.declared if not name.startswith("has")]
        if names:
            found = handle(one.request(names[0]))
            if found["ok"]:
                left = found["index"].split(" = ")[0]
                assert found["convention"].startswith(f"{left} = ∂"), (found["convention"], left)
                assert len(found["shape"]) == len(parse(found["index"])[0][0][2] or [])
