"""Pictures show what is there: read back, they are the expression, and nothing in them is in the way of anything else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from html import unescape
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from geometry import joined, problems
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import ROOT
from strategies import Formula, formulas
from tasks import TASKS, Task

import tensorcalc as tc
from tensorcalc.algebra.build import add, apply, delta, dimension, einsum, is_number, variable
from tensorcalc.algebra.expr import Apply, Delta, Expr, Sum, Variable
from tensorcalc.cli import main
from tensorcalc.errors import TensorCalcError
from tensorcalc.functions import TABLE
from tensorcalc.notation.describe import Layout
from tensorcalc.notation.lower import read
from tensorcalc.numbers.plans.pairwise import total_cost
from tensorcalc.numbers.plans.plan import nominal_sizes, plan
from tensorcalc.pictures import labels
from tensorcalc.pictures.draw import picture, placed
from tensorcalc.pictures.formats import FORMATS, Picture, network_picture, plan_picture
from tensorcalc.pictures.network import MOST_FACTORS, MOST_TERMS, Drawing, Inside, Node, Term, drawing
from tensorcalc.pictures.order import Graph, ordered
from tensorcalc.pictures.scene import Scene, Text
from tensorcalc.pictures.steps import plan_scene, steps
from tensorcalc.pictures.svg import svg
from tensorcalc.pictures.tikz import tikz
from tensorcalc.request import derived, scope_of
from tensorcalc.service import handle

sys.path.insert(0, str(ROOT / "docs"))

from generate_diagrams import IMAGES, pictures

CASES = [
    ("C_ij = X_ik Y_kj", "", 0, {}),
    ("C_ij = X_ik Y_kj", "X", 1, {}),
    ("tr(A X B)", "X", 1, {}),
    ("tr(A)", "", 0, {}),
    ("tr(A B C D)", "", 0, {}),
    ("kron(A, X)", "X", 1, {}),
    ("vec(A X B)", "X", 1, {}),
    ("C_ij = X_ji", "X", 1, {}),
    ("x' A x", "x", 1, {}),
    ("x' A x", "x", 2, {}),
    ("norm2(A x - b)^2", "x", 1, {"vars": {"b": ["m"]}}),
    ("inv(X)", "X", 1, {}),
    ("logdet(A + x x')", "x", 1, {}),
    ("M_ir = T_ijk B_jr C_kr", "B", 1, {"vars": {"T": ["I", "J", "K"], "B": ["J", "R"], "C": ["K", "R"]}}),
    ("sum(softplus(A x))", "x", 2, {}),
    ("softmax(W x)", "x", 1, {}),
    ("logsumexp(W x) - y' W x", "x", 2, {}),
    ("O_il = softmax(Q_ik K_jk) V_jl", "", 0, {}),
    ("c_i = eps_ijk a_j b_k", "b", 1, {"vars": {"a": [3], "b": [3]}}),
    ("D_ilm = eps_ijk eps_klm a_j", "a", 1, {"vars": {"a": [3]}}),
    ("c_i = eps_ijk eps_klm a_j b_l c_m", "", 0, {"vars": {"a": [3], "b": [3], "c": [3]}}),
    ("mu/2 (tr(F' F) - 3) - mu logdet(F) + lam/2 logdet(F)^2", "F", 2, {"vars": {"mu": [], "lam": []}}),
    ("norm2(W2 tanh(W1 x) - y)^2", "W1", 1, {}),
    ("A .* B", "A", 1, {}),
    ("diag(x) A", "x", 1, {}),
    ("X^3", "X", 1, {}),
    ("f(A X)", "X", 1, {"functions": {"f": "elementwise"}}),
    ("g(A X)", "X", 2, {"functions": {"g": "scalar"}}),
    ("tr(expm(X) A)", "X", 1, {}),
    ("-1/2 (x - mu)' inv(S) (x - mu) - 1/2 logdet(S)", "S", 1, {"vars": {"mu": ["n"], "x": ["n"]}}),
    ("tr(eye(n)) A + n*n*B", "", 0, {"vars": {"A": ["n", "m"], "B": ["n", "m"]}}),
    ("S_im = T_ijklm x_j y_k z_l", "", 0, {"vars": {"T": [3] * 5}}),
    ("S_abcde = A_ai B_ibj C_jck D_kdl E_le", "", 0,
     {"vars": {"B": ["p", "q", "r"], "C": ["r", "q", "s"], "D": ["s", "q", "t"]}}),
    ("A_ai B_ibj C_jck D_kd A_al B_lbm C_mcn D_nd", "", 0,
     {"vars": {"A": ["q", "p"], "B": ["p", "q", "r"], "C": ["r", "q", "s"], "D": ["s", "q"]}}),
    ("x' S x", "S", 1, {"assume": {"S": "symmetric"}, "wrt_convention": "structured"}),
    ("sum(abs(x).^p)^(1/p)", "x", 1, {"vars": {"p": []}}),
    ("max(A x, y)", "A", 1, {}),
    ("T_iji x_j", "", 0, {"vars": {"T": ["n", "m", "n"]}}),
    ("duplication(n) vech(S)", "", 0, {"vars": {"S": ["n", "n"]}}),
    ("tr(inv(A + X)) + tr(sin(X))^2", "X", 1, {}),
]


def subject(text: str, by: str, order: int, more: dict[str, object]) -> tuple[Expr, Layout, set[str]]:
    """What a case draws."""
    if by:
        found = derived({"do": "derive", "expr": text, "wrt": by, "order": order, **more}, ("free", "structured"))
        return found.expr, found.layout, set(found.reading.variables)
    reading = read(text, scope_of(more)[0])
    return reading.expr, Layout((reading.groups,), reading.letters, reading.name, row=reading.row), set(reading.variables)


SUBJECTS = [pytest.param(*subject(*case), id=f"{case[0]} by {case[1] or 'nothing'} {case[2]}") for case in CASES]


def of_formula(formula: Formula, place: int) -> tuple[Expr, Layout] | None:
    """A random formula, or its derivative by one of its variables; ``None`` where that is refused."""
    names = ["", *formula.declared]
    by = names[place % len(names)]
    try:
        return subject(formula.text, by, 1, {key: value for key, value in formula.request("x").items()
                                             if key in ("vars", "assume", "index_dims")})[:2]
    except TensorCalcError:
        return None


# -- pictures read back --------------------------------------------------------------------


def product_of(term: Term) -> Expr:
    """The product that a network is: a label for each wire, a delta where a wire has several legs."""
    factors: list[tuple[Expr, list[object]]] = [(node.of, [None] * node.rank) for node in term.nodes]
    output: list[object] = [None] * term.rank
    for k, wire in enumerate(term.wires):
        for port in wire.ports:
            factors[port.node][1][port.axis] = k
        if not wire.degree:
            factors.append((dimension(wire.dim), []))
        elif len(wire.legs) == 1 and wire.ports:
            output[wire.legs[0]] = k
        elif wire.legs:
            ends = [("leg", axis) for axis in wire.legs]
            factors.append((delta(wire.dim, len(ends) + bool(wire.ports)), [*ends, *([k] if wire.ports else [])]))
            for axis, end in zip(wire.legs, ends):
                output[axis] = end
    assert None not in output and not any(None in own for _, own in factors)
    return einsum([(factor, tuple(own)) for factor, own in factors], output)


def sum_of(terms: tuple[Term, ...], shape: tuple[int | str, ...]) -> Expr:
    return add([(term.weight, product_of(term)) for term in terms], shape)


def check_node(node: Node, made: Drawing) -> None:
    """A node is what it says: its label is that of its tensor, or of a row, or what is inside is its tensor."""
    if node.inside is None:
        named = {labels.name(row.name): row.expr for row in made.rows if row.name}
        omitted = any(note.endswith("tensors") for note in made.notes)
        assert labels.short(node.of) == node.label or named.get(node.label) is node.of or omitted
        return
    check_inside(node.of, node.inside)
    for part in node.inside.parts:
        for inner in part.nodes:
            check_node(inner, made)


def check_inside(of: Expr, inside: Inside) -> None:
    if inside.omitted:
        return
    if isinstance(of, Apply) and inside.joint == ",":
        assert tuple([product_of(part) for part in inside.parts]) == of.arguments
    elif isinstance(of, Apply):
        assert sum_of(inside.parts, of.arguments[0].shape) is of.arguments[0]
    else:
        assert sum_of(inside.parts, of.shape) is of


def check_drawing(made: Drawing) -> None:
    """Every row, read back, is the expression that it draws."""
    for row in made.rows:
        for term in row.terms:
            for node in term.nodes:
                check_node(node, made)
                assert not isinstance(node.of, Delta)   # a delta is a wire
            assert sorted(axis for wire in term.wires for axis in wire.legs) == list(range(row.expr.rank))
            ports = Counter((port.node, port.axis) for wire in term.wires for port in wire.ports)
            assert ports == {(k, axis): 1 for k, node in enumerate(term.nodes) for axis in range(node.rank)}
        if not row.omitted:
            assert sum_of(row.terms, row.expr.shape) is row.expr


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_the_networks_are_the_expression(expr: Expr, layout: Layout, taken: set[str]) -> None:
    check_drawing(drawing(expr, taken))


@given(formulas(deepest=4), st.integers(0, 5))
@settings(max_examples=100)
def test_networks_of_random_formulas_are_the_expression(formula: Formula, place: int) -> None:
    found = of_formula(formula, place)
    if found is not None:
        check_drawing(drawing(found[0], formula.declared))


# -- places --------------------------------------------------------------------------------


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_nothing_is_in_the_way(expr: Expr, layout: Layout, taken: set[str]) -> None:
    assert problems(picture(expr, layout, taken)) == []


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_pictures_of_what_people_ask(task: Task) -> None:
    found = derived(task.request())
    check_drawing(drawing(found.expr))
    check_curves(found.expr, found.layout)
    assert problems(picture(found.expr, found.layout)) == []


@given(formulas(deepest=4), st.integers(0, 5))
@settings(max_examples=100)
def test_nothing_is_in_the_way_in_random_formulas(formula: Formula, place: int) -> None:
    found = of_formula(formula, place)
    if found is not None:
        assert problems(picture(*found)) == []


def flat(made: Drawing) -> bool:
    """Whether no node has a network inside."""
    return all(node.inside is None for row in made.rows for term in row.terms for node in term.nodes)


def check_curves(expr: Expr, layout: Layout) -> None:
    """The curves, followed from end to end, join what the wires join."""
    made = drawing(expr)
    if not flat(made):
        return
    expected = []
    for row in made.rows:
        for term in row.terms:
            for wire in term.wires:
                at = sorted(labels.text_of(term.nodes[port.node].label) for port in wire.ports)
                expected.append((tuple(at), len(wire.legs)))
    assert joined(placed(made, layout)) == sorted(expected)


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_curves_join_what_wires_join(expr: Expr, layout: Layout, taken: set[str]) -> None:
    check_curves(expr, layout)


@st.composite
def products(draw: st.DrawFn) -> tuple[Expr, Layout]:
    """A product of tensors that share indices at random, some of them in three places or in the result."""
    rng = Random(draw(st.integers(0, 2**40)))
    count, dims = draw(st.integers(1, 14)), ["a", "b", "c"]
    orders = [rng.choice([0, 1, 1, 2, 2, 2, 3, 4]) for _ in range(count)]
    slots = [(k, axis) for k, order in enumerate(orders) for axis in range(order)]
    rng.shuffle(slots)
    own: dict[tuple[int, int], int] = {}
    label = 0
    while slots:
        for slot in [slots.pop() for _ in range(min(len(slots), rng.choice([1, 2, 2, 2, 2, 3])))]:
            own[slot] = label
        label += 1
    sizes = {k: rng.choice(dims) for k in range(label)}
    tensors = [(variable(f"{'T' if order > 2 else 'A' if order == 2 else 'x' if order else 'a'}{k}",
                         *[sizes[own[k, axis]] for axis in range(order)]), tuple(own[k, axis] for axis in range(order)))
               for k, order in enumerate(orders)]
    output = rng.sample(range(label), rng.randint(0, min(label, 4)))
    extra = [(delta(dim, 2), (("d", k, 0), ("d", k, 1))) for k, dim in enumerate(rng.sample(dims, rng.randint(0, 2)))]
    kept = [*output, *[end for _, ends in extra for end in ends]]
    rng.shuffle(kept)
    expr = einsum([*tensors, *extra], kept)
    by = rng.randint(0, len(kept)) if rng.random() < 0.6 else None
    parts = ((1,) * len(kept),) if by is None else ((1,) * (len(kept) - by), (1,) * by)
    return expr, Layout(parts, variables=() if by is None else ("X",))


@given(products())
@settings(max_examples=120)
def test_pictures_of_random_products(product: tuple[Expr, Layout]) -> None:
    expr, layout = product
    check_drawing(drawing(expr))
    check_curves(expr, layout)
    assert problems(picture(expr, layout)) == []


@pytest.mark.parametrize("count", [1, 2, 5, 12, 30])
def test_chains_are_straight(count: int) -> None:
    """A product of matrices is one straight line, however long it is."""
    expr = einsum([(variable(f"A{k}", f"n{k}", f"n{k + 1}"), (k, k + 1)) for k in range(count)], (0, count))
    scene = picture(expr, Layout(((1, 1),)))
    assert len({round(shape.y, 3) for shape in scene.shapes if isinstance(shape, Text)}) == 1
    assert problems(scene) == []


@pytest.mark.parametrize("count", range(3, 13))
def test_rings_have_no_crossing(count: int) -> None:
    edges = tuple([(k, (k + 1) % count) for k in range(count)])
    assert ordered(Graph(count, edges)).crossings == 0


def test_ladders_have_no_crossing() -> None:
    """The norm of a matrix product state: two rows, and rungs between them."""
    edges = [(k, k + 1) for k in range(5)] + [(k + 6, k + 7) for k in range(5)] + [(k, k + 6) for k in range(6)]
    found = ordered(Graph(12, tuple(edges)))
    assert found.crossings == 0 and all(len(column) == 2 for column in found.columns[1:-1])


@given(products())
@settings(max_examples=30)
def test_pictures_are_the_same_each_time(product: tuple[Expr, Layout]) -> None:
    expr, layout = product
    assert svg(picture(expr, layout)) == svg(picture(expr, layout))


# -- derivatives ---------------------------------------------------------------------------


def test_a_derivative_has_the_legs_of_its_variable_on_the_right() -> None:
    expr, layout, taken = subject("C_ij = X_ik Y_kj", "X", 1, {})
    scene = picture(expr, layout, taken)
    letters = {labels.text_of(shape.label): shape.x for shape in scene.shapes if isinstance(shape, Text)}
    assert max(letters["i"], letters["j"]) < min(letters["p"], letters["q"])
    assert letters["∂X"] > letters["p"]
    assert [shape for shape in scene.shapes if getattr(shape, "kind", "") == "open"]


@pytest.mark.parametrize(("text", "left", "right"), [
    ("x", "i", ""), ("x'", "", "i"), ("A", "i", "j"), ("vec(A)", "ij", ""), ("kron(A, B)", "ij", "kl"), ("kron(A, x)", "ij", "k"),
    ("T_ijk = x_i y_j z_k", "ij", "k"),
])
def test_rows_are_on_the_left(text: str, left: str, right: str) -> None:
    scene = picture(*subject(text, "", 0, {})[:2])
    node = next(shape for shape in scene.shapes if getattr(shape, "kind", "") == "tensor")
    texts = {labels.text_of(shape.label): shape.x for shape in scene.shapes if isinstance(shape, Text)}
    assert {letter for letter in "ijkl" if letter in texts and texts[letter] < node.x} == {*left}
    assert {letter for letter in "ijkl" if letter in texts and texts[letter] > node.x} == {*right}


def test_a_delta_is_a_plain_line() -> None:
    """∂C_ij/∂X_pq = δ_ip Y_qj: one line from i to p, and Y between j and q."""
    expr, layout, taken = subject("C_ij = X_ik Y_kj", "X", 1, {})
    assert joined(picture(expr, layout, taken)) == [((), 2), (("Y",), 1), (("Y",), 1)]


def test_a_trace_of_the_identity_is_a_circle() -> None:
    (term,) = drawing(read("tr(eye(n)) x").expr).rows[0].terms
    assert [(wire.degree, wire.dim) for wire in term.wires if not wire.legs] == [(0, "n")]


# -- what is left out ----------------------------------------------------------------------


def test_a_long_sum_says_what_it_leaves_out() -> None:
    expr = add([(1, variable(f"A{k}", "n", "n")) for k in range(20)])
    made = drawing(einsum([(expr, "ij"), (variable("x", "n"), "j")], "i"))
    assert made.notes == (f"not drawn: {20 - MOST_TERMS} more terms of a sum",)
    scene = placed(made, Layout(((1,),)))
    assert made.notes[0] in scene.description and problems(scene) == []


def test_a_long_product_says_what_it_leaves_out() -> None:
    count = MOST_FACTORS + 7
    expr = einsum([(variable(f"A{k}", "n", "n"), (k, k + 1)) for k in range(count)], (0, count))
    made = drawing(expr)
    assert made.notes == (f"not drawn: a product of {count} tensors",)
    assert problems(placed(made, Layout(((1, 1),)))) == []


def layers(count: int) -> Expr:
    """A network of many layers."""
    x = variable("x", "n")
    for k in range(count):
        x = apply(TABLE["tanh"], einsum([(variable(f"W{k}", "n", "n"), "ij"), (x, "j")], "i"))
    return x


def test_names_are_whole_however_long() -> None:
    """Two names that differ at the end differ in the picture."""
    names = ["weightsOfTheFirstLayerOfTheNetworkA", "weightsOfTheFirstLayerOfTheNetworkB"]
    reading = read(f"exp({names[0]} {names[1]}) x + exp({names[0]}) x", scope_of({"vars": {name: ["n", "n"] for name in names}})[0])
    check_drawing(drawing(reading.expr))
    scene = picture(reading.expr, Layout(((1,),)))
    assert problems(scene) == [] and all(name in svg(scene) for name in names)


@pytest.mark.parametrize(("text", "label"), [
    ("[1, 2; 3, 4] x", "[1, 2; 3, 4]"), ("[1, -2] x", "[1; −2]"), ("[1, 2, 3; 4, 5, 6; 7, 8, 9] x", "[1, 2, 3; 4, 5, 6; 7, …]"),
    ("duplication(n) h", "D_n"), ("pinv(A) x", "A^+"), ("X^k x", "X^k"), ("expm(X) x", "expm(X)"), ("W12 x", "W12"),
    ("inv(X') x", "(X^T)^−1"), ("e(i, n)' x", "e_i"),
])
def test_labels(text: str, label: str) -> None:
    (term,) = drawing(read(text).expr).rows[0].terms
    assert label in [labels.text_of(node.label) for node in term.nodes]


def test_a_deep_formula_is_drawn_in_rows() -> None:
    made = drawing(layers(12))
    assert len(made.rows) > 3 and not made.notes
    made = drawing(layers(50))
    assert made.notes
    assert problems(placed(made, Layout(((1,),)))) == []


def test_functions_of_functions_may_be_as_deep_as_they_like() -> None:
    x = variable("x", "n")
    for _ in range(3_000):
        x = apply(TABLE["sin"], x)
    made = drawing(x)
    assert len(made.rows) > 3 and made.notes
    assert problems(placed(made, Layout(((1,),)))) == []


def test_an_expression_that_doubles_a_hundred_times_is_drawn_at_once() -> None:
    x = variable("x", "n")
    for _ in range(100):
        x = einsum([(add([(1, x), (1, Apply(("n",), TABLE["exp"], (x,)))]), "i"), (x, "i")], "i")
    made = drawing(x)
    assert made.notes and len(list(made.tensors())) < 100


# -- SVG -----------------------------------------------------------------------------------

NAME = "{http://www.w3.org/2000/svg}"


def check_svg(text: str, scene: Scene) -> None:
    root = ET.fromstring(text)
    assert root.tag == f"{NAME}svg" and root.get("role") == "img"
    assert root.findtext(f"{NAME}title") == scene.title and root.find(f"{NAME}desc") is not None
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    shown = Counter("".join(node.itertext()) for node in root.iter(f"{NAME}text"))
    assert shown == Counter("".join([run.text for run in shape.label]) for shape in scene.shapes if isinstance(shape, Text))
    assert not re.search(r"<script|<style|href|url\(|\son\w+=|javascript", text)


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_svg_is_xml_without_styles_or_scripts(expr: Expr, layout: Layout, taken: set[str]) -> None:
    scene = picture(expr, layout, taken)
    check_svg(svg(scene), scene)


@given(formulas(deepest=3), st.integers(0, 5))
@settings(max_examples=40)
def test_svg_of_random_formulas(formula: Formula, place: int) -> None:
    found = of_formula(formula, place)
    if found is not None:
        scene = picture(*found)
        check_svg(svg(scene), scene)


@pytest.mark.parametrize(("text", "by", "words"), [
    ("C_ij = X_ik Y_kj", "", "X and Y, leg i is axis 1 of X, leg j is axis 2 of Y, axis 2 of X joins axis 1 of Y."),
    ("C_ij = X_ik Y_kj", "X", "Y, leg p is leg i, leg j is axis 2 of Y, leg q is axis 1 of Y."),
    ("D_ij = x_i A_ij", "", "A and x, a dot joins axis 1 of A, x and leg i, leg j is axis 2 of A."),
    ("x' A x", "x", "x and A + A^T, leg i is axis 1 of A + A^T, x joins axis 2 of A + A^T."),
    ("exp(A x)", "", "exp, leg i is exp, exp holds A and x, leg α is axis 1 of A, axis 2 of A joins x."),
    ("tr(eye(n)) sum(y)", "", "y, y ends in a dot, a circle of size n."),
])
def test_the_description_says_what_is_joined(text: str, by: str, words: str) -> None:
    assert picture(*subject(text, by, 1, {})).description == words


def test_svg_for_a_file_is_dark_where_the_screen_is() -> None:
    scene = picture(*subject("A x", "", 0, {})[:2])
    assert "prefers-color-scheme:dark" in svg(scene, alone=True) and "<style>" not in svg(scene)
    assert set(re.findall(r"(?:fill|stroke)=\"([^\"]+)\"", svg(scene))) <= {"none", "currentColor", "#d9480f"}


def test_texts_are_escaped() -> None:
    """No name that can be declared holds a bracket, and if one did it would be text."""
    scene = Scene(9, 9, (Text(1, 1, labels.plain('<b> & "x"')),), "<title>", "]]> --> </desc>")
    root = ET.fromstring(svg(scene))
    assert [node.text for node in root.iter(f"{NAME}text")] == ['<b> & "x"']
    assert root.findtext(f"{NAME}desc") == "]]> --> </desc>" and "<b>" not in svg(scene)


# -- DOT -----------------------------------------------------------------------------------

_EDGE = re.compile(r'^\s*"(r1t\d+)([nlw])(\d+)" -- "(r1t\d+)([nlw])(\d+)"(?: \[(.*)\])?;$', re.MULTILINE)


def wires_of(text: str) -> dict[str, Counter[tuple[tuple[str, ...], ...]]]:
    """The wires of each term of the first row, as DOT has them: the ends of each, with the axes."""
    ends: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    found: dict[str, Counter[tuple[tuple[str, ...], ...]]] = {}
    for match in _EDGE.finditer(text):
        term, marks = match[1], dict(re.findall(r'(\w+)="(\d+)"', match[7] or ""))
        one, other = (match[2], match[3], marks.get("taillabel", "")), (match[5], match[6], marks.get("headlabel", ""))
        found.setdefault(term, Counter())
        if one[0] == "w":
            ends.setdefault((term, one[1]), []).extend([other] if other[0] != "w" else [])
        else:
            found[term][tuple(sorted([one, other]))] += 1
    for (term, _), listed in ends.items():
        found[term][tuple(sorted(listed))] += 1
    return found


def check_dot(expr: Expr, layout: Layout) -> None:
    made = drawing(expr)
    text = network_picture(expr, layout, "dot")
    expected = {}
    for k, term in enumerate(made.rows[0].terms, 1):
        wires = [tuple(sorted([*[("n", str(port.node + 1), str(port.axis + 1)) for port in wire.ports],
                               *[("l", str(axis + 1), "") for axis in wire.legs]])) for wire in term.wires]
        if wires:
            expected[f"r1t{k}"] = Counter(wires)
    assert wires_of(text) == expected
    assert text.count("{") == text.count("}")
    drawn = [node for row in made.rows for term in row.terms for node in term.tensors()]
    shapes = re.findall(r'\[shape=ellipse, label="((?:[^"\\]|\\.)*)"\]', text)
    named = [node.of.name if isinstance(node.of, Variable) else labels.text_of(node.label) for node in drawn]
    assert Counter(shapes) == Counter(named)


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_dot_has_every_wire(expr: Expr, layout: Layout, taken: set[str]) -> None:
    check_dot(expr, layout)


@given(products())
@settings(max_examples=60)
def test_dot_of_random_products(product: tuple[Expr, Layout]) -> None:
    check_dot(*product)


# -- TikZ ----------------------------------------------------------------------------------


def check_tikz(scene: Scene) -> None:
    text = tikz(scene)
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == 1
    bare = re.sub(r"\\[{}$%&#_]", "", text)
    depth = 0
    for char in bare:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0 and bare.count("$") % 2 == 0
    lines = text.split("rounded corners")[0] and text.splitlines()[1:]
    assert all(line.endswith(";") for line in lines if line.startswith("  \\"))
    assert sum(line.startswith("  \\") for line in lines) == len(scene.shapes)


@pytest.mark.parametrize(("expr", "layout", "taken"), SUBJECTS)
def test_tikz_is_balanced(expr: Expr, layout: Layout, taken: set[str]) -> None:
    check_tikz(picture(expr, layout, taken))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_tikz_compiles(tmp_path: Path) -> None:
    """All pictures in one document, where there is a TeX with TikZ."""
    bodies = [tikz(picture(*case.values)) for case in SUBJECTS]
    bodies.append(tikz(plan_scene(steps([plan(read("A B x").expr, {"m": 2, "n": 3, "p": 4})]))))
    page = r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{tikz}\pagestyle{empty}\begin{document}"
    (tmp_path / "all.tex").write_text(page + "\n\n".join(bodies) + r"\end{document}", encoding="utf-8")
    done = subprocess.run(["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "all.tex"], cwd=tmp_path,
                          capture_output=True, text=True, errors="replace", check=False, timeout=300)
    if "File `tikz.sty' not found" in done.stdout:
        pytest.skip("TikZ is not installed")
    assert done.returncode == 0, done.stdout[-2000:]


# -- plans ---------------------------------------------------------------------------------


def test_the_picture_of_a_plan_has_every_step_and_its_cost() -> None:
    sizes = {"m": 20, "n": 30, "p": 40}
    planned = plan(read("A B x").expr, sizes)
    made = steps([planned], sizes)
    assert [node for _, _, node in made.boxes if node is not None][-1] is planned
    prices = [int(labels.text_of(below).rpartition(" · ")[2].replace(",", "")) for _, below, node in made.boxes if node]
    assert sum(prices) == total_cost([planned], sizes) == 3600
    assert problems(plan_scene(made)) == []


@given(products())
@settings(max_examples=60)
def test_plans_of_random_products(product: tuple[Expr, Layout]) -> None:
    sizes = nominal_sizes([product[0]])
    planned = plan(product[0], sizes)
    made = steps([planned], sizes)
    assert problems(plan_scene(made)) == []
    wholes = [node for _, _, node in made.boxes if node is not None]
    for step, node in enumerate(wholes):
        into = Counter(made.boxes[a][2] for a, b, _ in made.edges if b == step)
        assert {child for child in into if child is not None} <= set(node.children)
        assert sum(into.values()) == sum(is_number(child) is None for child in node.children)
    prices = [int(labels.text_of(below).rpartition(" · ")[2].replace(",", "")) for _, below, node in made.boxes if node]
    assert sum(prices) == total_cost([planned], sizes)


def test_a_long_plan_says_what_it_leaves_out() -> None:
    expr = layers(60)
    sizes = nominal_sizes([expr])
    made = steps([plan(expr, sizes)], sizes)
    assert "not drawn: the first" in made.summary[-1]
    assert problems(plan_scene(made)) == []


# -- surfaces ------------------------------------------------------------------------------


def test_the_service_answers_with_a_picture() -> None:
    answer = handle({"do": "derive", "expr": "C_ij = X_ik Y_kj", "wrt": "X", "want": ["diagram"]})
    assert answer["ok"] and type(answer["diagram"]) is str
    root = ET.fromstring(answer["diagram"])
    assert root.findtext(f"{NAME}title") == "Tensor network of ∂C_ij/∂X_pq"


def test_tensors_are_drawn() -> None:
    D = tc.read("C_ij = X_ik Y_kj").derivative("X")
    for form in FORMATS:
        found = D.diagram(form)
        assert isinstance(found, Picture) and found.kind == form and (found._repr_svg_() is None) == (form != "svg")
    assert ET.fromstring(D.diagram()).tag == f"{NAME}svg"
    with pytest.raises(tc.RequestError, match="format is one of svg, dot, tikz, not 'png'") as caught:
        D.diagram("png")
    assert caught.value.code == "TC508"


def test_the_command_draws_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "derivative.svg"
    assert main(["diagram", "C_ij = X_ik Y_kj", "--wrt", "X", "--out", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == tc.read("C_ij = X_ik Y_kj").derivative("X").diagram() + "\n"
    assert main(["diagram", "tr(A)", "--out", str(tmp_path)]) == 2
    assert main(["diagram", "tr(A)", "--format", "png"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and f"RequestError TC523: {tmp_path} cannot be written: " in err
    assert "RequestError TC508: --format is one of svg, dot, tikz, not 'png'" in err


def test_the_plan_of_a_tensor_is_drawn() -> None:
    H = tc.read("norm2(A x - b)^2", b=["m"]).hessian("x")
    text = H.plan(m=100, n=10).diagram("dot")
    assert text.startswith("digraph plan {") and "operations" in unescape(text)
    assert ET.fromstring(H.plan(m=100, n=10)._repr_svg_()).findtext(f"{NAME}title") == "Plan of contractions"


def test_a_plan_says_what_it_is() -> None:
    planned = tc.read("A B x").plan(m=20, n=30, p=40)
    assert repr(planned) == "<Plan of 2 steps: 3,600 operations>"
    with pytest.raises(tc.RequestError, match="format is one of svg, dot, tikz, not 'png'"):
        planned.diagram("png")


def test_images_of_pages_are_what_is_drawn() -> None:
    """``python docs/generate_diagrams.py`` draws them again."""
    drawn = pictures()
    kept = {path.stem: path.read_text(encoding="utf-8") for path in IMAGES.glob("*.svg")}
    assert kept == drawn
    page = (IMAGES.parent / "diagrams.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\(images/([\w-]+)\.svg\)", page)) == sorted(drawn)


def test_weights_and_zero() -> None:
    for text, expected in (("-2 a", [Fraction(-2)]), ("3", [Fraction(3)]), ("a - a", [Fraction(0)])):
        terms = drawing(read(text).expr).rows[0].terms
        assert [term.weight for term in terms] == expected or isinstance(read(text).expr, Sum)
    assert plan_picture([read("A x").expr]).kind == "svg"
