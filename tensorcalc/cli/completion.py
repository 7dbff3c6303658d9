"""The command that completes all others: a script for the shell, written from the tables of options.

Knows three shells; what is offered comes from the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from shlex import quote

from ..errors import RequestError
from . import show
from .command import Command
from .options import Arguments, Option

Commands = Mapping[str, Command]
FILE = "FILE"   # the value of an option that is the name of a file


def command(commands: Commands) -> Command:
    """The command for a table that may still grow."""

    def run(given: Arguments) -> int:
        if len(given.words) != 1 or given.words[0] not in SHELLS:
            raise RequestError("TC521", f"completion is for one of {', '.join(SHELLS)}", help="tensorcalc completion bash")
        return show.write(SHELLS[given.words[0]](commands))

    return Command("write a script that completes commands and options in a shell", "SHELL", (), run, (
        "tensorcalc completion bash  # source <(tensorcalc completion bash) in ~/.bashrc",
        "tensorcalc completion zsh  # into a file _tensorcalc of a folder in $fpath",
        "tensorcalc completion fish  # into ~/.config/fish/completions/tensorcalc.fish",
    ), tuple(SHELLS))


def _flags(options: Sequence[Option]) -> list[str]:
    return [*[option.flag for option in options], "--help"]


def _bash(commands: Commands) -> list[str]:
    lines = ["_tensorcalc() {",
             "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=",
             "  COMPREPLY=()",
             "  if ((COMP_CWORD == 1)); then",
             f"    words={quote(' '.join([*commands, 'help']))}",
             "  else",
             "    case ${COMP_WORDS[1]}:$before in"]
    for name, row in commands.items():
        lines += [f"      {name}:{option.flag}) words={quote(' '.join(option.choices))} ;;"
                  for option in row.options if option.value]
        lines.append(f"      {name}:*) words={quote(' '.join([*_flags(row.options), *row.choices]))} ;;")
    return [*lines, f"      help:*) words={quote(' '.join([*commands, 'formulas']))} ;;", "    esac", "  fi",
            "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))", "}",
            "complete -o default -F _tensorcalc tensorcalc"]


def _zsh(commands: Commands) -> list[str]:
    lines = ["#compdef tensorcalc", "", "_tensorcalc() {", "  if ((CURRENT == 2)); then",
             "    local -a commands=(", *[f"      {quote(f'{name}:{_zshed(row.help)}')}" for name, row in commands.items()],
             "    )", "    _describe command commands", "    return", "  fi", "  local name=$words[2]",
             "  shift words", "  ((CURRENT--))", "  case $name in"]
    for name, row in commands.items():
        lines += [f"    {name})", "      _arguments \\"]
        lines += [f"        {quote(_zsh_option(option))} \\" for option in row.options]
        lines += [f"        '--help[show options and examples]' '*:word:({' '.join(row.choices)})'", "      ;;"]
    return [*lines, "  esac", "}", "", "if [[ $funcstack[1] == _tensorcalc ]]; then", '  _tensorcalc "$@"', "else",
            "  compdef _tensorcalc tensorcalc", "fi"]


def _zsh_option(option: Option) -> str:
    value = ":file:_files" if option.value == FILE else f":value:({' '.join(option.choices)})" if option.value else ""
    return f"{'*' if option.many else ''}{option.flag}[{_zshed(option.help)}]{value}"


def _zshed(text: str) -> str:
    """A text without what separates the parts of a description."""
    return text.replace("[", "(").replace("]", ")").replace(":", " -")


def _fish(commands: Commands) -> list[str]:
    lines = []
    for name, row in commands.items():
        lines.append(f"complete -c tensorcalc -n __fish_use_subcommand -f -a {name} -d {_fished(row.help)}")
        here = f"-n '__fish_seen_subcommand_from {name}'"
        for option in row.options:
            value = " -rF" if option.value == FILE else " -x" if option.value else ""
            value += f" -a {_fished(' '.join(option.choices))}" if option.choices else ""
            lines.append(f"complete -c tensorcalc {here} -l {option.flag.removeprefix('--')}{value} -d {_fished(option.help)}")
        if row.choices:
            lines.append(f"complete -c tensorcalc {here} -f -a {_fished(' '.join(row.choices))}")
    return lines


def _fished(text: str) -> str:
    """A text in quotes, as fish has them."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


SHELLS: dict[str, Callable[[Commands], list[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
