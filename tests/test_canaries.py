"""Fifty planted personal items: after run, predict and ask, none is anywhere but in 01_raw."""

import html
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from churnlens.simulation import simulate_customers
from commands import QUESTIONS, command, parameters
from privacy.planted import digits, luhn_digit, mod_11_2

pytestmark = pytest.mark.slow

NAMES = {
    "en": ("Zebulon Quackenbush", "Ottoline Fazackerley", "Thaddeus Wigglesworth",
           "Philomena Ravenscroft", "Ignatius Throckmorton"),
    "zh": ("欧阳锦程", "司马瑾瑜", "诸葛沐宸", "慕容语嫣", "上官婉凝"),
}  # fmt: skip
SAYS = {
    "en": {
        "phone": "The price is too high, call me at {} before I cancel.",
        "email": "Nobody answered my mail, write to {} about the outage.",
        "card": "You charged my card {} twice for a slow connection.",
        "id": "Support asked for my resident id {} three times.",
        "order": "The technician for order number {} never came.",
        "name": "My name is {} and the internet drops every night.",
    },
    "zh": {
        "phone": "价格太贵了，退订前请打我电话{}，谢谢。",
        "email": "网络总是断线，请把处理结果发到{}。",
        "card": "扣费两次，我的银行卡号{}请核对。",
        "id": "客服让我报了三遍身份证号{}，很不满意。",
        "order": "订单号{}，一直没有人上门安装。",
        "name": "我是{}，晚上网速太慢，没法看视频。",
    },
}


def canary(kind: str, language: str, rng: random.Random) -> str:
    if kind == "phone":
        return "13" + digits(rng, 9) if language == "zh" else f"617-555-{digits(rng, 4)}"
    if kind == "email":
        return f"canary{digits(rng, 5)}@{'qq.com' if language == 'zh' else 'example.org'}"
    if kind == "card":
        body = "62" + digits(rng, 13)
        return body + luhn_digit(body)
    if kind == "id":
        body = f"110101{rng.randint(1950, 2000)}{rng.randint(1, 12):02}{digits(rng, 5, '12')[:2]}"
        body += digits(rng, 17 - len(body))
        return body + mod_11_2(body)
    return f"ORD-2024{digits(rng, 7)}"


def planted(seed: int = 13) -> pd.DataFrame:
    """Fifty canaries with `kind`, `language`, `value`: four of each kind and language, ten names."""
    rng = random.Random(seed)
    kinds = ("phone", "email", "card", "id", "order")
    rows = [(k, lang, canary(k, lang, rng)) for k in kinds for lang in SAYS for _ in range(4)]
    rows += [("name", language, name) for language, names in NAMES.items() for name in names]
    return pd.DataFrame(rows, columns=["kind", "language", "value"])


CANARIES = planted()
VALUES = CANARIES["value"].tolist()


def customers() -> pd.DataFrame:
    """A table whose leavers say the canaries; mail and phone are columns that no schema names."""
    frame = simulate_customers(300, seed=3).customers.astype(str).assign(Mail="", Phone="")
    left = frame.index[frame["Churn"] == "Yes"][: len(CANARIES)]
    for row, each in zip(left, CANARIES.itertuples(), strict=True):
        frame.loc[row, "CustomerFeedback"] = SAYS[each.language][each.kind].format(each.value)
        column = {"name": "CustomerName", "email": "Mail", "phone": "Phone"}.get(each.kind)
        if column:
            frame.loc[row, column] = each.value
    return frame


def squeeze(text: str) -> str:
    """Return a text without what people put between digits, in one case."""
    return re.sub(r"[\s\-.()+]", "", text).casefold()


def strings(value) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for each in value:
            yield from strings(each)
    else:
        yield str(value)


