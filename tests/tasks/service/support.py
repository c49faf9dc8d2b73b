"""The handbook, the dialogues and the rules of the project, and an encoder without a model."""

from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

from churnlens.models.generation import Message
from churnlens.options import AssistantOptions, SearchOptions, Similarity
from churnlens.retrieval.tokenize import tokenize
from churnlens.tasks.service.handbook import load_handbook
from churnlens.tasks.service.knowledge import build_knowledge
from churnlens.tasks.service.prompts import load_prompts
from churnlens.tasks.service.rules import load_rules
from churnlens.tasks.service.scripts import load_scripts

ROOT = Path(__file__).parents[3]
CONF = ROOT / "conf/base/service"
HANDBOOK = load_handbook(CONF / "handbook")
SCRIPTS = load_scripts(CONF / "dialogues", HANDBOOK)
RULES = load_rules(CONF / "rules.yml")
PROMPTS = load_prompts(ROOT / "prompts/service.yml")

LOW = Similarity(en=0.25, zh=0.25)
OPTIONS = AssistantOptions(search=SearchOptions(least=LOW, alone=LOW))


class WordEncoder:
    """Vectors of hashed words: texts that share words are near."""

    dimension = 2039

    def encode(self, texts, *, query=False):
        rows = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in tokenize(text):
                row[crc32(token.encode()) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@cache
def knowledge():
    off_topic = ["What is the capital of France?", "帮我写一首诗"]
    return build_knowledge(HANDBOOK, RULES, PROMPTS, WordEncoder(), OPTIONS, SCRIPTS, off_topic)


def conversation(*said):
    """The customer's turns, with something that the assistant said between them."""
    turns = [
        message
        for text in said
        for message in (
            Message(role="user", content=text),
            Message(role="assistant", content="…"),
        )
    ]
    return turns[:-1]
