r"""What the commands of LaTeX are called here: Greek letters, functions, operators, decorations.

Tables only.  A Greek letter has several spellings in the language (``λ``, ``lambda``, ``lam``);
the first is taken unless somebody declared another.
"""

from __future__ import annotations

import re

_SMALL = dict(zip(
    ("alpha", "beta", "gamma", "delta", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu", "xi", "pi", "rho", "sigma",
     "tau", "upsilon", "chi", "psi", "omega"), "αβγδζηθικμνξπρστυχψω", strict=True))
_LARGE = dict(zip(("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
                  "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True))

GREEK: dict[str, tuple[str, ...]] = {
    **{name: (letter, name) for name, letter in {**_SMALL, **_LARGE}.items()},
    "lambda": ("λ", "lambda", "lam"),
    "epsilon": ("ε", "ϵ", "epsilon", "eps"),
    "varepsilon": ("ε", "eps", "ϵ", "epsilon"),
    "phi": ("φ", "ϕ", "phi"),
    "varphi": ("φ", "varphi", "ϕ", "phi"),
    "vartheta": ("ϑ", "vartheta", "θ", "theta"),
    "varsigma": ("ς", "varsigma", "σ", "sigma"),
    "varrho": ("ρ", "varrho", "rho"),
    "ell": ("l", "ell"),
    "imath": ("i",), "jmath": ("j",),
}
"""The names that a command may stand for, the most likely first."""

VARIANTS = frozenset({"varepsilon", "varphi", "varrho", "ell"})
"""Commands that look different from another one and have the same first name."""

FUNCTIONS = frozenset({
    "tr", "det", "logdet", "inv", "adj", "pinv", "diag", "vec", "vech", "kron", "khatrirao", "norm1", "norm2", "sum", "expm",
    "logm", "sqrtm", "chol", "solve", "cross", "skew", "sym", "dev", "tril", "exp", "log", "sqrt", "abs", "sign",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "relu", "sigmoid", "softplus", "erf",
    "logsumexp", "softmax", "max", "min", "funm", "frechet", "einsum", "powers", "exchange", "convolution", "eye", "ones",
    "zeros", "commutation", "duplication", "elimination", "eps",
})
"""Words that are functions wherever they stand in front of an operand."""

SPOKEN = {
    "Tr": "tr", "trace": "tr", "Trace": "tr", "Det": "det", "ln": "log", "Log": "log", "Exp": "exp", "sgn": "sign",
    "Vec": "vec", "Vech": "vech", "Diag": "diag", "ReLU": "relu", "Softmax": "softmax", "LSE": "logsumexp",
    "lse": "logsumexp", "logistic": "sigmoid", "Sym": "sym", "Skew": "skew", "adjugate": "adj", "LogSumExp": "logsumexp",
    "Sigmoid": "sigmoid", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
}
"""What papers call functions that have another name here."""

COMMANDS = frozenset({
    "exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "det", "max", "min",
    "tr", "Tr", "diag", "sgn", "sign", "vech", "trace", "softmax", "abs", "erf", "relu",
})
"""Functions with a command of their own, in LaTeX or in the preamble of many a paper."""

TIMES = {
    "*": "*", "\\cdot": "*", "\\ast": "*", "·": "*", "⋅": "*", "@": "@", "/": "/", "\\div": "/", "\\slash": "/",
    "\\odot": ".*", "\\circ": ".*", "∘": ".*", "⊙": ".*", ".*": ".*", "\\oslash": "./", "⊘": "./", "./": "./",
    "\\otimes": "⊗", "⊗": "⊗", "\\oplus": "⊕", "⊕": "⊕",
}
"""Operators between factors."""

FONTS = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "pmb": "bold", "symbf": "bold", "textbf": "bold", "bf": "bold",
    "bfseries": "bold", "mathbfit": "bold",
    "mathcal": "script", "mathscr": "script", "cal": "script", "mathfrak": "fraktur", "mathbb": "blackboard",
    "mathsf": "", "mathtt": "", "mathit": "", "mathnormal": "", "mathrm": "", "rm": "", "it": "", "sf": "", "text": "",
    "mbox": "",
    "textrm": "", "mathord": "", "vec": "bold", "overrightarrow": "bold",
}
"""Commands that change how one letter looks."""

ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot",
           "ddot": "ddot", "check": "check", "breve": "breve", "mathring": "ring", "underline": "under"}
"""Commands that make another name of a letter."""

TRANSPOSES = frozenset({"T", "\\top", "\\intercal", "⊤", "ᵀ", "\\prime", "'", "\\transpose", "\\tran", "\\trans"})

ENTRIES = {"matrix": ("", ""), "pmatrix": ("", ""), "bmatrix": ("", ""), "Bmatrix": ("", ""), "smallmatrix": ("", ""),
           "vmatrix": ("det(", ")")}
"""Environments that write a matrix out, and what stands around it."""

PAGES = frozenset({"equation", "align", "aligned", "gather", "gathered", "multline", "split", "eqnarray",
    "displaymath", "math",
                   "flalign", "alignat", "alignedat", "dmath"})
"""Environments around a formula, starred or not."""

MEANINGLESS = {
    "int": "an integral", "iint": "an integral", "oint": "an integral", "prod": "a product over an index", "lim": "a limit",
    "nabla": "a gradient", "infty": "infinity", "in": "a set", "forall": "a statement", "exists": "a statement",
    "leq": "an inequality", "geq": "an inequality", "le": "an inequality", "ge": "an inequality", "neq": "an inequality",
    "ne": "an inequality", "succ": "an inequality", "succeq": "an inequality", "prec": "an inequality",
    "preceq": "an inequality",
    "approx": "an approximation", "sim": "a distribution", "propto": "a proportion", "to": "an arrow",
    "rightarrow": "an arrow",
    "mapsto": "an arrow", "Rightarrow": "an arrow", "implies": "an arrow", "ldots": "an ellipsis", "dots": "an ellipsis",
    "cdots": "an ellipsis", "vdots": "an ellipsis", "ddots": "an ellipsis", "pm": "a sign that is two",
    "mp": "a sign that is two",
    "argmin": "a minimiser", "argmax": "a maximiser", "sup": "a supremum", "inf": "an infimum", "lfloor": "rounding",
    "lceil": "rounding", "dagger": "a conjugate transpose", "setminus": "a set", "cup": "a set", "cap": "a set",
    "subset": "a set",
    "star": "a star", "bullet": "a bullet", "wedge": "an exterior product", "land": "a statement", "lor": "a statement",
}
"""Commands that are known and say nothing that can be derived here."""

MEANINGLESS_HELP = {
    "nabla": r"a derivative inside a formula is written \frac{\partial}{\partial X}\left(…\right)",
    "prod": "write the factors out",
    "infty": r"infinity is the upper bound of a \sum alone",
    "dagger": r"a transpose is written X^\top, a pseudo-inverse X^{+}",
    "argmin": "name the function that is minimised, and derive that",
    "argmax": "name the function that is maximised, and derive that",
}

EQUALS = frozenset({"=", "\\coloneqq", "\\triangleq", "\\equiv", "\\eqqcolon", "\\doteq", ":="})

# What stands between and around names.

CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "|": "|", "\\|": "\\|", "\\langle": "\\rangle"}
SIGNS = frozenset("+-:")
STOPS = frozenset({")", "]", "}", "\\}", "\\rangle", ",", ";", "&", "\\\\", "==", *EQUALS})
SCRIPTS = frozenset({"_", "^", "'", "′", "’"})
PRIMES = frozenset({"'", "′", "’", "\\prime"})

WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
"""A name in letters and digits."""

SIZED = {"K": ("commutation", True), "D": ("duplication", False), "L": ("elimination", False)}
"""Letters that are constant matrices with their sizes below, and whether there are two sizes."""
