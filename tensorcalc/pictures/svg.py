"""Scenes as SVG: one colour, that of the text around it; no script, no link, no font of its own."""

from __future__ import annotations

from html import escape

from .labels import Run
from .scene import Box, Curve, Dot, Scene, Shape, Text

ACCENT = "#d9480f"   # readable on white and on black
FAMILY = "STIX Two Text, Latin Modern Roman, Cambria, Georgia, serif"
STYLE = "svg:root{color:#1b2430}@media(prefers-color-scheme:dark){svg:root{color:#e8ebf0}}"


def svg(scene: Scene, *, alone: bool = False) -> str:
    """The text of an SVG.

    ``alone``: for a file of its own, which is dark or light as the reader's screen; otherwise it takes the colour
    of the page that it is put in, and has no style sheet.
    """
    width, height = round(scene.width + 0.5), round(scene.height + 0.5)
    title, words = escape(scene.title), escape(scene.description)
    first = (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" fill="none" stroke="none" font-family="{FAMILY}">')
    lines = [first, f"<title>{title}</title>", f"<desc>{words}</desc>"]
    if alone:
        lines.append(f"<style>{STYLE}</style>")
    lines += [_shape(shape) for shape in sorted(scene.shapes, key=_depth)]
    return "\n".join([*lines, "</svg>"])


def _depth(shape: Shape) -> int:
    """Frames lie below wires, wires below nodes."""
    return 0 if isinstance(shape, Box) and shape.kind == "frame" else 1 if isinstance(shape, Curve) else 2


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            return _box(shape)
        case Curve():
            return _curve(shape)
        case Dot():
            return _dot(shape)
        case Text():
            return _text(shape)


def _number(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _box(box: Box) -> str:
    shade, pen = {"tensor": ("0.09", "1.4"), "frame": ("0.035", "1"), "step": ("0.06", "1.2"), "input": ("0", "1.2")}[box.kind]
    dashes = ' stroke-dasharray="4 3"' if box.kind == "frame" else ""
    return (f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}" '
            f'rx="{_number(box.radius)}" fill="currentColor" fill-opacity="{shade}" stroke="currentColor" '
            f'stroke-width="{pen}"{dashes}/>')


def _curve(curve: Curve) -> str:
    first, *rest = [f"{_number(x)} {_number(y)}" for x, y in curve.points]
    pen = {"variable": f'stroke="{ACCENT}" stroke-width="2"', "bracket": f'stroke="{ACCENT}" stroke-width="1"',
           "wire": 'stroke="currentColor" stroke-width="1.5"'}[curve.kind]
    return f'<path d="M{first}C{" ".join(rest)}" {pen} stroke-linecap="round" stroke-linejoin="round"/>'


def _dot(dot: Dot) -> str:
    paint = f'stroke="{ACCENT}" stroke-width="1.6"' if dot.kind == "open" else 'fill="currentColor"'
    return f'<circle cx="{_number(dot.x)}" cy="{_number(dot.y)}" r="{_number(dot.radius)}" {paint}/>'


def _text(text: Text) -> str:
    runs, shift = [], 0.0
    for run in text.label:
        moved = -0.36 * text.font * run.shift if run.shift > 0 else -0.24 * text.font * run.shift
        runs.append(_run(run, moved - shift, text.font))
        shift = moved
    faint = ' fill-opacity="0.7"' if text.faint else ""
    return (f'<text x="{_number(text.x)}" y="{_number(text.y + text.font * 0.33)}" font-size="{_number(text.font)}" '
            f'text-anchor="{text.anchor}" fill="currentColor"{faint} xml:space="preserve">{"".join(runs)}</text>')


def _run(run: Run, moved: float, font: float) -> str:
    marks = [f'dy="{_number(moved)}"'] if abs(moved) > 0.01 else []
    marks += [f'font-size="{_number(font * 0.72)}"'] if run.shift else []
    marks += ['font-style="italic"'] if run.italic else []
    body = escape(run.text)
    return f"<tspan {' '.join(marks)}>{body}</tspan>" if marks else body
