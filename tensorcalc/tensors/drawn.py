"""The plan of a tensor, which can be drawn too: the numbers below know nothing of pictures."""

from __future__ import annotations

from ..numbers.plans.paths import Plan
from ..pictures.formats import FORMATS, Picture, plan_picture
from ..request import choice_of


class DrawnPlan(Plan):
    """A plan that shows itself as a picture in a notebook; :meth:`info` is its report."""

    __slots__ = ()

    def diagram(self, format: str = "svg") -> Picture:
        r"""The steps, each with what it does, its shape and its operations.

        ``format`` is ``"svg"``, ``"dot"`` or ``"tikz"``.

        Examples
        --------
        >>> from tensorcalc import read
        >>> print(read("A B x").plan(m=20, n=30, p=40).diagram("dot").splitlines()[2])
          "1" [shape=box, label="ij,j→i\nn · 2,400"];
        """
        return plan_picture([self.planned], self.sizes, choice_of({"format": format}, "format", FORMATS))

    def __repr__(self) -> str:
        found = self.info()
        return f"<Plan of {len(found.steps)} steps: {found.operations:,} operations>"

    def _repr_svg_(self) -> str:
        return str(self.diagram())
