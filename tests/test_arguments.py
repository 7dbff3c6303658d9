"""What is no formula, no tensor, no size: an error with a code, and not whatever happens first inside."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import tensorcalc as tc

F = tc.read("x' A x")
A = tc.tensor("A", "n", "n")
TEXT = "expr is a text, not "
TENSOR = "a tensor is needed, not "

WRONG: list[tuple[str, str, Callable[[], Any]]] = [
    ("TC507", TEXT + "3", lambda: tc.read(3)),
    ("TC507", TEXT + "None", lambda: tc.read(None)),
    ("TC507", TEXT + "['x']", lambda: tc.read(["x"])),
    ("TC507", TEXT + "b'x'", lambda: tc.read(b"x")),
    ("TC507", "a tensor has been read already", lambda: tc.read(F)),
    ("TC507", TEXT + "3", lambda: tc.index(3)),
    ("TC507", "vars is an object, not 3", lambda: tc.read("x", 3)),
    ("TC507", "assume is an object, not 'symmetric'", lambda: tc.read("S", assume="symmetric")),
    ("TC507", "functions is an object, not 3", lambda: tc.read("f(x)", functions=3)),
    ("TC509", "3 is not a name: a letter, then letters and digits", lambda: tc.tensor(3)),
    ("TC509", "3 is not a name: a letter, then letters and digits", lambda: tc.function(3)),
    ("TC510", "assume gives A a property or a list of them", lambda: tc.tensor("A", "n", assume=3)),
    ("TC501", "a size is a positive integer or a name, not 2.5", lambda: tc.tensor("A", 2.5)),
    ("TC501", "a size is a positive integer or a name, not 2.5", lambda: tc.fn.eye(2.5)),
    ("TC507", "wrt is a name or a list of names, not [3]", lambda: tc.check("x' x", 3, "x")),
    ("TC517", "1 variable for a derivative of order '2'", lambda: F.derivative("x", order="2")),
    ("TC517", "1 variable for a derivative of order 2.0", lambda: F.derivative("x", order=2.0)),
    ("TC113", "subscripts 'ij' for a tensor with 0 axes", lambda: tc.einsum("ij->i", 3)),
    ("TC519", TENSOR + "'x'", lambda: tc.differential("x", "x")),
    ("TC519", TENSOR + "3", lambda: tc.jvp(3, "x", "v")),
    ("TC519", TENSOR + "3", lambda: tc.vjp(3, "x", "v")),
    ("TC519", TENSOR + "'f'", lambda: tc.hvp("f", "x", "v")),
    ("TC519", TENSOR + "'f'", lambda: tc.linearize("f", "x")),
    ("TC519", TENSOR + "'x'", lambda: tc.compile("x")),
    ("TC519", TENSOR + "3", lambda: tc.compile(3, batch=["x"])),
]


@pytest.mark.parametrize(("code", "message", "call"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_wrong_arguments(code: str, message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(tc.TensorCalcError) as caught:
        call()
    assert (caught.value.code, caught.value.message) == (code, message)


def test_an_array_is_no_formula() -> None:
    with pytest.raises(tc.TensorCalcError, match="expr is a text, not array"):
        tc.read(np.eye(2))


def test_any_mapping_declares() -> None:
    assert tc.read("f(x)", MappingProxyType({"x": ["n"]}), functions=MappingProxyType({"f": "elementwise"})).shape == ("n",)


def test_a_product_entry_by_entry_that_fits_as_one_of_matrices() -> None:
    A, B = tc.tensor("A", "m", "n"), tc.tensor("B", "n", "p")
    with pytest.raises(tc.TensorCalcError, match="help: \\* goes entry by entry; the product of matrices is @"):
        A * B


def test_functions_of_tensors_go_by_other_names_too() -> None:
    A = tc.tensor("A", "n", "n")
    assert tc.fn.trace(A) == tc.fn.tr(A) and tc.fn.inverse(A) == tc.fn.inv(A) and tc.fn.ln(A) == tc.fn.log(A)
    with pytest.raises(AttributeError, match=r"has no function transpose; a transpose is A\.T"):
        tc.fn.transpose(A)
