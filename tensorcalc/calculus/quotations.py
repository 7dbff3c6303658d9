"""What derivations quote: differentials that textbooks print, rows of the function table, readings of structure.

Knows how functions change and not of what they are functions: the argument is ``Y`` or ``y``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ..functions import Function, is_unknown, primes
from ..notation.latex import latex
from ..notation.syntax import Call, Name
from ..notation.text import text
from .equations import equation


class Quoted(NamedTuple):
    """A rule, what it says, where that is printed, and how it is typeset."""

    rule: str
    words: str
    reference: str
    typeset: str


def row(function: Function) -> Quoted:
    """What the function table says, or what it is to be an unknown function."""
    if is_unknown(function):
        name, order = primes(function)
        here, slope = (Call(name, (Name("Y"),), primes=order + more) for more in (0, 1))
        sign, symbol = (".*", r"\odot") if function.elementwise else (":", ":")
        words = f"d({text(here)}) = {text(slope)} {sign} dY"
        typeset = rf"\mathrm{{d}} {latex(here)} = {latex(slope)} {symbol} \mathrm{{d}}Y"
    else:
        words = function.derivatives[0]
        read = equation(words)
        above, below = Name("y", read.rows or None), Name(words.split("/∂")[1][0], read.columns or None)
        typeset = rf"\frac{{\partial {latex(above)}}}{{\partial {latex(below)}}} = {latex(read.body)}"
    return Quoted(f"table.{function}", words, function.reference, typeset)


def structure(facts: Collection[str], reading: str) -> tuple[str, str]:
    """What a reading makes of the derivative G by a variable with structure, and where that is printed."""
    for fact in ("symmetric", "spd", "psd", "skew", "diagonal", "lower", "orthogonal"):
        if fact in facts:
            kind = "symmetric" if fact in ("spd", "psd") else fact
            return _STRUCTURES.get((kind, reading), _STRUCTURES.get((kind, ""), (reading, "")))
    return f"the {reading} derivative", ""


_STRUCTURES = {
    ("symmetric", "structured"): ("entries that are tied move together: G + G' - G .* eye(n)", "MC 138"),
    ("symmetric", "projected"): ("the symmetric part: (G + G')/2", ""),
    ("symmetric", "vech"): ("vec(X) = duplication(n) vech(X), hence duplication(n)' vec(G)", "Magnus & Neudecker 1980"),
    ("skew", "structured"): ("entries that are tied move together: G - G'", ""),
    ("skew", "projected"): ("the skew part: (G - G')/2", ""),
    ("diagonal", ""): ("the entries on the diagonal: G .* eye(n)", "MC 139"),
    ("lower", "vech"): ("vec(X) = elimination(n)' vech(X), hence elimination(n) vec(G)", "Magnus & Neudecker 1980"),
    ("lower", ""): ("the entries on and below the diagonal: tril(G)", ""),
    ("orthogonal", ""): ("the part along the orthogonal matrices: (G - X G' X)/2", "Edelman, Arias & Smith 1998, eq. 2.3"),
}

DIFFERENTIALS: Mapping[str, Quoted] = {name: Quoted(f"differential.{name}", *rest) for name, *rest in (
    ("inv", "d(inv(Y)) = -inv(Y) dY inv(Y)", "MC 40",
     r"\mathrm{d} Y^{-1} = -Y^{-1} \, \mathrm{d}Y \, Y^{-1}"),
    ("det", "d(det(Y)) = det(Y) tr(inv(Y) dY)", "MC 42",
     r"\mathrm{d} \det Y = \det Y \, \operatorname{tr}\left(Y^{-1} \, \mathrm{d}Y\right)"),
    ("logdet", "d(logdet(Y)) = tr(inv(Y) dY)", "MC 43",
     r"\mathrm{d} \log \lvert\det Y\rvert = \operatorname{tr}\left(Y^{-1} \, \mathrm{d}Y\right)"),
    ("softmax", "d(softmax(y)) = (diag(p) - p p') dy with p = softmax(y)", "",
     (r"\mathrm{d} p = \left(\operatorname{diag}(p) - p \, p^\top\right) \mathrm{d}y, "
      r"\quad p = \operatorname{softmax}(y)")),
    ("logsumexp", "d(logsumexp(y)) = softmax(y)' dy", "",
     r"\mathrm{d} \operatorname{logsumexp}(y) = \operatorname{softmax}(y)^\top \mathrm{d}y"),
    ("sigmoid", "d(sigmoid(Y)) = (f - f.^2) .* dY with f = sigmoid(Y)", "",
     r"\mathrm{d} f = \left(f - f^{\odot 2}\right) \odot \mathrm{d}Y, \quad f = \sigma(Y)"),
    ("tanh", "d(tanh(Y)) = (1 - f.^2) .* dY with f = tanh(Y)", "",
     r"\mathrm{d} f = \left(1 - f^{\odot 2}\right) \odot \mathrm{d}Y, \quad f = \tanh(Y)"),
    ("softplus", "d(softplus(Y)) = sigmoid(Y) .* dY", "",
     r"\mathrm{d} \operatorname{softplus}(Y) = \sigma(Y) \odot \mathrm{d}Y"),
    ("sin", "d(sin(Y)) = cos(Y) .* dY", "", r"\mathrm{d} \sin(Y) = \cos(Y) \odot \mathrm{d}Y"),
    ("cos", "d(cos(Y)) = -sin(Y) .* dY", "", r"\mathrm{d} \cos(Y) = -\sin(Y) \odot \mathrm{d}Y"),
    ("abs", "d(abs(Y)) = sign(Y) .* dY", "",
     r"\mathrm{d} \lvert Y \rvert = \operatorname{sign}(Y) \odot \mathrm{d}Y"),
    ("chol", "d(chol(Y)) = L (tril(P) - 0.5 diag(diag(P))) with L = chol(Y), P = inv(L) dY inv(L)'", "Murray 2016, eq. 8",
     (r"\mathrm{d} L = L \, \left(\operatorname{tril}(P) - \tfrac{1}{2} \operatorname{diag} \operatorname{diag} P\right), "
      r"\quad L = \operatorname{chol}(Y), \; P = L^{-1} \, \mathrm{d}Y \, L^{-\top}")),
    ("exp", "d(exp(Y)) = exp(Y) .* dY", "", r"\mathrm{d} \exp(Y) = \exp(Y) \odot \mathrm{d}Y"),
    ("log", "d(log(Y)) = dY ./ Y", "", r"\mathrm{d} \log(Y) = \mathrm{d}Y \oslash Y"),
    ("relu", "d(relu(Y)) = relu(sign(Y)) .* dY", "",
     r"\mathrm{d} \operatorname{relu}(Y) = \operatorname{relu}(\operatorname{sign}(Y)) \odot \mathrm{d}Y"),
    ("expm", "d(tr(expm(Y))) = tr(expm(Y) dY), d(expm(Y)) = frechet(expm, Y) : dY", "Higham 2008, ch. 10",
     (r"\mathrm{d} \operatorname{tr} \operatorname{expm}(Y) = "
      r"\operatorname{tr}\left(\operatorname{expm}(Y) \, \mathrm{d}Y\right)")),
    ("matpow", "d(Y^k) = series(j, 0, k-1, Y^j dY Y^(k-1-j))", "MC 90",
     r"\mathrm{d} Y^k = \sum_{j=0}^{k-1} Y^j \, \mathrm{d}Y \, Y^{k-1-j}"),
)}
"""Differentials that textbooks print, by the function."""
