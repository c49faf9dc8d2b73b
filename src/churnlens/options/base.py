"""What every block of options has in common: it is frozen, and says its faults in plain lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from churnlens.schema import Frozen

_SHOWN = 40  # characters of a value
_MOST = 10  # faults


class OptionsError(ValueError):
    """Every fault of a block, one a line: the option, what was got and expected, and what next."""


class Options(Frozen):
    """Base of every block of options: immutable, unknown names refused."""

    model_config = ConfigDict(hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **how: Any) -> Self:
        """Read a block.

        Raises:
            OptionsError: with every fault at once.
        """
        try:
            return super().model_validate(obj, **how)
        except ValidationError as error:
            raise OptionsError("\n".join(faults_of(error, cls))) from None


def faults_of(error: ValidationError, block: type[BaseModel]) -> list[str]:
    """Return one line for each fault that pydantic found in `block`, at most ten."""
    found = error.errors(include_url=False)
    lines = list(dict.fromkeys(_line(fault, block) for fault in found))
    more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return [*lines[:_MOST], *more]


def nearest(name: str, known: Sequence[str]) -> str:
    """Say what a wrong name may have meant: the nearest known one, or all of them."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"write {close[0]}" if close else f"remove it; there are {', '.join(sorted(known))}"


def _line(fault: Mapping[str, Any], block: type[BaseModel]) -> str:
    place = ".".join(map(str, fault["loc"]))
    owner = _owner(block, fault["loc"])
    known = list(owner.model_fields) if owner else []
    name, message = str(fault["loc"][-1]) if fault["loc"] else "", str(fault["msg"])
    if fault["type"] == "extra_forbidden":
        return f"{place}: got a name that is no option; next: {nearest(name, known)}"
    if fault["type"] == "value_error":  # a rule of the project: it says itself what to do
        return f"{place}: {message.removeprefix('Value error, ')}".removeprefix(": ")
    wanted = message.removeprefix("Input should be ").removeprefix("a ").replace("valid ", "")
    wanted = f"a value {wanted}" if wanted.startswith(("greater", "less")) else wanted
    default = owner.model_fields[name].default if owner and name in known else None
    usual = f", for instance {default!r}" if isinstance(default, str | int | float) else ""
    return f"{place}: got {_got(fault)}, expected {wanted}; next: write such a value{usual}"


def _got(fault: Mapping[str, Any]) -> str:
    """Return a value as far as it cannot be a secret: a number, or a text where a choice was."""
    value, kind = fault["input"], str(fault["type"])
    if kind == "missing":
        return "nothing"
    is_choice = kind == "literal_error" or kind.endswith("_parsing")
    if value is None or isinstance(value, int | float) or (is_choice and isinstance(value, str)):
        return repr(value)[:_SHOWN]
    return "another text" if isinstance(value, str) else "another value"


def _owner(block: type[BaseModel], place: Sequence[Any]) -> type[BaseModel] | None:
    """Return the block that has the last part of `place`, as far as blocks hold blocks."""
    owner: type[BaseModel] | None = block
    for part in place[:-1]:
        field = owner.model_fields.get(str(part)) if owner else None
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        blocks = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
        owner = next(blocks, None)
    return owner
