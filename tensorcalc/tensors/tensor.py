"""``Tensor``, the handle people hold: operators as NumPy means them, derivatives, texts, values.

A tensor is an expression, how its axes make up an array, and what its names stand
for.  Knows everything below; variables are declared and formulas read in
:mod:`tensorcalc.tensors.declare`, functions are in :mod:`tensorcalc.tensors.fn`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import isfinite
from operator import index as whole
from typing import Any, NamedTuple

from ..algebra.build import number, transpose
from ..algebra.expr import Expr, Variable
from ..algebra.traverse import postorder
from ..calculus.derivation import derivation, steps_of
from ..calculus.derive import ALL_READINGS, differentiated
from ..errors import LimitError, RequestError, ShapeError, TensorCalcError, UnknownNameError, UnsupportedError
from ..interop.einsums import product as product_of
from ..interop.to_sympy import FORMS as SYMPY_FORMS
from ..interop.to_sympy import to_sympy
from ..notation.describe import Forms, Layout, array_shape, convention, describe, jacobian
from ..notation.latex import latex
from ..notation.lower import Value
from ..notation.lower.unify import same_product
from ..notation.pasted import spelled
from ..notation.recover.sharing import substituted
from ..notation.syntax import Name
from ..notation.text import text
from ..numbers.code.codegen import module_code
from ..numbers.code.dialects import LIBRARIES
from ..numbers.evaluate import evaluate
from ..numbers.inputs import read as read_arrays
from ..numbers.libraries import library_of
from ..numbers.libraries import united as joined
from ..numbers.maps.newton import newton_step
from ..numbers.maps.structured import MEMORY_LIMIT, Structured, structured
from ..numbers.plans.plan import nominal_sizes, plan
from ..numbers.programs.compiled import Compiled, Origin
from ..numbers.programs.many import AtPoints
from ..numbers.programs.translated import Translated
from ..pictures.formats import FORMATS, Picture, network_picture
from ..request import FORMS, MOST_ORDER, part_of, shown
from ..sizes import Dim
from . import broadcast, notebook
from .blocks import Blocks
from .derivations import Derivation
from .drawn import DrawnPlan
from .names import Names, groups, known, stated, symbols_of, united

Operand = Any   # a Tensor or a number
By = Any        # a Tensor that is a variable, or the name of one

_MOST_SHOWN = 60   # characters of a formula in one line about a tensor; parts of one that is written for it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tensor:
    """A tensor: a variable, or what formulas and operators make of variables.

    Operators between tensors and numbers mean what they mean in NumPy: ``@`` is the
    matrix product, ``*`` goes entry by entry, a number is added to every entry.  Two
    tensors are equal where they are the same expression.

    Examples
    --------
    >>> from tensorcalc import tensor
    >>> A, x, b = tensor("A", "m", "n"), tensor("x", "n"), tensor("b", "m")
    >>> r = A @ x - b
    >>> f = r @ r
    >>> print(f.gradient(x))
    2 A' (A x - b)
    >>> print(f.hessian(x))
    2 A' A
    >>> print(f.gradient(x)(A=[[1, 2], [3, 4]], x=[1, 1], b=[0, 0]))
    [48. 68.]
    """

    expr: Expr
    layout: Layout
    names: Names = field(default_factory=Names)
    reading: str = "free"
    origin: Origin | None = None   # what it is a derivative of, and by what: where it is compiled, another order may be cheaper

    # -- what it is ----------------------------------------------------------------------

    @property
    def groups(self) -> tuple[int, ...]:
        """How many axes of ``expr`` make each axis of the array."""
        return self.layout.groups

    @property
    def shape(self) -> tuple[Dim, ...]:
        """One size an axis: a number, a name, or a product of names."""
        return tuple(array_shape(self.expr, self.groups))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.groups)

    @property
    def variables(self) -> dict[str, Tensor]:
        """The variables that this tensor was made of, by name."""
        return {name: of_variable(self.names.of(name)) for name in sorted(self.names.variables)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return NotImplemented
        return self.expr is other.expr and self.groups == other.groups and self.names.facts == other.names.facts

    def __hash__(self) -> int:
        return hash((self.expr, self.groups))

    def __reduce__(self) -> tuple[Any, ...]:
        # Each node after its children, so that pickling one never recurses further than to them.
        return _restored, (postorder(self.expr), self.layout, self.names, self.reading)

    # -- operators -----------------------------------------------------------------------

    __array_ufunc__ = None   # an array of NumPy leaves operators to the tensor

    def __add__(self, other: Operand) -> Tensor:
        return _combined(broadcast.add, self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return _combined(broadcast.add, other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return _combined(broadcast.subtract, self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return _combined(broadcast.subtract, other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return _combined(broadcast.multiply, self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return _combined(broadcast.multiply, other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return _combined(broadcast.divide, self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return _combined(broadcast.divide, other, self)

    def __pow__(self, other: Operand) -> Tensor:
        return _combined(broadcast.power, self, other)

    def __rpow__(self, other: Operand) -> Tensor:
        return _combined(broadcast.power, other, self)

    def __matmul__(self, other: Operand) -> Tensor:
        return _combined(broadcast.matmul, self, other)

    def __rmatmul__(self, other: Operand) -> Tensor:
        return _combined(broadcast.matmul, other, self)

    def __neg__(self) -> Tensor:
        return self * -1

    def __pos__(self) -> Tensor:
        return self

    @property
    def T(self) -> Tensor:  # noqa: N802
        """The axes in reverse; a vector is its own transpose."""
        return made(broadcast.transpose(value_of(self)), [self]) if self.ndim > 1 else self

    # -- derivatives ---------------------------------------------------------------------

    def derivative(self, *wrt: By, order: int = 1, reading: str = "free") -> Tensor:
        """The derivative by one variable after the other: the axes of this tensor, then those of each.

        Variables are given as tensors or by name, several also as a list.  ``order``
        repeats a single one.  ``reading`` says what the derivative by a variable with
        structure is: ``free``, ``structured``, ``projected``, or ``vech``, the derivative by
        the entries of ``vech(X)``.

        Examples
        --------
        >>> from tensorcalc import tensor
        >>> A, x = tensor("A", "n", "n"), tensor("x", "n")
        >>> (A @ x).derivative(x) == A
        True
        >>> (x @ A @ x).derivative("A", "x").shape
        ('n', 'n', 'n')

        Raises
        ------
        UnknownNameError: TC204 for a name that is no variable of this tensor.
        """
        _one_of("reading", reading, ALL_READINGS)
        names, variables = self._by(wrt, order)
        expr = differentiated(self.expr, variables, names.facts, reading)
        parts = self.layout.parts if self.layout.variables else (self.groups,)
        by = [part_of(variable, names.facts.get(variable.name, ()), reading) for variable in variables]
        layout = Layout((*parts, *[part for _, part in by]), self.layout.letters, self.layout.name,
                        (*self.layout.variables, *[name for name, _ in by]))
        return Tensor(expr, layout, names, reading, self._origin(variables) if reading == "free" else None)

    def _by(self, wrt: Sequence[By], order: object) -> tuple[Names, list[Variable]]:
        """The variables of a derivative, one after the other, and all names."""
        listed = [variable_of(self, by) for by in _flat(wrt)]
        if len(listed) == 1 and isinstance(order, int) and 0 < order <= MOST_ORDER:
            listed *= order
        if not 0 < len(listed) <= MOST_ORDER or order not in (1, len(listed)):
            many = f"{len(listed)} variable{'s' * (len(listed) != 1)}"
            raise RequestError("TC517", f"{many} for a derivative of order {shown(order)}", field="order",
                               help=f"the order is a whole number from 1 to {MOST_ORDER}")
        names = united([self.names, *[by.names for by in listed]])
        variables = [names.variables[name] for by in listed for name in by.names.variables]
        return names, variables

    def _origin(self, variables: Sequence[Variable]) -> Origin:
        """What the derivative of this tensor is a derivative of."""
        return Origin(self.expr, tuple(variables)) if self.origin is None else \
            Origin(self.origin.of, (*self.origin.by, *variables))

    def gradient(self, wrt: By, *, reading: str = "free") -> Tensor:
        """The derivative of a number, in the shape of the variable.

        Examples
        --------
        >>> from tensorcalc import read
        >>> G = read("tr(A X B)").gradient("X")
        >>> print(G, G.shape)
        A' B' ('n', 'p')

        Raises
        ------
        ShapeError: TC106 where this is no number.
        RequestError: TC517 for several variables, for which derivative would give the mixed one.
        """
        _insist_on_number(self, "a gradient", "derivative or jacobian")
        if isinstance(wrt, (list, tuple)) and len(wrt) > 1:
            raise RequestError("TC517", f"a gradient is by one variable, not by {len(wrt)}", field="wrt",
                               help="take one gradient for each; derivative gives the mixed derivative")
        return self.derivative(wrt, reading=reading)

    def hessian(self, wrt: By, other: By | None = None, *, reading: str = "free") -> Any:
        """The second derivative of a number, by one variable or by two; for lists of variables a table of blocks.

        Examples
        --------
        >>> from tensorcalc import read
        >>> print(read("norm2(A x + y)^2/2").hessian(["x", "y"]))
        x, x  (n, n)  A' A
        x, y  (n, m)  A'
        y, x  (m, n)  A
        y, y  (m, m)  eye(m)

        Raises
        ------
        ShapeError: TC106 where this is no number.
        """
        _insist_on_number(self, "a Hessian", "derivative with order=2")
        other = wrt if other is None else other
        if not isinstance(wrt, (list, tuple)) and not isinstance(other, (list, tuple)):
            return self.derivative(wrt, other, reading=reading)
        rows, columns = ([variable_of(self, by) for by in _flat([given])] for given in (wrt, other))
        table: dict[tuple[str, str], Tensor] = {}
        for row, column in product(rows, columns):
            (one,), (two,) = row.names.variables, column.names.variables
            turned = table.get((two, one))
            table[one, two] = _mirrored(turned) if turned is not None else self.derivative(row, column, reading=reading)
        counts = {name: len(block.layout.parts[-1 - (place == 0)]) for pair, block in table.items() for place, name in
                  enumerate(pair)}
        return Blocks(table, counts)

    def newton(self, wrt: By) -> Tensor:
        """Where one step of Newton's method from the variable ends: ``x - inv(H) g`` as a formula.

        The structure of the Hessian is used: systems are as small as its factors.  Where the Hessian is
        constant, this is the stationary point, from everywhere.  The formula takes it that the factors of a
        Kronecker product have inverses, also where a matrix of low rank is added to the product.

        Examples
        --------
        >>> from tensorcalc import read
        >>> print(read("norm2(T - U V')^2").newton("U"))
        T V inv(V' V)
        >>> print(read("sum(exp(x)) - a'x", a=["n"]).newton("x"))
        x + a ./ exp(x) - ones(n)

        Raises
        ------
        ShapeError: TC106 where this is no number.
        UnsupportedError: TC311 where the structure of the Hessian shows that it is singular, TC323 where its
            systems have no solution as one formula: ``hessian(…).structured(…).solve`` has it in numbers.
        """
        gradient, hessian = self.gradient(wrt), self.hessian(wrt)
        variable = variable_of(self, wrt)
        found = newton_step(variable.expr, gradient.expr, hessian.expr)
        return Tensor(found, variable.layout, gradient.names)

    def jacobian(self, wrt: By, *, layout: str = "numerator", vec: str = "F", reading: str = "free") -> Tensor:
        """The matrix ``∂vec(U)/∂vec(X)'``; its transpose for ``layout="denominator"``, vec by rows for ``vec="C"``.

        Examples
        --------
        >>> from tensorcalc import tensor
        >>> X, Y = tensor("X", "m", "n"), tensor("Y", "n", "p")
        >>> J = (X @ Y).jacobian(X)
        >>> print(J, J.shape)
        Y' ⊗ eye(m) ('p*m', 'n*m')

        Raises
        ------
        RequestError: TC508 for another layout or order of vec.
        """
        numerator, columns = _conventions(layout, vec)
        found = self.derivative(wrt, reading=reading)
        parts = Layout((self.groups, found.layout.parts[-1])).axes()
        sides = [[axis for group in (reversed(part) if columns else part) for axis in group] for part in parts]
        rows, cols = sides if numerator else sides[::-1]
        page = Layout((tuple(len(side) for side in (rows, cols) if side),), row=not rows)
        return Tensor(transpose(found.expr, [*rows, *cols]), page, found.names)

    # -- texts ---------------------------------------------------------------------------

    def to(self, form: str, *, layout: str = "numerator", vec: str = "F") -> str | None:
        """The text in ``"matrix"``, ``"index"``, ``"kronecker"`` or ``"einsum"`` notation.

        ``None`` where that notation has no form for it.  Names that stand for shared
        parts are in :attr:`where`.

        Examples
        --------
        >>> from tensorcalc import read
        >>> D = read("C_ij = X_ik Y_kj").derivative("X")
        >>> D.to("index"), D.to("kronecker"), D.to("kronecker", layout="denominator")
        ('D_ijpq = delta_ip Y_qj', "Y' ⊗ eye(m)", 'Y ⊗ eye(m)')
        >>> D.to("matrix") is None
        True

        Raises
        ------
        LimitError: TC416 where it is too large to be written out.
        """
        _one_of("form", form, FORMS)
        numerator, columns = _conventions(layout, vec)
        forms = _forms(self)
        if form != "kronecker" or (numerator and columns):
            return forms.texts()[form]
        tree = jacobian(stated(self.expr, self.names), self.layout, numerator, columns)
        return None if tree is None else text(substituted(tree, forms.where))

    @property
    def where(self) -> dict[str, str]:
        """What the names stand for that :meth:`to` gives to shared parts; each uses only earlier ones.

        Examples
        --------
        >>> from tensorcalc import read
        >>> H = read("sum(softplus(A x))").hessian("x")
        >>> H.to("matrix"), H.where
        ("A' diag(f - f.^2) A", {'f': 'sigmoid(A x)'})
        """
        return _forms(self).where_texts()

    @property
    def convention(self) -> str:
        """One line that says what each index means.

        Examples
        --------
        >>> from tensorcalc import read
        >>> read("C_ij = X_ik Y_kj").derivative("X").convention
        'D_ijpq = ∂C_ij/∂X_pq · numerator layout · vec stacks columns'
        """
        return convention(self.layout, _taken(self), reading=self.reading)

    def latex(self, form: str = "matrix") -> str | None:
        r"""The LaTeX of a form; ``None`` where there is no such form, and for einsum.

        Examples
        --------
        >>> from tensorcalc import read
        >>> G = read("tr(A X B)").gradient("X")
        >>> print(G.latex(), "|", G.latex("index"))
        A^\top \, B^\top | D_{ij} = A_{ki} \, B_{jk}

        Raises
        ------
        RequestError: TC508 for another form.
        """
        _one_of("form", form, FORMS)
        return _forms(self).latex().get(form)

    def to_sympy(self, form: str | None = None, *, symbols: Mapping[str, Any] | None = None) -> Any:
        """An expression of SymPy: ``"matrix"``, ``"array"`` or ``"indexed"``; else the first that there is of the first two.

        ``symbols`` are put in for names of variables and sizes; plain ones are made for the others.  Indices of
        ``"indexed"`` count from 0, and those that are free have the letters of the index form.

        Examples
        --------
        >>> from tensorcalc import read
        >>> read("x' A x").gradient("x").to_sympy()
        (A + A.T)*x
        >>> read("X Y").derivative("X").to_sympy("indexed")
        KroneckerDelta(i, p)*Y[q, j]

        Raises
        ------
        RequestError: TC508 for another form.
        UnsupportedError: TC320 for what SymPy cannot express, TC310 where it is not installed.
        """
        if form is not None:
            _one_of("form", form, SYMPY_FORMS)
        return to_sympy(stated(self.expr, self.names), self.layout, form, symbols)

    def to_einsum(self) -> Contraction:
        """Subscripts and operands for ``numpy.einsum`` or ``opt_einsum.contract``.

        What is no product is the only operand; deltas are identities, a factor is a number in front.

        Examples
        --------
        >>> import numpy as np
        >>> from tensorcalc import read
        >>> one = read("x' A x").to_einsum()
        >>> one.subscripts, one.operands
        ('ij,i,j->', ('A', 'x', 'x'))
        >>> print(np.einsum(one.subscripts, *one.arrays(A=[[1, 2], [3, 4]], x=[1, 1])))
        10.0

        Raises
        ------
        UnsupportedError: TC322 where axes are merged.
        """
        if set(self.groups) - {1}:
            raise UnsupportedError("TC322", "an axis of merged indices has no letter in einsum",
                                   facts=[_says(self, "this tensor")])
        subscripts, exprs = product_of(stated(self.expr, self.names))
        tensors = tuple([Tensor(one, Layout(((1,) * one.rank,)), self.names) for one in exprs])
        return Contraction(subscripts, tuple([words(one) or f"operand {k}" for k, one in enumerate(tensors, 1)]), tensors)

    def code(self, library: str = "numpy", *, name: str = "derivative") -> str:
        """A module for ``"numpy"``, ``"jax"`` or ``"torch"``: a function ``name`` with one keyword for each variable.

        Examples
        --------
        >>> from tensorcalc import read
        >>> print(read("norm2(A x)^2").gradient("x").code().splitlines()[-1].strip())
        return 2 * (A.T @ (A @ x))

        Raises
        ------
        RequestError: TC508 for another library.
        UnsupportedError: TC314 where the library does not have a function.
        """
        _one_of("library", library, LIBRARIES)
        return module_code(stated(self.expr, self.names), library, name=name, groups=self.groups)

    def compile(self, library: str = "numpy") -> Compiled | Translated:
        """The function of arrays that computes this tensor, generated once for each set of shapes.

        ``library`` is ``"numpy"``, ``"jax"`` or ``"torch"``; so are the arrays then.

        Examples
        --------
        >>> from tensorcalc import tensor
        >>> A, x = tensor("A", "m", "n"), tensor("x", "n")
        >>> gradient = ((A @ x) @ (A @ x)).gradient(x).compile()
        >>> gradient(A=[[1, 2], [3, 4]], x=[1, 1])
        array([48., 68.])
        >>> print(gradient.code)
        import numpy as np
        <BLANKLINE>
        <BLANKLINE>
        def derivative(*, A, x, **_):
            T0 = A @ x
            T1 = T0 @ A
            T1 *= 2
            return T1
        <BLANKLINE>
        """
        return compiled([self], library)

    def derivation(self, *wrt: By, order: int = 1, reading: str = "free", detail: str = "brief",
                   notation: str = "matrix") -> Derivation:
        """The steps that lead to a derivative, as in a textbook; arguments are those of :meth:`derivative`.

        ``detail`` ``"full"`` names every rule that is used; ``notation`` is ``"matrix"``, ``"index"`` or ``"kronecker"``.

        Examples
        --------
        >>> from tensorcalc import read
        >>> steps = read("tr(A X)").derivation("X")
        >>> [step["rule"] for step in steps], steps[-1]["text"]
        (['differential', 'trace.trick', 'identification'], "∂f/∂X = A'")
        """
        _one_of("detail", detail, ("brief", "full"))
        _one_of("notation", notation, ("matrix", "index", "kronecker"))
        found = self.derivative(*wrt, order=order, reading=reading)
        _, variables = self._by(wrt, order)
        if self.layout.variables:
            raise RequestError("TC519", "a derivation begins with a formula, and this tensor is a derivative", field="expr",
                               help="derive the formula itself, with a higher order")
        lines = derivation(self.expr, found.layout, variables, found.names.facts, reading, detail, notation)
        return Derivation(tuple(steps_of(lines)), found.convention)

    # -- pictures ------------------------------------------------------------------------

    def diagram(self, format: str = "svg") -> Picture:
        """The tensor network: tensors as nodes, contracted indices as wires, and legs for the axes of this tensor.

        Of a derivative the legs of the variables are on the right.  ``format`` is ``"svg"``, which a notebook shows as
        the picture, ``"dot"`` for Graphviz, or ``"tikz"`` for LaTeX.

        Examples
        --------
        >>> from tensorcalc import read
        >>> D = read("C_ij = X_ik Y_kj").derivative("X")
        >>> print(D.diagram()[:37])
        <svg xmlns="http://www.w3.org/2000/sv
        """
        _one_of("format", format, FORMATS)
        return network_picture(stated(self.expr, self.names), self.layout, format, _taken(self))

    def __str__(self) -> str:
        try:
            forms = _forms(self)
        except LimitError:
            return repr(self)
        return "\n".join([_preferred(self, forms), *[f"  where {line}" for line in _definitions(forms)]])

    def __repr__(self) -> str:
        formula = words(self) or f"{len(postorder(self.expr))} parts"
        return f"<Tensor ({', '.join(map(str, self.shape))}{',' * (self.ndim == 1)}): {formula}>"

    def _repr_latex_(self) -> str:
        shape = " x ".join(map(str, self.shape)) or "a number"
        try:
            forms = _forms(self)
        except TensorCalcError as error:
            return notebook.inline(notebook.words(f"{shape}: {error.message}"))
        written = forms.latex()
        lines = "".join([rf",\quad {latex(Name(name))} = {latex(tree)}" for name, tree in forms.where.items()])
        found = notebook.fitting([body and body + (lines if name != "index" else "") for name, body in
                                  ((name, written[name]) for name in ("matrix", "kronecker", "index"))])
        longest = max([len(body) for body in written.values() if body], default=0)
        return notebook.inline(found or notebook.words(
            f"{shape}: a formula of {longest:,} characters of LaTeX is not typeset; latex() has it"))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": self._repr_latex_()}

    # -- values --------------------------------------------------------------------------

    def __call__(self, **values: Any) -> Any:
        """The array of values, at those given for the variables.

        Arrays show the sizes of their axes; a size that none shows is given by its name.
        Values of other names are ignored, so that one set of values serves many tensors.
        Where an array is one of JAX or a tensor of PyTorch, so is the result, and their derivatives go through.

        Examples
        --------
        >>> from tensorcalc import tensor
        >>> X = tensor("X", "n", "n")
        >>> print((X @ X.T)(X=[[1, 2], [3, 4]]))
        [[ 5. 11.]
         [11. 25.]]

        Raises
        ------
        RequestError: TC511 without a value for a variable, TC513 without one for a size.
        """
        variables = self.names.variables
        library = library_of(values)
        if library != "numpy":
            needed = [node for node in postorder(stated(self.expr, self.names)) if isinstance(node, Variable)]
            return _translated(self, library)(**joined(values, needed, library))
        others = values.keys() - variables.keys()
        sizes = {name: values[name] for name in others & symbols_of(self.expr, self.names)} if others else {}
        rest = {name: value for name, value in values.items() if name in variables or callable(value)}
        return evaluate(stated(self.expr, self.names), rest, sizes, self.groups, variables.values())

    def plan(self, *, memory_limit: int | None = None, **values: Any) -> DrawnPlan:
        """The order in which a call computes this tensor, with what it takes: ``plan(…).info()`` reads like opt_einsum's.

        ``plan(…).diagram()`` is the same as a picture.

        Sizes are given by their names, or shown by arrays; those that neither gives are assumed.
        ``memory_limit`` is the most entries that an intermediate result may have.

        Examples
        --------
        >>> from tensorcalc import read
        >>> found = read("A B x").plan(m=20, n=30, p=40).info()
        >>> found.naive_operations, found.operations, found.largest
        (72000, 3600, 30)
        >>> [step.kind for step in found.steps]
        ['GEMV', 'GEMV']

        Raises
        ------
        LimitError: TC411 where no order keeps to ``memory_limit``.
        """
        expr = stated(self.expr, self.names)
        shown = [variable for name, variable in self.names.variables.items() if name in values]
        symbols = symbols_of(expr, self.names)
        _, known = read_arrays(shown, values, {name: size for name, size in values.items() if name in symbols})
        sizes = {**{name: size for name, size in nominal_sizes([expr]).items() if name in symbols}, **known}
        return DrawnPlan(expr, plan(expr, sizes, memory_limit), sizes)

    def structured(self, *, memory_limit: int = MEMORY_LIMIT, **values: Any) -> Structured:
        """A derivative at a point as a linear map that keeps its structure: cores and deltas, no dense array.

        Its columns are the axes of the variable, its rows all axes before them; a matrix has the
        axes of a matrix.  Values are passed as in a call; ``memory_limit`` bounds, in bytes, each
        matrix that is factorised.

        Examples
        --------
        >>> from tensorcalc import read
        >>> H = read("norm2(A X - B)^2/2").hessian("X").structured(A=[[1, 0], [0, 2]], p=3)
        >>> H
        <Structured (2, 3, 2, 3): C_ip δ_jq, C is 2 x 2>
        >>> print(H.solve([[1, 2, 3], [4, 8, 12]]))
        [[1. 2. 3.]
         [1. 2. 3.]]

        Raises
        ------
        RequestError: TC519 where there are no rows and columns; others as in a call.
        """
        if not self.layout.variables and self.ndim != 2:
            raise RequestError("TC519", "a linear map has rows and columns", field="expr",
                               facts=[_says(self, "this tensor")], help="take a derivative, or a matrix")
        groups, last = self.groups, len(self.layout.parts[-1]) if self.layout.variables else 1
        split = groups[:len(groups) - last], groups[len(groups) - last:]
        variables = self.names.variables
        others = values.keys() - variables.keys()
        sizes = {name: values[name] for name in others & symbols_of(self.expr, self.names)} if others else {}
        rest = {name: value for name, value in values.items() if name in variables or callable(value)}
        return structured(stated(self.expr, self.names), split, rest, sizes, variables.values(), memory_limit)


class Contraction(NamedTuple):
    """One product as ``einsum`` takes it: subscripts, the operands in words, and as tensors."""

    subscripts: str
    operands: tuple[str, ...]
    tensors: tuple[Tensor, ...]

    def arrays(self, **values: Any) -> list[Any]:
        """The operands as arrays, at the values of the variables."""
        return [one(**values) for one in self.tensors]


def compiled(tensors: Sequence[Tensor], library: str = "numpy", *, several: bool = False) -> Compiled | Translated:
    """The function of arrays that computes tensors, which share their work."""
    _one_of("library", library, LIBRARIES)
    for one in tensors:
        insist_on_tensor(one)
    names = united([one.names for one in tensors])
    exprs, groups = [stated(one.expr, names) for one in tensors], [one.groups for one in tensors]
    origins, declared = [one.origin for one in tensors], names.variables.values()
    if library == "numpy":
        return Compiled(exprs, groups, several=several, declared=declared, origins=origins, facts=names.facts)
    return Translated(exprs, groups, library, several=several, declared=declared, origins=origins, facts=names.facts)


def at_points(tensors: Sequence[Tensor], batch: Collection[str], library: str = "numpy", *, several: bool = False) -> AtPoints:
    """The function of arrays that computes tensors at many points."""
    _one_of("library", library, LIBRARIES)
    for one in tensors:
        insist_on_tensor(one)
    names = united([one.names for one in tensors])
    for name in batch:
        if name not in names.variables:
            raise UnknownNameError("TC204", f"{shown(name)} is no variable of this tensor", field="batch")
    return AtPoints([stated(one.expr, names) for one in tensors], batch, library, several=several)


@lru_cache(maxsize=64)
def _translated(one: Tensor, library: str) -> Compiled | Translated:
    """The function of arrays of another library that a call needs."""
    return compiled([one], library)


# -- tensors of values -------------------------------------------------------------------


def value_of(one: Tensor) -> Value:
    """A tensor as the notations hold it, one group an axis."""
    return broadcast.grouped(one.expr, one.groups)


def made(value: Value, of: Iterable[Tensor]) -> Tensor:
    """The tensor that a value denotes, made of others."""
    assert value.expr is not None
    counts = tuple([len(group) for group in value.groups])
    row = value.matrix and not value.rows and bool(value.cols)
    return Tensor(value.expr, Layout((counts,), row=row), united([one.names for one in of]))


def of_variable(names: Names) -> Tensor:
    """The tensor that is one variable."""
    (variable,) = names.variables.values()
    return Tensor(variable, Layout((groups(variable),)), names)


def operand(value: Any) -> Tensor | None:
    """A tensor, or a number as one; ``None`` for what is neither.  A float is what it is printed as: 0.1 is 1/10."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise RequestError("TC519", f"a number is finite, not {value}", field="values")
        return Tensor(number(Fraction(repr(float(value)))), Layout(((),)))
    if getattr(value, "shape", ()):   # an array with axes, which has __index__ too
        return None
    if isinstance(value, Fraction) or (hasattr(value, "__index__") and not isinstance(value, bool)):
        return Tensor(number(value if isinstance(value, Fraction) else whole(value)), Layout(((),)))
    return None


def _combined(operation: Callable[[Value, Value], Value], left: Operand, right: Operand) -> Tensor:
    a, b = operand(left), operand(right)
    if a is None or b is None:
        return NotImplemented  # type: ignore[no-any-return]
    united([a.names, b.names])
    try:
        return made(operation(value_of(a), value_of(b)), [a, b])
    except ShapeError as error:
        error.facts = error.facts or [_says(a, "the left operand"), _says(b, "the right operand")]
        matrices = a.ndim == 2 and b.ndim > 0 and same_product(value_of(a).groups[-1], value_of(b).groups[0])
        if operation is broadcast.multiply and matrices:
            error.help = "* goes entry by entry; the product of matrices is @"
        raise


def _mirrored(block: Tensor) -> Tensor:
    """A second derivative with the roles of its variables exchanged: its mirror image."""
    first, one, two = block.layout.axes()
    order = [axis for part in (first, two, one) for group in part for axis in group]
    parts, names = block.layout.parts, block.layout.variables
    layout = Layout((parts[0], parts[2], parts[1]), block.layout.letters, block.layout.name, names[::-1])
    return Tensor(transpose(block.expr, order), layout, block.names, block.reading)


def _restored(nodes: list[Expr], layout: Layout, names: Names, reading: str) -> Tensor:
    return Tensor(nodes[-1], layout, names, reading)


# -- texts -------------------------------------------------------------------------------


def _forms(one: Tensor) -> Forms:
    return describe(stated(one.expr, one.names), one.layout, taken=_taken(one))


def _taken(one: Tensor) -> set[str]:
    return {*one.names.variables, *symbols_of(one.expr, one.names)}


def _preferred(one: Tensor, forms: Forms) -> str:
    """The first notation that has a form: matrix, Kronecker, index, einsum."""
    written = forms.texts()
    if written["matrix"] is None and written["kronecker"] is not None:
        return f"{_quotient(one.layout)} = {written['kronecker']}"
    return next((found for name in ("matrix", "index", "einsum") if (found := written[name])), "")


def _quotient(layout: Layout) -> str:
    """What a Kronecker form is: ``∂vec(C)/∂vec(X)'``."""
    name = layout.name or ("U" if layout.parts[0] else "f")
    by = [name if len(part) < 2 else f"vec({name})" for name, part in zip(layout.variables, layout.parts[1:])]
    if len(by) == 2:
        return f"∂²{name}/∂{by[0]}∂{by[1]}'"
    return f"∂{f'vec({name})' if len(layout.parts[0]) > 1 else name}/∂{by[0]}'"


def _definitions(forms: Forms) -> list[str]:
    return [f"{name} = {body}" for name, body in forms.where_texts().items()]


def words(one: Tensor) -> str:
    """The formula of a tensor in a few words; nothing where it takes many."""
    if len(postorder(one.expr)) > _MOST_SHOWN:
        return ""
    try:
        forms = _forms(one)
    except TensorCalcError:
        return ""
    formula = _preferred(one, forms)
    return formula if not forms.where and len(formula) <= _MOST_SHOWN else ""


def _says(one: Tensor, otherwise: str) -> str:
    return f"{words(one) or otherwise} is {' x '.join(map(str, one.shape)) or 'a number'}"


# -- what people pass --------------------------------------------------------------------


def _flat(wrt: Sequence[By]) -> Iterator[By]:
    for one in wrt:
        yield from one if isinstance(one, (list, tuple)) else [one]


def variable_of(one: Tensor, by: By) -> Tensor:
    """The variable that a derivative is by."""
    insist_on_tensor(one)
    if isinstance(by, Tensor) and isinstance(by.expr, Variable):
        return of_variable(known(by.expr, by.names.facts.get(by.expr.name, ())))
    if not isinstance(by, str):
        raise RequestError("TC519", f"a derivative is by a variable, not by {shown(by)}", field="wrt")
    by = spelled(by, one.names.variables)
    if by not in one.names.variables:
        raise UnknownNameError("TC204", f"{shown(by)} is not a variable of the formula", field="wrt",
                               facts=[f"variables: {one.names}"])
    return of_variable(one.names.of(by))


def insist_on_tensor(one: object) -> None:
    """An error about anything else."""
    if not isinstance(one, Tensor):
        raise RequestError("TC519", f"a tensor is needed, not {shown(one)}", field="expr",
                           help="read a formula with tensorcalc.read")


def _insist_on_number(one: Tensor, what: str, instead: str) -> None:
    if one.ndim:
        raise ShapeError("TC106", f"{what} is of a number", facts=[_says(one, "this tensor")], help=f"use {instead}")


def _one_of(what: str, given: object, choices: Sequence[str]) -> None:
    if given not in choices:
        raise RequestError("TC508", f"{what} is one of {', '.join(choices)}, not {shown(given)}", field=what)


def _conventions(layout: str, vec: str) -> tuple[bool, bool]:
    _one_of("layout", layout, ("numerator", "denominator"))
    _one_of("vec", vec, ("F", "C"))
    return layout == "numerator", vec == "F"
