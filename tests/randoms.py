"""Random formulas as lists of steps, which tensors of the package, NumPy, PyTorch and JAX all can follow.

A case is made from a seed.  What it is worth, and its derivatives, are found by PyTorch's own
differentiation of the very steps, so that nothing of the package stands on both sides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import prod
from typing import Any, NamedTuple

import numpy as np

import tensorcalc as tc
from tensorcalc import fn

Array = Any
LETTERS = "ijklmnopqrstuvwxyz"
SMOOTH = ("tanh", "sin", "sigmoid", "softplus", "arctan", "square", "fraction", "root", "exp", "cos", "log")
FUNCTIONS = (*SMOOTH, "relu", "abs", "max", "min", "step")


class Step(NamedTuple):
    """What is done, to which values, and how."""

    kind: str
    inputs: tuple[int, ...] = ()
    how: Any = None


@dataclass
class Case:
    """Steps, the sizes of their letters, and what is differentiated by what; ``dims[k]`` are the axes of value k."""

    seed: int
    sizes: dict[str, int]
    steps: list[Step] = field(default_factory=list)
    dims: list[tuple[str, ...]] = field(default_factory=list)
    shapes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wrt: tuple[str, ...] = ()

    def put(self, step: Step, dims: Sequence[str]) -> int:
        self.steps.append(step)
        self.dims.append(tuple(dims))
        return len(self.steps) - 1

    def values(self, draw: int = 0, sizes: Mapping[str, int] | None = None) -> dict[str, Array]:
        generator = np.random.default_rng([self.seed, draw])
        sizes = sizes or self.sizes
        return {name: np.asarray(generator.choice([-1.0, 1.0], shape) * generator.uniform(0.2, 1.2, shape))
                for name, shape in ((name, tuple([sizes[dim] for dim in dims])) for name, dims in self.shapes.items())}

    def run(self, on: Any) -> Any:
        """The value of the last step, by whatever ``on`` does it with."""
        found: list[Any] = []
        for step in self.steps:
            found.append(getattr(on, step.kind)(*[found[k] for k in step.inputs], step.how))
        return found[-1]

    def tensors(self) -> list[tc.Tensor]:
        """The formula and its derivatives: of a number the gradient, the Hessian and a mixed one."""
        f = self.run(Symbols(self.shapes))
        first, *others = self.wrt
        if f.ndim:
            return [f, f.derivative(first)]
        return [f, f.gradient(first), f.hessian(first), *[f.hessian(first, other) for other in others]]

    def wanted(self, values: Mapping[str, Array], sizes: Mapping[str, int] | None = None) -> list[Array]:
        """What they are worth, by PyTorch."""
        import torch

        held = {name: torch.as_tensor(np.array(one)) for name, one in values.items()}

        def f(**moved: Any) -> Any:
            return self.run(Torch({**held, **moved}, sizes or self.sizes))

        empty = 0 in (sizes or self.sizes).values()   # batches of nothing are an error in PyTorch

        def by(g: Callable[..., Any], name: str, mode: Any) -> Callable[..., Any]:
            def slope(**moved: Any) -> Any:
                at = moved.get(name, held[name])
                if not empty:
                    return mode(lambda x: g(**{**moved, name: x}))(at)
                value = g(**moved)
                if not value.numel() * at.numel():
                    return torch.zeros((*value.shape, *at.shape), dtype=value.dtype)
                return torch.autograd.functional.jacobian(lambda x: g(**{**moved, name: x}), at, create_graph=True)
            return slope

        jacrev, jacfwd = torch.func.jacrev, torch.func.jacfwd
        first, *others = self.wrt
        gradient = by(f, first, jacrev)
        found = [f(), gradient()]
        if not self.dims[-1]:
            found += [by(gradient, name, jacfwd)() for name in (first, *others)]
        return [one.detach().numpy(force=True) for one in found]


# -- who follows the steps ----------------------------------------------------------------


class Symbols:
    """Tensors of the package."""

    def __init__(self, shapes: Mapping[str, Sequence[Any]]) -> None:
        self.shapes = shapes

    def variable(self, name: str) -> tc.Tensor:
        return tc.tensor(name, *self.shapes[name])

    def eye(self, dim: str) -> tc.Tensor:
        return fn.eye(dim)

    def ones(self, dim: str) -> tc.Tensor:
        return fn.ones(dim)

    def product(self, *given: Any) -> tc.Tensor:
        *operands, (inputs, output) = given
        return fn.einsum(f"{','.join(inputs)}->{output}", *operands)

    def sum(self, *given: Any) -> tc.Tensor:
        *terms, weights = given
        total = weights[0] * terms[0]
        for weight, term in zip(weights[1:], terms[1:]):
            total = total + weight * term
        return total

    def function(self, *given: Any) -> tc.Tensor:
        *arguments, name = given
        x = arguments[0]
        match name:
            case "square":
                return x**2
            case "fraction":
                return 1 / self.raised(x**2)
            case "root":
                return self.raised(x**2)**0.5
            case "log":
                return fn.log(self.raised(x**2))
            case "step":
                return fn.relu(fn.sign(x))
        return getattr(fn, name)(*arguments)

    def raised(self, x: tc.Tensor) -> tc.Tensor:
        """One added to every entry."""
        return x + fn.exp(0 * x) if x.ndim else x + 1

    def matrix(self, *given: Any) -> tc.Tensor:
        *arguments, (name, dim) = given
        x = arguments[0]
        if name in ("gram", "spd_inv"):
            spd = fn.eye(dim) + x.T @ x
            return fn.logdet(spd) if name == "gram" else fn.inv(spd)
        regular = 3 * fn.eye(dim) + fn.tanh(x)
        return fn.inv(regular) @ arguments[1] if name == "solve" else getattr(fn, name)(regular)


class Small(Symbols):
    """Tensors of the package with numbers as sizes."""

    def __init__(self, shapes: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> None:
        super().__init__({name: [sizes[dim] for dim in dims] for name, dims in shapes.items()})
        self.sizes = sizes

    def eye(self, dim: str) -> tc.Tensor:
        return fn.eye(self.sizes[dim])

    def ones(self, dim: str) -> tc.Tensor:
        return fn.ones(self.sizes[dim])

    def matrix(self, *given: Any) -> tc.Tensor:
        *arguments, (name, dim) = given
        return super().matrix(*arguments, (name, self.sizes[dim]))


class Torch:
    """Tensors of PyTorch."""

    def __init__(self, values: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        import torch
        self.torch, self.values, self.sizes = torch, values, sizes

    def variable(self, name: str) -> Any:
        return self.values[name]

    def eye(self, dim: str) -> Any:
        return self.torch.eye(self.sizes[dim], dtype=self.torch.float64)

    def ones(self, dim: str) -> Any:
        return self.torch.ones(self.sizes[dim], dtype=self.torch.float64)

    def product(self, *given: Any) -> Any:
        *operands, (inputs, output) = given
        inputs, letters = list(inputs), ""
        spare = (letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for letter in output:
            if letter in letters:   # twice in the result: on a diagonal
                fresh = next(spare)
                size = next(one.shape[own.index(letter)] for one, own in zip(operands, inputs) if letter in own)
                operands.append(self.torch.eye(size, dtype=self.torch.float64))
                inputs.append(letter + fresh)
                letter = fresh
            letters += letter
        return self.torch.einsum(f"{','.join(inputs)}->{letters}", *operands)

    def sum(self, *given: Any) -> Any:
        *terms, weights = given
        return sum(weight * term for weight, term in zip(weights, terms))

    def function(self, *given: Any) -> Any:
        *arguments, name = given
        x, torch = arguments[0], self.torch
        match name:
            case "square":
                return x * x
            case "fraction":
                return 1 / (1 + x * x)
            case "root":
                return (1 + x * x)**0.5
            case "log":
                return torch.log1p(x * x)
            case "softplus":
                return torch.logaddexp(x, torch.zeros_like(x))
            case "step":
                return (x > 0).to(x.dtype)
            case "relu":
                return torch.where(x > 0, x, 0 * x)
            case "max" | "min":
                return torch.where((x > arguments[1]) == (name == "max"), x, arguments[1])
            case "softmax":
                return torch.softmax(x, -1)
            case "logsumexp":
                return torch.logsumexp(x, -1)
        return getattr(torch, name)(x)

    def matrix(self, *given: Any) -> Any:
        *arguments, (name, dim) = given
        x, eye, linalg = arguments[0], self.eye(dim), self.torch.linalg
        if name in ("gram", "spd_inv"):
            spd = eye + x.T @ x
            return linalg.slogdet(spd)[1] if name == "gram" else linalg.inv(spd)
        regular = 3 * eye + self.torch.tanh(x)
        match name:
            case "solve":
                return linalg.solve(regular, arguments[1])
            case "logdet":
                return linalg.slogdet(regular)[1]
        return getattr(linalg, name)(regular)


# -- cases -------------------------------------------------------------------------------


class Maker:
    """Puts steps together at random."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        kind = rng.choice(["small", "small", "small", "equal", "ones", "large", "none"])
        sizes = {"small": lambda: rng.randint(1, 4), "equal": lambda: 3, "ones": lambda: rng.choice([1, 1, 2]),
                 "large": lambda: rng.choice([3, 17, 33]), "none": lambda: rng.choice([0, 1, 3])}[kind]
        self.letters = "nm" if rng.random() < 0.3 else "nmp"
        self.case = Case(seed, {dim: sizes() for dim in self.letters})
        self.most = 2 if kind == "large" else 3

    def variables(self) -> list[int]:
        found = []
        for name in "ABXxyW"[:self.rng.randint(2, 6)]:
            rank = {"x": 1, "y": 1}.get(name, self.rng.choice([2, 2, 2, 3, 1, 0] if self.most > 2 else [2, 2, 1]))
            dims = tuple(self.rng.choice(self.letters) for _ in range(rank))
            self.case.shapes[name] = dims
            found.append(self.case.put(Step("variable", (), name), dims))
        return found

    def made(self, most_steps: int = 9) -> Case:
        """A case, whose value is a number two times out of three; without variables to differentiate by where it has none."""
        case, rng = self.case, self.rng
        self.variables()
        for _ in range(rng.randint(2, most_steps)):
            rng.choice([self.product, self.product, self.product, self.sum, self.function, self.function, self.layer,
                        self.row, self.matrix, self.scaled, self.constant])()
        last = len(case.steps) - 1
        if rng.random() < 0.7:
            self.number(last)
        used = {name for name in case.shapes if self.is_used(name)}
        if not used:
            return case
        small = [name for name in sorted(used) if prod(case.sizes[dim] for dim in case.shapes[name]) <= 40]
        names = small or [min(used, key=lambda name: prod(case.sizes[dim] for dim in case.shapes[name]))]
        rng.shuffle(names)
        case.wrt = tuple(names[:2])
        return case

    def is_used(self, name: str) -> bool:
        needed, steps = {len(self.case.steps) - 1}, self.case.steps
        for k in reversed(range(len(steps))):
            if k in needed:
                needed |= {*steps[k].inputs}
        return any(steps[k] == Step("variable", (), name) for k in needed)

    def number(self, last: int) -> None:
        """The last value made one number, sometimes of two values."""
        case, rng = self.case, self.rng
        own = LETTERS[:len(case.dims[last])]
        if rng.random() < 0.4:
            case.put(Step("product", (last, last), ((own, own), "")), ())
        elif own or rng.random() < 0.5:
            inner = case.put(Step("function", (last,), rng.choice(SMOOTH)), case.dims[last]) if rng.random() < 0.7 else last
            case.put(Step("product", (inner,), ((own,), "")), ())

    def some(self, fits: Callable[[tuple[str, ...]], bool] = lambda dims: True) -> int | None:
        """A value that fits, late ones more often."""
        fitting = [k for k, dims in enumerate(self.case.dims) if fits(dims)]
        if not fitting:
            return None
        return self.rng.choice(fitting[-3:]) if self.rng.random() < 0.6 else self.rng.choice(fitting)

    def product(self) -> None:
        """Some values with letters at random; some are kept, some in two places, some on a diagonal."""
        rng, case = self.rng, self.case
        inputs = [k for k in (self.some() for _ in range(rng.choice([1, 2, 2, 2, 3, 4]))) if k is not None]
        letter: dict[tuple[str, int], str] = {}
        fresh = iter(LETTERS)
        texts = []
        for k in inputs:
            text = ""
            for dim in case.dims[k]:
                key = dim, rng.randint(0, 1)
                if key not in letter:
                    letter[key] = next(fresh)
                text += letter[key]
            texts.append(text)
        dims = {own: key[0] for key, own in letter.items()}
        output = rng.sample(sorted(dims), rng.randint(0, min(len(dims), self.most)))
        if output and rng.random() < 0.1 and len(output) < self.most:
            output.append(rng.choice(output))
        case.put(Step("product", tuple(inputs), (tuple(texts), "".join(output))), [dims[own] for own in output])

    def scaled(self) -> None:
        """A value times another along some of its axes, or itself."""
        k = self.some(lambda dims: len(dims) > 0)
        if k is None:
            return
        own = LETTERS[:len(self.case.dims[k])]
        other = self.some(lambda dims: 0 < len(dims) <= len(own) and set(dims) <= set(self.case.dims[k]))
        if other is None:
            return
        text = "".join(self.rng.choice([letter for letter, dim in zip(own, self.case.dims[k]) if dim == wanted])
                       for wanted in self.case.dims[other])
        order = own if self.rng.random() < 0.6 else "".join(self.rng.sample(own, len(own)))
        dims = dict(zip(own, self.case.dims[k]))
        self.case.put(Step("product", (k, other), ((own, text), order)), [dims[letter] for letter in order])

    def sum(self) -> None:
        rng = self.rng
        k = self.some()
        assert k is not None
        dims = self.case.dims[k]
        terms = [k, *[j for j in (self.some(lambda other: other == dims) for _ in range(rng.randint(1, 3))) if j is not None]]
        weights = [rng.choice([1, 1, -1, 2, -2, 0.5, -0.25, 3]) for _ in terms]
        self.case.put(Step("sum", tuple(terms), tuple(weights)), dims)

    def function(self) -> None:
        name, k = self.rng.choice(FUNCTIONS), self.some()
        assert k is not None
        dims = self.case.dims[k]
        inputs = [k]
        if name in ("max", "min"):
            other = self.some(lambda own: own == dims)
            if other is None or other == k:
                name = "sin"
            else:
                inputs.append(other)
        if name == "exp":
            inputs = [self.case.put(Step("function", (k,), "tanh"), dims)]
        self.case.put(Step("function", tuple(inputs), name), dims)

    def layer(self) -> None:
        """A matrix times the last value, and a function of it."""
        k = self.some(lambda dims: 0 < len(dims) < 3)
        if k is None:
            return
        dims = self.case.dims[k]
        weight = self.some(lambda own: len(own) == 2 and dims[-1] in own)
        if weight is None:
            return
        own = self.case.dims[weight]
        place = self.rng.choice([at for at in (0, 1) if own[at] == dims[-1]])
        text = "".join("s" if at == place else "t" for at in (0, 1))
        rows = LETTERS[:len(dims) - 1]
        made = self.case.put(Step("product", (k, weight), ((rows + "s", text), rows + "t")), (*dims[:-1], own[1 - place]))
        self.case.put(Step("function", (made,), self.rng.choice([name for name in FUNCTIONS if name not in ("max", "min")])),
                      self.case.dims[made])

    def row(self) -> None:
        """A function of the last axis."""
        k = self.some(lambda dims: len(dims) > 0 and self.case.sizes[dims[-1]] > 0)
        if k is not None:
            name = self.rng.choice(["softmax", "logsumexp"])
            dims = self.case.dims[k]
            self.case.put(Step("function", (k,), name), dims if name == "softmax" else dims[:-1])

    def matrix(self) -> None:
        k = self.some(lambda dims: len(dims) == 2 and dims[0] == dims[1] and self.case.sizes[dims[0]] > 0)
        gram = self.some(lambda dims: len(dims) == 2 and self.case.sizes[dims[1]] > 0)
        name = self.rng.choice(["inv", "logdet", "det", "solve", "gram", "spd_inv"])
        if name in ("gram", "spd_inv"):
            k = gram
        if k is None:
            return
        dim = self.case.dims[k][1]
        inputs = (k,)
        dims: tuple[str, ...] = (dim, dim) if name in ("inv", "spd_inv") else ()
        if name == "solve":
            right = self.some(lambda dims: 0 < len(dims) < 3 and dims[0] == dim)
            if right is None:
                return
            inputs, dims = (k, right), self.case.dims[right]
        self.case.put(Step("matrix", inputs, (name, dim)), dims)

    def constant(self) -> None:
        dim, kind = self.rng.choice(self.letters), self.rng.choice(["eye", "ones"])
        self.case.put(Step(kind, (), dim), (dim, dim) if kind == "eye" else (dim,))


