"""Written dialogues of the assistant: Markdown that a service lead can read and add to.

A heading `## name` opens a situation, a blank line begins another dialogue of it. A line is who
speaks and what is said: `customer:`, or what the assistant does: `answers:`, `asks:`, `refuses:`,
`hands over:`, with the passages that it rests on in brackets at its end. Chinese has 客户, 回答,
询问, 拒绝 and 转交. Facts of the handbook are written `{return_days}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.splits import split_dialogues
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.handbook import Handbook

Status = Literal["answered", "asks", "refused", "handed_over"]

SOURCE = "written"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_DOES: dict[str, Status | None] = {
    **dict.fromkeys(("customer", "客户"), None),
    **dict.fromkeys(("answers", "回答"), "answered"),
    **dict.fromkeys(("asks", "询问"), "asks"),
    **dict.fromkeys(("refuses", "拒绝"), "refused"),
    **dict.fromkeys(("hands over", "转交"), "handed_over"),
}
_LINE = re.compile(rf"(?P<does>{'|'.join(_DOES)})\s*[:：]\s*(?P<text>\S.*)")
_CITED = re.compile(r"\s*\[([a-z_]+\.[a-z_]+)\]")
_CITATIONS = re.compile(rf"(?:{_CITED.pattern})+\s*\Z")


class ScriptError(ValueError):
    """A line that is no line of a dialogue: file, line, what was expected."""


class Said(Frozen):
    """One turn.

    Attributes:
        text: as it is said, facts filled in.
        status: what the assistant does; None where the customer speaks.
        citations: ids of the passages that the assistant's turn rests on.
    """

    text: str
    status: Status | None = None
    citations: tuple[str, ...] = ()


class Script(Frozen):
    """One written dialogue: customer and assistant by turns, the assistant last.

    Attributes:
        id: `en-late_parcel-1`.
        family: the situation; its dialogues stay on one side of a split.
    """

    id: str
    family: str
    language: Language
    turns: tuple[Said, ...] = Field(min_length=2)

    @property
    def citations(self) -> tuple[str, ...]:
        """Ids of all passages that are cited, each once, in order."""
        return tuple(dict.fromkeys(key for turn in self.turns for key in turn.citations))

    def dialogue(self) -> Dialogue:
        """Return it in the form of every task, the status as the act of a turn."""
        turns = (
            Turn(
                speaker="agent" if turn.status else "customer",
                text=turn.text,
                act=turn.status or "",
            )
            for turn in self.turns
        )
        labels = {"family": f"{self.language}-{self.family}"}
        return Dialogue(
            id=self.id, turns=tuple(turns), source=SOURCE, language=self.language, labels=labels
        )


def split_citations(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text without the passage ids in brackets at its end, and the ids."""
    found = _CITATIONS.search(text)
    if not found:
        return text.strip(), ()
    return text[: found.start()].strip(), tuple(dict.fromkeys(_CITED.findall(found[0])))


def read_said(text: str, handbook: Handbook) -> Said:
    """Read one turn of the assistant as a model writes it: `asks: … [shipping.late]`.

    Passages that do not exist are left out.

    Raises:
        ScriptError: when it does not say what it does.
    """
    found = _LINE.fullmatch(" ".join(text.split()))
    if not found or not (status := _DOES[found["does"]]):
        raise ScriptError("expected answers, asks, refuses or hands over, a colon and words")
    words, citations = split_citations(found["text"])
    known = tuple(key for key in citations if key in handbook.passages)
    return Said(text=words, status=status, citations=known)


def load_scripts(folder: Path, handbook: Handbook) -> list[Script]:
    """Read `<language>/*.md` of a folder, file by file.

    Raises:
        ScriptError: naming file and line.
    """
    paths = [path for language in LANGUAGES for path in _files(folder / language)]
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}
    return scripts_of(texts, handbook)


def scripts_of(texts: Mapping[str, str], handbook: Handbook) -> list[Script]:
    """Read the dialogues of texts by their names `<language>/<file>`; see `load_scripts`."""
    scripts = [
        script
        for language in LANGUAGES
        for name, text in sorted(texts.items())
        if name.startswith(f"{language}/")
        for script in read_scripts(text, language, handbook, name)
    ]
    ids = [script.id for script in scripts]
    if twice := {each for each in ids if ids.count(each) > 1}:
        raise ScriptError(f"dialogues: a situation stands in two files: {sorted(twice)[:3]}")
    return scripts


def read_scripts(
    text: str, language: Language, handbook: Handbook, name: str = "dialogues"
) -> list[Script]:
    """Read the dialogues of one text; see the module, and `load_scripts` for errors."""
    scripts: list[Script] = []
    for family, line, block in _blocks(text, name):
        count = sum(script.family == family for script in scripts)
        turns = tuple(
            _said(each, handbook, f"{name}, line {line + n}") for n, each in enumerate(block)
        )
        if len(turns) % 2 or any(bool(t.status) != bool(n % 2) for n, t in enumerate(turns)):
            raise ScriptError(
                f"{name}, line {line}: expected customer and assistant by turns, the customer "
                "first, the assistant last"
            )
        key = f"{language}-{family}-{count + 1}"
        scripts.append(Script(id=key, family=family, language=language, turns=turns))
    return scripts


def split_scripts(scripts: list[Script], held_out: float, seed: int) -> dict[str, list[Script]]:
    """Return `train` and `held_out` scripts; a situation is on one side only, in its language.

    Args:
        scripts: with different ids.
        held_out: share of the situations that are held out, between 0 and 1.
        seed: another seed, another draw.
    """
    by_id = {script.id: script for script in scripts}
    shares = {"train": 1 - held_out, "held_out": held_out}
    sides = split_dialogues([s.dialogue() for s in scripts], shares, seed, family="family")
    return {side: [by_id[each.id] for each in kept] for side, kept in sides.items()}


def _files(folder: Path) -> list[Path]:
    if not (files := sorted(folder.glob("*.md"))):
        raise ScriptError(f"no dialogues: expected *.md files in {folder}")
    return files


def _blocks(text: str, name: str) -> Iterator[tuple[str, int, list[str]]]:
    """Yield situation, first line and lines of each dialogue."""
    family, start, block = "", 0, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], 1):
        plain = line.strip()
        if plain and not plain.startswith("#"):
            start = start if block else number
            block.append(plain)
            continue
        if block:
            if not family:
                raise ScriptError(f"{name}, line {start}: expected a heading '## situation' first")
            yield family, start, block
            block = []
        if plain.startswith("## "):
            family = plain.removeprefix("## ").strip()


def _said(line: str, handbook: Handbook, place: str) -> Said:
    if not (found := _LINE.fullmatch(line)):
        raise ScriptError(f"{place}: expected one of {', '.join(_DOES)}, a colon and words")
    status = _DOES[found["does"]]
    text, citations = split_citations(found["text"])
    if bool(status) != bool(citations):
        raise ScriptError(
            f"{place}: expected passage ids in brackets at the end of every turn of the "
            "assistant, and of no other"
        )
    if unknown := set(citations) - handbook.passages.keys():
        raise ScriptError(f"{place}: no such passage: {', '.join(sorted(unknown))}")
    try:
        return Said(text=handbook.fill(text), status=status, citations=citations)
    except (KeyError, ValueError, IndexError) as error:
        raise ScriptError(f"{place}: no such fact, or a brace too many: {error}") from None
