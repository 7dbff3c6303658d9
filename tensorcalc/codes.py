"""What every error code means: one row a code, with a command that raises it.

A test compares this table with the codes that the package raises, and runs the examples.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import NamedTuple

from .errors import (
    FormulaError,
    LimitError,
    RequestError,
    ShapeError,
    TensorCalcError,
    UnknownNameError,
    UnsupportedError,
)
from .notation.mistakes import SYNTAX_CODES
from .notation.pasted.mistakes import CODES as PASTED_CODES

KINDS: dict[str, type[TensorCalcError]] = {"0": FormulaError, "1": ShapeError, "2": UnknownNameError,
                                           "3": UnsupportedError, "4": LimitError, "5": RequestError}
"""The class of the errors whose number has this many hundreds."""


class Code(NamedTuple):
    """A row: one sentence, and the arguments of a ``tensorcalc`` command that raises it; empty where none can."""

    sentence: str
    example: str = ""

    def kind(self, code: str) -> str:
        """The class of the errors under ``code``, and what these have in common."""
        found = KINDS[code[2]]
        summary = (found.__doc__ or "").partition("\n")[0]
        return f"{found.__name__}: {summary.partition(': ')[2]}"


_MEANING = {
    "TC050": Code("Quoted subscripts stand outside of einsum."),
    "TC051": Code("Indices are mixed with matrix notation.", "derive '(x_i X)_i' --wrt X"),
    "TC052": Code("A delta or eps has no indices.", "derive 'delta X' --wrt X"),
    "TC053": Code("A matrix literal holds something that is no plain number.", "derive '[a, 2] X' --wrt X"),
    "TC054": Code("A size is no whole number, no name and no sum or product of those.", "derive 'eps(7) X' --wrt X"),
    "TC055": Code("The subscripts of einsum do not fit its operands in number, or hold an ellipsis.",
                  "derive \"einsum('ij,jk', X)\" --wrt X"),
    "TC056": Code("frechet is not of a function of matrices, or of an order beyond 4.",
                  "derive 'frechet(abs, X)' --wrt X"),
    "TC057": Code("diff or jacobian is not by a variable, or of an order beyond 4.", "derive 'diff(tr(X), 2)' --wrt X"),
    "TC058": Code("A series does not begin with the name that it counts by and two whole bounds.",
                  "derive 'series(2, 1, 3, X^2)' --wrt X"),
    "TC059": Code("A function is given by a formula that is not one in z of elementwise functions.",
                  "derive 'f(X)' --wrt X --function 'f=det(z)'"),
    "TC060": Code("An index occurs three times in a term, and no left side says whether it is summed.",
                  "derive 'x_i A_ij x_j x_i' --wrt x"),
    "TC061": Code("Terms of a sum have different free indices.", "derive 'X_ij + x_i' --wrt X"),
    "TC062": Code("A function of a matrix has indices inside and outside.", "derive 'inv(X_ij)_ij' --wrt X"),
    "TC063": Code("An operator has no meaning in index notation.", "derive 'X_ij ⊗ Y_kl' --wrt X"),
    "TC064": Code("A delta has fewer than two indices, or eps fewer than two or more than six.",
                  "derive 'delta_i X_ij' --wrt X"),
    "TC065": Code("A function does not take what stands in it in index notation.", "derive 'inv(X_ij)' --wrt X"),
    "TC066": Code("An index stands twice on the left side.", "derive 'D_ii = X_ii' --wrt X"),
    "TC067": Code("A sum is over an index that what is summed does not have.", "derive 'sum(k, x_i y_i)' --wrt x"),
    "TC070": Code("A function stands without its argument.", "derive 'tr X' --wrt X"),
    "TC071": Code("A number is transposed: a vector of ones is no 1.", "derive \"1' X 1\" --wrt X"),
    "TC101": Code("Shapes differ where equal ones are needed.", "derive 'X + Y' --wrt X --var X=2,3 --var Y=4,5"),
    "TC102": Code("An index of the result is on no factor.", "derive \"einsum('ij->ik', X)\" --wrt X"),
    "TC103": Code("An index runs over axes of two sizes.",
                  "derive 'C_ij = X_ik Y_kj' --wrt X --var X=3,4 --var Y=5,6"),
    "TC104": Code("A function does not take a tensor of that shape."),
    "TC105": Code("Something has more than two axes, and matrix notation has two.",
                  "derive \"vec(einsum('ij,kl->ijkl', X, X))\" --wrt X"),
    "TC106": Code("A vector or a matrix stands where a number is needed.", "derive 'A / X' --wrt X"),
    "TC107": Code("A matrix is not square and must be.", "derive 'tr(X)' --wrt X --var X=3,4"),
    "TC108": Code("An entry is picked that does not exist.", "derive 'X[1]' --wrt X"),
    "TC109": Code("The inner sizes of a product differ.", "derive 'A*B' --wrt A --var A=m,n --var B=p,q"),
    "TC110": Code("A number is added to a matrix, which has two meanings.", "derive 'X + 1' --wrt X"),
    "TC111": Code("A tensor has another order than a function takes, or than was declared for a value.",
                  "derive 'softmax(X)' --wrt X"),
    "TC112": Code("A vector needs three entries, or a value has another size than was declared.",
                  "derive 'cross(x, X)' --wrt x"),
    "TC113": Code("Subscripts of einsum stand on a tensor with another number of axes.",
                  "derive \"einsum('ijk->i', X)\" --wrt X --var X=m,n"),
    "TC114": Code("A tensor carries another number of indices than it has axes.", "derive 'X_ijk X_ij' --wrt X"),
    "TC115": Code("Two tensors with variables of one name and two shapes meet."),
    "TC116": Code("A constant needs its sizes where nothing else shows them."),
    "TC120": Code("An array does not fit a linear map."),
    "TC201": Code("A name is not known where it stands."),
    "TC202": Code("What is called is no function.", "derive 'tahn(X)' --wrt X"),
    "TC203": Code("A function is called with a wrong number of arguments.", "derive 'tr(X, X)' --wrt X"),
    "TC204": Code("A derivative is by a name that is no variable of the formula.", "derive 'tr(A X)' --wrt Y"),
    "TC301": Code("A function of numbers is no function of matrices here: it is not smooth, or nothing computes it.",
                  "derive 'tr(funm(abs, X))' --wrt X"),
    "TC302": Code("A function has no derivative in the table.", "derive 'chol(kron(A, A))' --wrt A"),
    "TC303": Code("A matrix power needs a whole number as exponent.", "derive 'X^(1/2)' --wrt X"),
    "TC304": Code("A variable has a structure without the reading that was asked for.",
                  "derive 'tr(A X)' --wrt X --assume X=orthogonal --reading structured"),
    "TC306": Code("diff(…) and jacobian(…) stand where nothing can be differentiated."),
    "TC307": Code("A series is of a form that has no derivative here."),
    "TC308": Code("A function that is given by a formula is written with a prime where nothing can be differentiated."),
    "TC310": Code("An array library is not installed."),
    "TC311": Code("A function has no value at the values given: a matrix has no inverse or no factor.",
                  "evaluate 'inv(A)' 'A=[[1,2],[2,4]]'"),
    "TC312": Code("A function goes along the last axes of a tensor whose axes are merged."),
    "TC314": Code("Code is asked for a library that does not have a function of the answer.",
                  "derive 'tr(logm(X) A)' --wrt X --code torch"),
    "TC320": Code("SymPy has no expression for something."),
    "TC321": Code("An expression of SymPy has a node without a counterpart here."),
    "TC322": Code("A product with merged axes is asked for as einsum."),
    "TC323": Code("A linear system has no solution as one formula."),
    "TC411": Code("A derivative has too many axes, or an array too many entries.",
                  "derive \"einsum('ijkl,mn->ijklmn', T, X)\" --wrt X --order 4 --var T=a,b,c,d"),
    "TC412": Code("The exponent of a matrix power is too large.", "derive 'X^1000000' --wrt X"),
    "TC413": Code("A number has too many digits.", "derive '2^(10^9) X' --wrt X"),
    "TC414": Code("Something is divided by zero.", "derive 'X / 0' --wrt X"),
    "TC415": Code("There are more indices than letters."),
    "TC416": Code("An answer is too large to be written out; code and values can still be had."),
    "TC417": Code("A line of a batch is longer than a megabyte."),
    "TC418": Code("A linear map has no structure by which its systems are solved, and is too large without."),
    "TC419": Code("A power series has too many coefficients.",
                  "derive 'F(X)' --wrt X --function 'F=series(k, 0, 999, 1/k)'"),
    "TC420": Code("An expression of SymPy is too large to be read."),
    "TC421": Code("A derivative has too many terms: the product rule gives one for each factor."),
    "TC431": Code("An answer of the page took longer than it may."),
    "TC432": Code("An answer of the page took more memory than it may."),
    "TC433": Code("The processes that compute for the page are all busy, or none starts."),
    "TC434": Code("A process that computed for the page died."),
    "TC435": Code("A request to the page is longer than 64 kilobytes."),
    "TC501": Code("What is declared as a size is none.", "derive 'tr(X)' --wrt X --var X=n+,n"),
    "TC502": Code("A request is no JSON object."),
    "TC503": Code("A request asks for something that is not done here."),
    "TC504": Code("A request nests too deeply."),
    "TC505": Code("A request lacks a field that it must have."),
    "TC506": Code("A request has a field that is not known."),
    "TC507": Code("A field of a request holds a value of the wrong kind."),
    "TC508": Code("A value is not one of the choices.", "derive 'tr(X)' --wrt X --layout up"),
    "TC509": Code("What is declared as a name is none.", "derive 'tr(X)' --wrt X --var 1=n"),
    "TC510": Code("What is assumed of a name is no property.", "derive 'tr(X)' --wrt X --assume X=odd"),
    "TC511": Code("A variable or an unknown function has no value.", "evaluate 'A x' 'A=[[1,2],[3,4]]'"),
    "TC512": Code("A value is no array of numbers, or a size no whole number.", "evaluate 'tr(A)' 'A=[[1,2],[3]]'"),
    "TC513": Code("A size is not shown by any array.", "evaluate 'tr(eye(n))'"),
    "TC514": Code("A position is beyond the end of its axis.", "evaluate 'x[3]' 'x=[1,2]'"),
    "TC515": Code("A function is declared neither as a kind nor by a formula."),
    "TC516": Code("A property of square matrices is assumed of something else.",
                  "derive 'tr(X)' --wrt X --var X=n,m --assume X=symmetric"),
    "TC517": Code("The order of a derivative is no whole number from 1 to 8, or not that of the variables named.",
                  "derive 'tr(X)' --wrt X --order 0"),
    "TC519": Code("A function of the package is called with something that it does not take."),
    "TC520": Code("A command or an option of the command line is not known, or lacks its value.",
                  "derive 'tr(X)' --wtr X"),
    "TC521": Code("An argument is not of the form that is needed.", "evaluate 'tr(A)' 'A=[[1,2],[3'"),
    "TC522": Code("A line of a batch, a file of values or a request to the page is not JSON."),
    "TC523": Code("A file cannot be read.", "evaluate 'tr(A)' --values /no/such/file"),
    "TC524": Code("The page cannot be served at an address: something else is there, or it is not this machine's.",
                  "serve --host 192.0.2.1"),
    "TC599": Code("An error of the package itself; please report it."),
}


def _of_syntax(sentence: str) -> Code:
    """A row of the parser's own table, whose sentences end in a formula."""
    found = re.search(": `([^`]+)`[.]$", sentence)
    return Code(sentence, f"derive {quote(found[1])} --wrt X" if found else "")


CODES: dict[str, Code] = dict(sorted({
    **{code: _of_syntax(sentence) for code, sentence in (SYNTAX_CODES | PASTED_CODES).items()}, **_MEANING,
    "TC023": Code(SYNTAX_CODES["TC023"]),   # raised where no name may stand on the left, which no command shows
}.items()))
"""Every code, in order."""