def case(seed: int) -> Case:
    """The random case of a seed."""
    return next(found for k in count() if (found := Maker(seed + k * 10**9).made()).wrt)


def small(seed: int) -> Case:
    """A case of tensors that are small by themselves."""
    for k in count():
        maker = Maker(seed + k * 10**9)
        maker.most, maker.case.sizes = 2, {dim: maker.rng.choice([2, 3]) for dim in maker.letters}
        found = maker.made(5)
        if found.wrt:
            return found
    raise AssertionError


# -- networks ----------------------------------------------------------------------------


def chain(seed: int) -> Case:
    """A network: matrices, some of them tied or transposed, scaled entries, functions, bridges, and one of several losses."""
    rng = random.Random(seed)
    sizes = {dim: rng.choice([1, 2, 3, 3, 4]) for dim in "nmpq"} if rng.random() < 0.7 else dict.fromkeys("nmpq", rng.choice([2, 3]))
    network = Network(Case(seed, sizes), rng)
    for layer in range(rng.randint(1, 4)):
        network.layer(layer)
    network.loss()
    names = [name for name in network.case.shapes if name[0] in "WX"]
    rng.shuffle(names)
    network.case.wrt = tuple(names[:2])
    return network.case


class Network:
    """A network as it grows."""

    def __init__(self, case: Case, rng: random.Random) -> None:
        self.case, self.rng = case, rng
        self.points = rng.choice([(), (), ("q",), ("p",)])   # the axis of samples, if there is one
        self.letters = "b" * len(self.points)
        self.width = rng.choice("nmpq")
        self.weights: dict[str, int] = {}
        self.states = [self.variable("X", *self.points, self.width)]

    @property
    def dims(self) -> tuple[str, ...]:
        return (*self.points, self.width)

    def variable(self, name: str, *dims: str) -> int:
        self.case.shapes[name] = dims
        return self.case.put(Step("variable", (), name), dims)

    def product(self, factors: Sequence[tuple[int, str]], kept: str, dims: Sequence[str]) -> int:
        places, texts = zip(*factors)
        return self.case.put(Step("product", places, (texts, kept)), dims)

    def layer(self, number: int) -> None:
        """One more layer; the weights may be those of another layer, or transposed."""
        rng, case = self.rng, self.case
        before, self.width = self.width, rng.choice("nm")
        tied = [name for name in self.weights if {*case.shapes[name]} == {before, self.width}]
        name = rng.choice(tied) if tied and rng.random() < 0.6 else f"W{number}"
        if name not in self.weights:
            shape = (before, self.width) if rng.random() < 0.5 else (self.width, before)
            self.weights[name] = self.variable(name, *shape)
        b = self.letters
        factors = [(self.states[-1], b + "i"), (self.weights[name], "ij" if case.shapes[name] == (before, self.width) else "ji")]
        if rng.random() < 0.35:
            side, dim = rng.choice([("i", before), ("j", self.width)])
            factors += [(self.variable(f"s{number}", dim), side)] * rng.choice([1, 1, 2])
        if b and rng.random() < 0.2:
            factors.append((self.variable(f"v{number}", *self.points), b))
        state = linear = self.product(factors, b + "j", self.dims)
        if rng.random() < 0.8:
            state = case.put(Step("function", (state,), rng.choice(["tanh", "sin", "sigmoid", "softplus", "square", "relu", "root"])),
                             self.dims)
        if rng.random() < 0.2:
            state = self.product([(state, b + "j"), (linear, b + "j")], b + "j", self.dims)
        bridges = [one for one in self.states if case.dims[one] == self.dims]
        if bridges and rng.random() < 0.4:
            state = case.put(Step("sum", (state, rng.choice(bridges)), (1, rng.choice([1, -1, 0.5]))), self.dims)
        self.states.append(state)

    def loss(self) -> None:
        last, own, dims = self.states[-1], "ij"[:len(self.dims)], self.dims
        kind = self.rng.choice(["sum", "square", "norm", "logsumexp", "logistic", "weighted", "gram"])
        if kind == "gram" and self.points:
            self.case.put(Step("matrix", (last,), ("gram", self.width)), ())
        elif kind == "logsumexp":
            rows = self.case.put(Step("function", (last,), "logsumexp"), self.points)
            self.product([(rows, own[:-1])], "", ())
        elif kind == "weighted":
            self.product([(last, own), (last, own), (self.variable("t", *dims), own)], "", ())
        elif kind == "logistic":
            margin = self.product([(last, own), (self.variable("t", *dims), own)], own, dims)
            self.product([(self.case.put(Step("function", (margin,), "softplus"), dims), own)], "", ())
        elif kind in ("square", "norm"):
            total = self.product([(last, own), (last, own)], "", ())
            if kind == "norm":
                self.case.put(Step("function", (total,), self.rng.choice(["root", "log", "square"])), ())
        else:
            self.product([(last, own)], "", ())
