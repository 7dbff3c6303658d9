"""Steps on small tensors as expressions of arrays: modules of JAX and PyTorch.

Knows steps and how libraries spell them.  JAX maps a function of one point over all.  For PyTorch
the points are the last axis, as they are where NumPy computes what all points share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from textwrap import wrap

from ...algebra.expr import Variable
from ..code.dialects import Dialect
from ..code.printed import source
from ..code.signature import Signature, words
from .stacks import Operand, Step, Steps, View, live, unrepeated, view_text

SUM, TIMES, ATOM = range(3)   # how tightly the parts of a text hold together

Text = tuple[str, int]
Variables = Mapping[Variable, tuple[tuple[int, ...], bool]]   # the shape at one point; whether each point has its own

_SIGNS = {"add": (" + ", SUM, SUM, SUM), "subtract": (" - ", SUM, SUM, TIMES),
          "multiply": (" * ", TIMES, TIMES, ATOM), "divide": (" / ", TIMES, TIMES, ATOM)}
_WIDTH = 88     # of a line
_FEW = 4       # entries of a tensor that are written where they are put together
_LONGEST = 60   # characters of a text that is written into another


def number_text(number: Fraction) -> str:
    """A number as a float of Python.

    Examples
    --------
    >>> number_text(Fraction(1, 2)), number_text(Fraction(1, 3)), number_text(Fraction(2))
    ('0.5', '1 / 3', '2.0')
    """
    if number.denominator == 1 or Fraction(float(number)) == number:
        return repr(float(number))
    return f"{number.numerator} / {number.denominator}"


class Writer:
    """The texts of steps at one point.

    ``like`` are the options of new arrays; ``last`` says that an axis of points of length 1 comes last.
    """

    def __init__(self, steps: Steps, dialect: Dialect, names: Mapping[str, str], like: str, last: bool) -> None:
        self.steps, self.dialect, self.names, self.like, self.last = steps, dialect, names, like, last
        self.short = next(iter(dialect.imports))
        if dialect.library == "jax":
            self.short = "jnp"
        self.texts: dict[int, Text] = {}

    def operand(self, operand: Operand) -> Text:
        """The text of an operand."""
        if isinstance(operand, Fraction):
            text = number_text(operand)
            return text, TIMES if "/" in text else ATOM
        text, strength = self.texts[operand.step]
        if operand.plain:
            return text, strength
        template = self.dialect.template("permute")
        text = text if strength == ATOM else f"({text})"
        return view_text(text, operand, template.replace("({})", "({}, -1)") if self.last else template), ATOM

    def text(self, step: Step) -> Text:
        """The text of a step."""
        parts = [self.operand(part) for part in step.operands if part is not None]
        if step.kind in _SIGNS:
            sign, strength, left, right = _SIGNS[step.kind]
            (a, own), (b, other) = parts
            return (f"({a})" if own < left else a) + sign + (f"({b})" if other < right else b), strength
        texts = [text for text, _ in parts]
        match step.kind:
            case "load":
                return f"cycle({self.names[step.name]})" if step.data else self.names[step.name], ATOM
            case "cycle":
                return f"cycle({texts[0]})", ATOM
            case "constant":
                return self._constant(step)
            case "copy":
                return parts[0]
            case "negative":
                text, strength = parts[0]
                return f"-{text}" if strength == ATOM else f"-({text})", SUM
            case "power":
                base, exponent = [text if strength == ATOM and text[0] != "-" else f"({text})" for text, strength in parts]
                return f"{base}**{exponent}", TIMES
            case "sum":
                axes = tuple(range(int(step.data[0])))
                return self.dialect.write("sum along", texts[0], str(axes if len(axes) > 1 else 0)), ATOM
            case "assemble":
                return self._assemble(step, texts), ATOM
            case "place":
                return self._place(step), SUM
        name = {"maximum": "max", "minimum": "min"}.get(step.kind, step.kind)
        if name != step.kind and any(map(self._is_number, step.operands)):
            name, texts = f"{name} number", texts[::-1] if self._is_number(step.operands[0]) else texts
        return self.dialect.write(name, *texts), ATOM

    def _is_number(self, operand: Operand | None) -> bool:
        if isinstance(operand, View):
            step = self.steps.steps[operand.step]
            return step.kind == "constant" and not step.shape
        return operand is not None

    def _constant(self, step: Step) -> Text:
        if not step.shape:
            (number,) = step.data
            return self.operand(Fraction(number))
        text = _nested([number_text(Fraction(number)) for number in step.data], step.shape)
        make = {"torch": "tensor"}.get(self.dialect.library, "array")
        return f"{self.short}.{make}({text}, {self.like}){'[..., None]' if self.last else ''}", ATOM

    def _assemble(self, step: Step, parts: list[str]) -> str:
        texts = iter(parts)
        like = parts[0]
        entries = [f"{self.short}.zeros_like({like})" if part is None else next(texts) for part in step.operands]
        if self.short == "torch":
            stack = f"torch.stack(torch.broadcast_tensors({', '.join(entries)}))"
            return f"{stack}.reshape({', '.join(map(str, step.shape))}, -1)"
        if self.last:
            lead = step.data[0] == len(step.shape)
            make = "hstack" if lead else "stack"   # of one entry, some have no axis of points
            return f"{self.short}.{make}([{', '.join(entries)}]).reshape({', '.join(map(str, step.shape))}, 1)"
        return _nested(entries, step.shape[:int(step.data[0])], f"{self.short}.stack({{}})")

    def _place(self, step: Step) -> str:
        first, sign = [int(axis) for axis in step.data[:-1]], step.data[-1]
        rank = len(first)
        masks = []
        for axis, other in enumerate(first):
            if axis != other:
                marks = ", ".join(":" if k in (axis, other) else "None" for k in range(rank))
                last = ", None" if self.last else ""
                eye = f"{self.short}.eye({step.shape[axis]}, {self.like})"
                masks.append(eye + (f"[{marks}{last}]" if "None" in marks or last else ""))
        view = step.operands[1]
        assert isinstance(view, View)
        text, strength = self.operand(unrepeated(view))
        product = " * ".join([text if strength >= TIMES else f"({text})", *masks])
        if step.operands[0] is None:
            if not masks or any(axis is None and first[k] == k for k, axis in enumerate(view.axes)):
                shape = (*step.shape, -1 if self.short == "torch" else 1) if self.last else step.shape
                product = f"({product}).expand{shape}" if self.short == "torch" else \
                    f"{self.short}.broadcast_to({product}, {shape})"
            return product if sign > 0 else f"-({product})"
        base, _ = self.operand(step.operands[0])
        return f"{base} {'+' if sign > 0 else '-'} {product}"


def wrapped(statement: str) -> str:
    """A statement of a function, broken within brackets where it is too long."""
    if len(statement) <= _WIDTH - 4:
        return "    " + statement
    left, gap, right = statement.partition(" " if statement.startswith("return ") else " = ")
    tight = re.sub(r" ([*/]|\*\*) ", "\0\\1\0", right)   # lines break at signs and commas, not at those of an index
    tight = re.sub(r"\[[^][]*\]", lambda found: found[0].replace(" ", "\0"), tight)
    lines = [line.replace("\0", " ") for line in wrap(tight, _WIDTH - 8, break_long_words=False, break_on_hyphens=False)]
    return "\n".join([f"    {left}{gap}(", *["        " + line for line in lines], "    )"])


def _nested(entries: Sequence[str], shape: Sequence[int], around: str = "{}") -> str:
    """Texts of entries in nested brackets."""
    for size in reversed(shape):
        entries = [around.format(f"[{', '.join(entries[k:k + size])}]") for k in range(0, len(entries), size)]
    return entries[0]


def statements(writer: Writer, chosen: Sequence[int], results: Sequence[View],
               signature: Signature) -> list[str]:
    """One line for each step that is used more than once or too long to be written where it is used."""
    lines: list[str] = []
    count = dict.fromkeys(chosen, 0)
    for place in chosen:
        for source_ in writer.steps.steps[place].sources:
            count[source_] = count.get(source_, 0) + 1
    returned = {result.step for result in results}
    entries = {used for place in chosen for used in writer.steps.steps[place].sources
               if writer.steps.steps[place].kind == "assemble" and len(writer.steps.steps[place].operands) > _FEW}
    for result in results:
        count[result.step] += 1
    for place in chosen:
        step = writer.steps.steps[place]
        text, strength = writer.text(step)
        named = count[place] > 1 or (len(text) > _LONGEST and place not in returned) or (place in entries and strength != ATOM)
        plain = step.kind == "copy" or (step.kind == "load" and not step.data) or (step.kind == "constant" and not step.shape)
        if named and not plain:
            name = signature.fresh(len(lines))
            lines.append(f"{name} = {text}")
            text, strength = name, ATOM
        writer.texts[place] = text, strength
    return lines


def point_module(steps: Steps, results: Sequence[View], variables: Variables, name: str, single: bool,
                 dialect: Dialect) -> str:
    """A module of JAX: what is computed at one point, and the function that does so at all."""
    signature = Signature(variables, (), (), ("at_point", name, *dialect.reserved))
    given = [(signature.variables[variable.name], variables[variable][1]) for variable in signature.arguments]
    first = next(local for local, looped in given if looped)
    writer = Writer(steps, dialect, signature.variables, f"dtype={first}.dtype", last=False)
    body = statements(writer, live(steps, results), results, signature)
    returned = _returned([writer.operand(result)[0] for result in results], single)
    arguments = ", ".join(local for local, _ in given)
    inner = "\n".join([f"def at_point({arguments}):", *map(wrapped, [*body, returned])])
    axes = ", ".join("0" if looped else "None" for _, looped in given) + "," * (len(given) == 1)
    outer = [*signature.head(name, [], dialect), f"    return jax.vmap(at_point, in_axes=({axes}))({arguments})"]
    return _module([inner, "\n".join(outer)], dialect)


def stack_module(steps: Steps, results: Sequence[View], variables: Variables, name: str, single: bool,
                 dialect: Dialect) -> str:
    """A module of PyTorch, whose operations each go over all points: they are the last axis of every tensor."""
    signature = Signature(variables, (), (), (name, *dialect.reserved))
    given = {signature.variables[variable.name]: variables[variable] for variable in signature.arguments}
    first = next(local for local, (_, looped) in given.items() if looped)
    writer = Writer(steps, dialect, signature.variables, f"dtype={first}.dtype, device={first}.device", last=True)
    body = [f"{local} = {local}.movedim(0, -1)" if looped else f"{local} = {local}[..., None]"
            for local, (shape, looped) in given.items() if shape]
    body += statements(writer, live(steps, results), results, signature)
    texts = []
    for result in results:
        text, strength = writer.operand(result)
        text = text if strength == ATOM else f"({text})"
        shape = (*steps.steps[result.step].shape, f"{first}.shape[-1]")
        if steps.steps[result.step].kind in ("copy", "place"):   # of what all points may share
            text += f".expand({', '.join(map(str, shape))})"
        texts.append(f"{text}.movedim(-1, 0)" if len(shape) > 1 else text)
    lines = [*signature.head(name, body, dialect), *map(wrapped, [*body, _returned(texts, single)])]
    return _module(["\n".join(lines)], dialect)


def _returned(texts: Sequence[str], single: bool) -> str:
    return f"return {texts[0]}" if single else f"return ({', '.join(texts)},)"


def _module(functions: Sequence[str], dialect: Dialect) -> str:
    """Functions with the imports and the helpers that they need."""
    helpers = [source(dialect.kernels, helper) for helper in dialect.helpers if helper in words(*functions)]
    used = words(*functions, *helpers)
    imports = [line for word, line in dialect.imports.items() if word in used or word == dialect.library]
    return "\n\n\n".join(["\n".join(sorted(imports)), *helpers, *functions]) + "\n"
