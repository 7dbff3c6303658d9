"""Scenes as TikZ: one ``tikzpicture`` that needs no library of TikZ."""

from __future__ import annotations

from .labels import Label, Run
from .scene import Box, Curve, Dot, Scene, Shape, Text

_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", (
    "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
    "Upsilon", "Phi", "Psi", "Omega")))
_SIGNS = {"−": "-", "∂": r"\partial ", "′": "'", "…": r"\dots ", "⊗": r"\otimes ", "×": r"\times ",
          "·": r"\cdot ", "→": r"\to ", "^": r"\wedge "}
_SPECIAL = {"\\": r"\backslash ", "{": r"\{", "}": r"\}", "#": r"\#", "$": r"\$", "%": r"\%", "&": r"\&", "_": r"\_",
            "~": r"\sim ", " ": r"\ "}
_OPENING = r"""\begin{tikzpicture}[x=0.75pt, y=-0.75pt, line cap=round, line join=round,
  network wire/.style={line width=0.9pt}, network variable/.style={line width=1.2pt, draw=orange!80!red},
  network bracket/.style={line width=0.6pt, draw=orange!80!red},
  network tensor/.style={fill=black!9, line width=0.8pt}, network frame/.style={fill=black!3, dashed, line width=0.6pt},
  network step/.style={fill=black!6, line width=0.7pt}, network input/.style={line width=0.7pt}]"""
_ANCHORS = {"start": "mid west", "middle": "mid", "end": "mid east"}


def tikz(scene: Scene) -> str:
    r"""The text of a ``tikzpicture``; needs ``\usepackage{tikz}`` and nothing else."""
    shapes = sorted(scene.shapes, key=lambda shape: 0 if isinstance(shape, Box) and shape.kind == "frame" else
                    1 if isinstance(shape, Curve) else 2)
    title = "".join([char if char.isprintable() else " " for char in scene.title])
    return "\n".join([f"% {title}", _OPENING, *[f"  {_shape(shape)}" for shape in shapes], r"\end{tikzpicture}"])


def _at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            opposite = _at(shape.x + shape.width, shape.y + shape.height)
            style = f"network {shape.kind}, rounded corners={0.75 * shape.radius:.1f}pt"
            return rf"\draw[{style}] {_at(shape.x, shape.y)} rectangle {opposite};"
        case Curve():
            first, *rest = [_at(x, y) for x, y in shape.points]
            pieces = [f" .. controls {a} and {b} .. {c}" for a, b, c in zip(rest[::3], rest[1::3], rest[2::3])]
            return rf"\draw[network {shape.kind}] {first}{''.join(pieces)};"
        case Dot():
            paint = r"\draw[network variable, fill=white]" if shape.kind == "open" else r"\fill"
            return f"{paint} {_at(shape.x, shape.y)} circle[radius={0.75 * shape.radius:.1f}pt];"
        case Text():
            size, place = 0.75 * shape.font, _at(shape.x, shape.y + 0.2 * shape.font)
            font = rf"\fontsize{{{size:.1f}}}{{{1.2 * size:.1f}}}\selectfont"
            return rf"\node[anchor={_ANCHORS[shape.anchor]}, inner sep=0pt, font={font}] at {place} {{${_runs(shape.label)}$}};"


def _runs(label: Label) -> str:
    """Runs in math mode; a script that follows a script has an empty base of its own."""
    found, before = "", 0
    for run in label:
        found += ("{}" if run.shift and before else "") + _run(run)
        before = run.shift
    return found


def _run(run: Run) -> str:
    """One run in math mode."""
    body = "".join(map(_character, run.text))
    if not run.italic and any(char.isalpha() and char not in _LETTERS for char in run.text):
        body = rf"\mathrm{{{body}}}"
    elif run.italic and len(run.text) > 1 and run.text.isascii():
        body = rf"\mathit{{{body}}}"
    return {0: body, 1: f"^{{{body}}}", -1: f"_{{{body}}}"}[run.shift]


def _character(char: str) -> str:
    if char in _LETTERS:
        return f"\\{_LETTERS[char]} "
    if char in _SIGNS or char in _SPECIAL:
        return _SIGNS.get(char) or _SPECIAL[char]
    if not char.isascii():
        return rf"\mbox{{{char}}}" if char.isprintable() else ""
    return char if char.isprintable() else ""
