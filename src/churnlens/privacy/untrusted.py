"""Text that strangers wrote, made safe to show to a language model as data.

Three walls: nothing invisible is left (`clean`), nothing that could open a tag, a control token or
a role (`neutralise`), and each document stands, every line quoted, inside a tag that no document
contains (`fence`). They keep the structure of a prompt; they cannot keep a model from believing
what a document says, which is why answers are checked as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from churnlens.privacy.folding import fold

_NEWLINE: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_EMOJI: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0e\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"  # with tags, private use, lone surrogates
    f"|(?<!{_EMOJI})(?<![0-9#*])\ufe0f"  # the emoji selector and joiner stay beside emoji
    f"|(?<!{_EMOJI})(?<!{_EMOJI}\ufe0f)\u200d|\u200d(?!{_EMOJI})"
)
_ANGLES: Final = str.maketrans("<＜﹤>＞﹥", "‹‹‹›››")
_BRACKETED: Final = re.compile(
    r"[\[［]\s*(/?\s*(?:[A-Z][A-Z_ ]*|\|\w+\|"
    r"|(?i:inst|sys(?:tem)?|user|assistant|[gs]?mask)))\s*[\]］]"
)
_ROLE: Final = re.compile(
    r"(?<!\w)((?:system(?: prompt| message)?|user|assistant|human|ai|bot|developer|tool|function"
    r"|model|instructions?|response|(?:系统|开发者)(?:提示词?|消息|指令)?|用户|助手|助理|人类|指令|模型|机器人)"
    r"[\s\"'*_`)\]）】]{0,4})[:：]",
    re.IGNORECASE,
)
_IDENTIFIER: Final = re.compile(r"[\w.:#-]{1,64}")


@dataclass(frozen=True)
class Fenced:
    """Documents as one block of a prompt.

    Attributes:
        block: `<tag id="…">`, the document with "| " before each line, `</tag>`; for each document.
        tag: the name of the tag, which no document contains.
        ids: the documents' ids, in order.
    """

    block: str
    tag: str
    ids: tuple[str, ...]


def clean(text: str) -> str:
    """Return the text without what a reader cannot see; lines end in LF, emoji stay.

    Goes: control characters, zero-width characters, direction overrides, Unicode tags, variation
    selectors, blank letters, private use and lone surrogates.
    """
    return _INVISIBLE.sub("", _NEWLINE.sub("\n", text))


def neutralise(text: str) -> str:
    """Return cleaned text that opens no tag, no control token and no role of a chat template.

    `<` and `>` become `‹` and `›` (no `<|im_start|>`, `</s>`, `<<SYS>>` without them), `[INST]`
    becomes `(INST)`, and the colon after a role ("system:", 用户：) becomes `∶`.
    """
    plain = clean(text).translate(_ANGLES)
    return _ROLE.sub(r"\1∶", _BRACKETED.sub(r"(\1)", plain))


def fence(documents: Mapping[str, str]) -> Fenced:
    """Delimit documents by a tag that none of them can forge; the same documents, the same bytes.

    No body holds a `<` and every line of it starts with "| ", so that a line that starts with `<`
    is the fence's own. The tag is a hash of all documents, taken anew until none contains it.

    Args:
        documents: id → text. An id is made of letters, digits and `. : # - _`, 64 at most.

    Raises:
        ValueError: when an id could break the tag that carries it.
    """
    for place, identifier in enumerate(documents):
        if not _IDENTIFIER.fullmatch(identifier):
            raise ValueError(
                f"document {place + 1} of {len(documents)}: its id ({len(identifier)} characters)"
                " cannot stand in a tag; expected 1 to 64 letters, digits and . : # - _"
            )
    bodies = {identifier: neutralise(text) for identifier, text in documents.items()}
    tag = _tag(bodies)
    block = "\n".join(
        f'<{tag} id="{identifier}">\n| ' + body.replace("\n", "\n| ") + f"\n</{tag}>"
        for identifier, body in bodies.items()
    )
    fenced = Fenced(block, tag, tuple(bodies))
    if unfence(fenced) != bodies:
        raise RuntimeError("the fence does not hold its documents, which is a fault of churnlens")
    return fenced


def unfence(fenced: Fenced) -> dict[str, str]:
    """Read the documents back out of a block, by its structure alone.

    Raises:
        ValueError: at the first line that is neither a tag in its place nor a quoted line.
    """
    lines = iter(fenced.block.split("\n") if fenced.ids else ())
    documents: dict[str, str] = {}
    for line in lines:
        identifier = line.removeprefix(f'<{fenced.tag} id="').removesuffix('">')
        if line != f'<{fenced.tag} id="{identifier}">' or identifier in documents:
            raise ValueError(f"{len(documents)} documents read, then a line outside of a document")
        body = []
        for quoted in lines:
            if quoted == f"</{fenced.tag}>":
                break
            if not quoted.startswith("| "):
                raise ValueError(f"document {len(documents) + 1}: a line that is not quoted")
            body.append(quoted.removeprefix("| "))
        documents[identifier] = "\n".join(body)
    return documents


def _tag(bodies: Mapping[str, str]) -> str:
    """Return a name that is derived from the documents and stands in none of them."""
    content = json.dumps(list(bodies.items()), ensure_ascii=False)
    seen = fold(content).text.lower()
    digests = (hashlib.sha256(f"{n} {content}".encode()).hexdigest()[:12] for n in count())
    return next(f"doc-{digest}" for digest in digests if digest not in seen)
