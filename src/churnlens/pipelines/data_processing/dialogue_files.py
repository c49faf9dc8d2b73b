"""The dialogue file on its way in: read in any of eight forms, its faults told, never the words."""

from __future__ import annotations

import logging
from typing import Any, Final

from kedro.validation import DataValidationError

from churnlens.dialogues.form import Reading, Scale
from churnlens.dialogues.reading import Form, detect_form, read_dialogues

logger = logging.getLogger(__name__)

SHOWN = 5
LINE_CHARS = 300
_PLAIN: Final = (
    '{"id": "D1", "customer": "C7", "turns": [{"speaker": "customer", "text": "My parcel is late", '
    '"rating": 2}, {"speaker": "agent", "text": "I am sorry"}]}'
)
_EXAMPLES: Final[dict[str, str]] = {
    "table": "dialogue_id,speaker,text,rating,customer and then D1,customer,My parcel is late,2,C7",
    "uss": "USER, My parcel is late, COMPLAIN, 2,3,2 with a tab between each",
    "messages": '{"messages": [{"role": "user", "content": "My parcel is late"}]}',
    "sharegpt": '{"conversations": [{"from": "human", "value": "My parcel is late"}]}',
    "alpaca": '{"instruction": "My parcel is late", "input": "", "output": "I am sorry"}',
}


class DialogueFileError(DataValidationError):
    """A file without one dialogue; the message lists the first faults in full."""

    def __str__(self) -> str:
        """Return the whole message; Kedro's own rendering would cut the faults off."""
        return self.message


def first_faults(reading: Reading) -> list[str]:
    """Return the first faults, a bounded line each: row, what was got, what was expected."""
    return [str(fault)[:LINE_CHARS] for fault in reading.faults[:SHOWN]]


def explain(reading: Reading, source: str, form: Form | None) -> str:
    """Return the first faults as a message of bounded length that ends with the next step."""
    kept, faults = len(reading.dialogues), len(reading.faults)
    lines = [f"{source}: {kept} dialogue(s), and {faults} row(s) that are none"]
    lines += [f"  - {fault}" for fault in first_faults(reading)]
    if faults > SHOWN:
        lines.append(f"  … and {faults - SHOWN} more")
    lines.append(f"A right row: {_EXAMPLES.get(form or 'plain', _PLAIN)}")
    lines.append("Mend the file, or name its form with --params dialogue_form=FORM (docs/data.md).")
    return "\n".join(lines)


def describe(reading: Reading, form: Form | None) -> str:
    """Return in one line what was read, and in which form."""
    counts = reading.counts()
    languages = ", ".join(f"{name} {count}" for name, count in sorted(counts["languages"].items()))
    return (
        f"{counts['dialogues']} dialogues of form {form} ({languages}), {counts['turns']} turns, "
        f"{counts['rated_turns']} of them rated"
    )


def read_file(
    text: str, form: Form | None = None, scale: dict[str, int] | None = None
) -> tuple[Reading, Form | None]:
    """Return what was read, and the form that it was read in; None for a form not known.

    Args:
        text: the whole file.
        form: None finds it out.
        scale: of the ratings, `low` and `high`, where the form fixes none; None is 1 to 5.
    """
    found = form or detect_form(text)
    return read_dialogues(text, form=found, scale=Scale(**scale) if scale else None), found


class DialogueFile:
    """The validator of the catalog entry `dialogues`: a text in, a `Reading` out."""

    def __init__(
        self,
        source: str = "dialogues",
        form: Form | None = None,
        scale: dict[str, int] | None = None,
    ) -> None:
        """Read in `form`, None finds it out; `source` names the file in messages."""
        self._source, self._form, self._scale = source, form, scale

    def validate(self, data: Any) -> Reading:
        """Return the dialogues and the faults, which are logged; DialogueFileError without any."""
        reading, form = read_file(data, self._form, self._scale)
        if not reading.dialogues:
            raise DialogueFileError(explain(reading, self._source, form))
        if reading.faults:
            logger.warning(explain(reading, self._source, form))
        return reading
