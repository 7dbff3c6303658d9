"""Pictures as texts: SVG, DOT or TikZ.  What surfaces call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..algebra.expr import Expr
from ..notation.describe import Layout
from .dot import dot
from .draw import placed
from .network import drawing
from .steps import plan_dot, plan_scene, steps
from .svg import svg
from .tikz import tikz

FORMATS = ("svg", "dot", "tikz")


class Picture(str):
    """The text of a picture, which notebooks show as the picture that it is.

    ``kind`` is ``"svg"``, ``"dot"`` or ``"tikz"``.
    """

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str = "svg") -> Picture:
        made = super().__new__(cls, text)
        made.kind = kind
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.kind)

    def _repr_svg_(self) -> str | None:
        return str(self) if self.kind == "svg" else None


def network_picture(expr: Expr, layout: Layout, format: str = "svg", taken: Collection[str] = (), *,
                    alone: bool = True) -> Picture:
    """The tensor network of an expression, or of a derivative with its variables' legs on the right.

    ``taken``: names that shared parts may not have.  ``alone``: an SVG for a file of its own, which is dark
    or light as the reader's screen; otherwise it takes the colour of the page that it is put in.

    Examples
    --------
    >>> from ..notation.lower import read
    >>> reading = read("tr(A X)")
    >>> print(network_picture(reading.expr, Layout(((),)), "dot").splitlines()[0])
    graph "tensor network" {
    """
    made = drawing(expr, taken)
    if format == "dot":
        return Picture(dot(made, layout), format)
    scene = placed(made, layout)
    return Picture(tikz(scene) if format == "tikz" else svg(scene, alone=alone), format)


def plan_picture(plans: Iterable[Expr], sizes: Mapping[str, int] | None = None, format: str = "svg", *,
                 alone: bool = True) -> Picture:
    r"""The steps of plans with the operations that each takes at the given sizes.

    Examples
    --------
    >>> from ..algebra.build import einsum, variable
    >>> from ..numbers.plans.plan import plan
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> sizes = {"m": 2, "n": 3}
    >>> print(plan_picture([plan(einsum([(A, "ij"), (x, "j")], "i"), sizes)], sizes, "dot"))
    digraph plan {
      rankdir=LR;
      "1" [shape=box, label="ij,j→i\nm · 12"];
      "2" [shape=ellipse, label="A"];
      "3" [shape=ellipse, label="x"];
      "2" -> "1" [headlabel="ij"];
      "3" -> "1" [headlabel="j"];
      // 12 operations = 2 m n
      // largest intermediate result 0 entries, result 2
    }
    """
    made = steps(plans, sizes)
    if format == "dot":
        return Picture(plan_dot(made), format)
    scene = plan_scene(made)
    return Picture(tikz(scene) if format == "tikz" else svg(scene, alone=alone), format)
