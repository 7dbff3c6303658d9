"""Names in LaTeX: one letter, Greek or in a font, or a word; with digits or a label below; with indices or an entry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from . import mistakes
from .cursor import Cursor, Operand, Scripts
from .names import ACCENTS, FONTS, GREEK, SIGNS, SIZED, VARIANTS
from .pieces import Piece, piece
from .tokens import Token

_CONSTANTS = {"δ": "delta", "ε": "eps"}   # with indices, unless declared
_NAMING = frozenset({*GREEK, *FONTS, *ACCENTS})


@dataclass(slots=True)
class Naming(Cursor):
    """What letters, words, fonts, accents and subscripts make a name of."""

    def orders(self, own: Collection[str]) -> dict[str, int]:
        """Of names in bold without indices: small letters are vectors, capitals matrices."""
        return {name: 1 if name[0].islower() else 2 for (name, indexed), (font, _) in self.fonts.items()
                if font.startswith("bold") and not indexed and name not in own and (name, True) not in self.fonts}

    def _name_only(self) -> Operand | None:
        """The name at this place, without its scripts; ``None`` where there is none."""
        token = self.token
        if token.kind in ("letter", "word") or (token.kind == "command" and token.text[1:] in _NAMING):
            if token.text == "\\vec" and self.tokens[self.place + 1].text == "(" or self._digit_in_font():
                return None
            return self._named()
        return None

    def _digit_in_font(self) -> str:
        r"""The digit of ``\\mathbf{1}``."""
        place = self.place + 1
        if self.token.kind != "command" or self.token.text[1:] not in FONTS:
            return ""
        if self.tokens[place].text == "{":
            place += 1
        return self.tokens[place].text if self.tokens[place].text in ("0", "1") else ""

    def _named(self) -> Operand:
        """A name as a letter, a Greek one, a word, or one of these in a font or under an accent."""
        token = self.take()
        if token.kind in ("letter", "word"):
            if token.kind == "letter" and self.token.kind == "number" and self.token.start == token.end and \
                    self.token.text.isdigit():
                token = token._replace(text=token.text + self.token.text, end=self.take().end)
            return Operand("name", [piece(token.text, token)], token.start, (token.text,), word=token.kind == "word")
        name = token.text.removeprefix("\\")
        if name in GREEK:
            return Operand("name", [piece(GREEK[name][0], token)], token.start, GREEK[name],
                            "variant" if name in VARIANTS else "")
        braced = self.token.text == "{"
        opened = self.take() if braced else self.token
        self.enter(opened)
        inner = self._name_only()
        if inner is None:
            raise mistakes.missing("a name", token.text, token.span)
        if braced:
            self.leave(opened)
        else:
            self.exit()
        if name in ACCENTS:
            inner.names = tuple([one + ACCENTS[name] for one in inner.names])
        else:
            inner.font += FONTS[name]
        inner.pieces = [Piece(inner.names[0], token.start, self.last.end)]
        inner.start = token.start
        return inner

    def _labelled(self, operand: Operand) -> str:
        """A name with its subscript where that is a part of it."""
        label = ""
        if self.token.text == "_":
            label = self._label(self._script_range(self.place))
            self.place = self._behind_script(self.place) if label else self.place
        return self._resolved(operand, label)

    def _resolved(self, operand: Operand, label: str, indexed: bool = False) -> str:
        """The name of an operand, its label included: one that was declared if any was."""
        names = [name + label for name in operand.names]
        known = [name for name in names if name in self.own or name in self.functions]
        name = known[0] if known else names[0]
        span = (operand.start, operand.pieces[-1].end)
        for (font, place), own in ((self.fonts.setdefault((name, side), (operand.font, span)), side) for side in (False, True)
                                   if side == indexed):
            if font != operand.font:
                raise mistakes.two_fonts(name, place, span)
            other = self.fonts.get((name, not own))
            if other is not None and other[0] != operand.font and (other[0] if own else operand.font) != "bold":
                raise mistakes.two_fonts(name, other[1], span)
        return name

    def bare_places(self, name: str) -> Collection[int]:
        """All places, where a name stands somewhere without a bracket; else none."""
        return range(len(self.source) + 1) if name in self.bare or any(name in GREEK.get(one.removeprefix("\\"), ())
                                                                       for one in self.bare) else ()

    def _constant_name(self, name: str, indices: str) -> str:
        """``delta`` and ``eps`` where a Greek letter with indices is one, ``I`` with two letters is one too."""
        if not indices or name in self.own:
            return name
        if name == "I" and indices.startswith("_"):
            return "delta"
        return _CONSTANTS.get(name, name) if indices.startswith("_") else name

    def _sized_name(self, operand: Operand, scripts: Scripts, label: str) -> int | None:
        """The place of the subscript of a constant; ``None`` where the name is a variable."""
        name = operand.names[0]
        if name + label in self.own or name in self.own or not scripts.below or operand.word:
            return None
        texts = self.tokens[scripts.below[0]:scripts.below[1]]
        commas = sum(token.text == "," for token in texts)
        if name in ("e", "E"):
            return self.place if operand.font == "bold" else None
        if operand.font or (label and not label.isdigit()):
            return None
        if name == "I":
            if label == "1" and not self.own:
                raise mistakes.first_invariant(scripts.span)
            letters = [token for token in texts if token.kind == "letter"]
            delta = len(letters) == len(texts) > 1 and not any(token.gap for token in texts[1:])
            return None if delta else self.place
        if name in SIZED and (not self.indexed or any(self.whole)) and (not label or self.own):
            function_takes_two = SIZED[name][1]
            if commas == 1 if function_takes_two else commas == 0:
                single = len([token for token in texts if token.kind in ("letter", "number")]) == 1
                return self.place if function_takes_two or single or any(token.gap for token in texts[1:]) else None
        return None

    def _label(self, inner: tuple[int, int] | None) -> str:
        """A subscript that is part of a name: digits or a word; nothing for indices and entries."""
        if inner is None:
            return ""
        tokens = self.tokens[inner[0]:inner[1]]
        if tokens[0].text in ("\\text", "\\mathrm", "{") and len(tokens) > 1:
            tokens = [token for token in tokens if token.text not in ("{", "}", "\\text", "\\mathrm")]
        if len(tokens) != 1:
            return ""
        (token,) = tokens
        if token.text in ("*", "\\ast", "\\star"):
            return "star"
        if token.kind in ("word", "operator") or (token.kind == "number" and token.text.isdigit()):
            text = "".join(token.text.split())
            if not text.isalnum() or not text.isascii():
                raise mistakes.subscript(token.span)
            return text
        return ""

    def _indices(self, inner: tuple[int, int] | None) -> str:
        """A subscript as indices ``_{ij}``, or as the positions of an entry ``[1, 2]``."""
        if inner is None:
            return ""
        tokens = self.tokens[inner[0]:inner[1]]
        span = (tokens[0].start, tokens[-1].end)
        letters = [_letter(token) for token in tokens]
        if all(letters):
            self.letters += [letter for letter in letters if letter.isalpha()]
            return f"_{{{''.join(letters)}}}"
        if any(token.kind == "number" for token in tokens) or any(token.text in SIGNS for token in tokens):
            parts: list[list[str]] = [[]]
            for k, token in enumerate(tokens):
                if token.text == ",":
                    parts.append([])
                elif token.kind in ("letter", "number") or token.text in ("+", "-", "(", ")", "*"):
                    if k and token.kind in ("letter", "number") and tokens[k - 1].kind in ("letter", "number"):
                        raise mistakes.subscript(span)
                    parts[-1].append(token.text)
                else:
                    raise mistakes.subscript(span)
            if all(parts):
                return f"[{', '.join([''.join(part) for part in parts])}]"
        raise mistakes.subscript(span)


def _letter(token: Token) -> str:
    """An index, or what may stand between indices; nothing for everything else."""
    if token.kind == "letter" or token.text in (",", "(", ")"):
        return token.text
    name = token.text.removeprefix("\\")
    return GREEK[name][0] if token.kind == "command" and name in GREEK else ""