def readings(path: Path) -> Iterator[str]:
    """Yield what a file says: its bytes in three encodings, and its content unpacked."""
    data = path.read_bytes()
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        yield data.decode(encoding, errors="ignore")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        yield "\n".join("\n".join(frame[column].astype(str)) for column in frame)
    elif path.suffix in {".json", ".jsonl"}:
        lines = data.decode().splitlines() if path.suffix == ".jsonl" else [data.decode()]
        yield "\n".join("\n".join(strings(json.loads(line))) for line in lines)
    elif path.suffix == ".html":
        yield html.unescape(data.decode())


def found(text: str) -> set[str]:
    squeezed = squeeze(text)
    return {value for value in VALUES if value in text or squeeze(value) in squeezed}


def leaks(folder: Path) -> dict[str, set[str]]:
    """Return file → canaries for every file under `folder` that holds any, outside 01_raw."""
    files = [path for path in folder.rglob("*") if path.is_file() and "01_raw" not in path.parts]
    seen = {path.name: set().union(*map(found, readings(path))) for path in files}
    return {name: values for name, values in seen.items() if values}


@pytest.fixture(scope="module")
def job(project, models, tmp_path_factory):
    """The data root after run, predict and ask, and all that these printed."""
    folder = tmp_path_factory.mktemp("canaries")
    root = folder / "data"
    (root / "01_raw").mkdir(parents=True)
    customers().to_csv(root / "01_raw" / "customers.csv", index=False)
    asked = [*QUESTIONS[:2], "Why do customers leave?", "客户为什么流失？"]
    (folder / "questions.yml").write_text(json.dumps(asked), encoding="utf-8")
    rows = [json.dumps({"id": n, "query": text}) for n, text in enumerate(asked)]
    (folder / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    words = ("--env", "tiny", "--data-root", root, "--writer", "template")
    done = [
        command(project, "run", *parameters(root, root / "01_raw" / "customers.csv")),
        command(project, "predict", "churn", folder / "in.jsonl", root / "out.jsonl", *words),
        command(project, "ask", "客户为什么流失？", *words),
    ]
    return root, "".join(each.stdout + each.stderr for each in done)


def test_fifty_different_canaries_stand_in_the_table():
    assert CANARIES["value"].nunique() == 50
    assert found(customers().to_csv()) == set(VALUES)


def test_no_file_outside_the_raw_folder_holds_any(job):
    root, _ = job
    assert (root / "07_model_output" / "churn" / "prediction_cache").is_dir()
    assert (root / "out.jsonl").stat().st_size > 1000
    assert leaks(root) == {}


def test_nothing_printed_or_logged_holds_any(job):
    _, printed = job
    assert "[" in printed
    assert found(printed) == set()


def test_what_was_said_around_them_is_kept_and_counted(job):
    root, _ = job
    said = "\n".join(pd.read_parquet(root / "03_primary/churn/feedback.parquet")["feedback"])
    for language, sentences in SAYS.items():
        for kind, sentence in sentences.items():
            wanted = sentence.format(f"[{kind}]")
            assert said.count(wanted) == (5 if kind == "name" else 4), (language, kind)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.json", lambda path, text: path.write_text(json.dumps({"deep": [{text: 1}]}))),
        ("a.jsonl", lambda path, text: path.write_text(json.dumps({"quote": f"x {text}"}) + "\n")),
        ("a.parquet", lambda path, text: pd.DataFrame({"t": [text] * 9}).to_parquet(path)),
        ("a.html", lambda path, text: path.write_text("".join(f"&#{ord(c)};" for c in text))),
        ("a.faiss", lambda path, text: path.write_bytes(b"\x00\xff\x07" + text.encode() + b"\x80")),
        ("run.lock", lambda path, text: path.write_bytes(text.encode("utf-16"))),
        ("a.log", lambda path, text: path.write_text(" ".join(text), encoding="utf-8")),
    ],
)
@pytest.mark.parametrize("value", [VALUES[0], VALUES[4], NAMES["zh"][0]])
def test_the_search_would_find_one(tmp_path, name, write, value):
    (tmp_path / ".state").mkdir()
    write(tmp_path / ".state" / name, value)
    assert leaks(tmp_path) == {name: {value}}
