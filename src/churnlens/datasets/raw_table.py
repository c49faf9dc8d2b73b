"""A delimited text file as people export it: any of five encodings, three delimiters."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import write_file

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TRIED = "utf-8, utf-8-sig, gbk, gb18030, utf-16"
# what bytes of another encoding become in gb18030: rare Han, kana, Cyrillic, Greek, private signs
_SIGNS = re.compile("[\u0370-\u04ff\u3040-\u312f\u3400-\u9fff\ue000-\uf8ff]")
_LEAST_COMMON = 0.4  # share of level one of GB 2312; Chinese has more, even in traditional signs


def _is_common(sign: str) -> bool:
    """Whether a sign is one of the 3755 of level one of GB 2312."""
    code = sign.encode("gb2312", "ignore")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7


def _check_chinese(text: str) -> None:
    """Raise ValueError when text decoded as gb18030 is not Chinese, but of another encoding."""
    signs = _SIGNS.findall(text)
    common = sum(map(_is_common, signs))
    if common < _LEAST_COMMON * len(signs):
        first = next(match for match in _SIGNS.finditer(text) if not _is_common(match.group()))
        line = text.count("\n", 0, first.start()) + 1
        raise ValueError(
            f"not utf-8, and hardly Chinese when read as gb18030: {len(signs) - common} of "
            f"{len(signs)} signs are rare ones, the first in line {line}"
        )


def detect_encoding(data: bytes) -> str:
    """Return the encoding of `data`: by its mark, by its zero bytes, else utf-8, else gb18030.

    Almost any bytes are gb18030 (`José García` in cp1252 would be `Jos閑 Garc韆`), so it is taken
    only where it gives Chinese.

    Raises:
        ValueError: with the line at fault, when no encoding fits.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    head = data[:4096]
    if head.count(0) > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    faults = []
    for name in ("utf-8", "gb18030"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            faults.append(f"{name} fails at line {line}")
        else:
            if name == "gb18030":
                _check_chinese(text)
            return name
    raise ValueError(f"the encoding is none of {_TRIED} ({'; '.join(faults)})")


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return the text of a file, without a byte order mark.

    Args:
        path: the file.
        encoding: any that Python knows; None finds it out, see `detect_encoding`.

    Raises:
        DatasetError: naming the file, and the line that fits no encoding.
    """
    data, step = path.read_bytes(), "save it as utf-8 and try again, or name its encoding"
    try:
        return data.decode(encoding or detect_encoding(data)).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not whole as {error.encoding}; {step}") from None
    except (ValueError, LookupError) as error:
        raise DatasetError(f"{path}: {error}; {step}") from None


def detect_delimiter(text: str) -> str:
    """Return what stands most often in the first line with text: comma, semicolon or tab."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _check_shape(text: str, delimiter: str) -> None:
    """Raise ValueError unless every row has as many cells as the header, and each name is once."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    filled = (row for row in rows if row not in ([], [""]))
    header = [name.strip() for name in next(filled, [])]
    if not any(header):
        raise ValueError("the file is empty; expected a header line and one row a customer")
    if twice := [place for place, name in enumerate(header, 1) if header.index(name) + 1 < place]:
        raise ValueError(
            f"the first line gives column {twice[0]} the name of an earlier one; expected a header "
            "line with each name once: rename or remove it"
        )
    number = 0
    for number, row in enumerate(filled, 1):
        if len(row) != len(header):
            raise ValueError(
                f"row {number} (ends in line {rows.line_num}) has {len(row)} cells, expected "
                f"{len(header)} as in the header; mend the row, or quote cells that hold the "
                f"delimiter {delimiter!r} or a line break"
            )
    if not number:
        raise ValueError("the file has a header and no rows; expected one row a customer")


class RawTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """A CSV file with every cell as text, in whatever encoding it came.

    Reads utf-8, utf-8-sig, gbk, gb18030 and utf-16, or the `encoding` that is named, with comma,
    semicolon or tab; writes utf-8 with commas. Empty cells are empty strings: what they mean is the
    schema's business.
    """

    def __init__(
        self,
        *,
        filepath: str,
        encoding: str | None = None,
        parameter: str = "customers",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Read `filepath`; `encoding` None finds it out; `parameter` of a run names the file."""
        self._filepath = Path(filepath)
        self._parameter = parameter
        self._encoding = encoding
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Return all cells as text; DatasetError says what is wrong with the file and where."""
        if not self._filepath.is_file():
            raise DatasetError(
                f"no file {self._filepath}; give one with --params {self._parameter}=FILE, "
                "or write demo data with `kedro demo-data`"
            )
        text = read_text(self._filepath, self._encoding)
        delimiter = detect_delimiter(text)
        try:
            _check_shape(text, delimiter)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                skipinitialspace=True,
            )
        except (csv.Error, pd.errors.ParserError) as error:
            hint = "look for a quote that is never closed"
            raise DatasetError(f"{self._filepath}: {error}; {hint}") from None
        except ValueError as error:
            raise DatasetError(f"{self._filepath}: {error}") from None
        return frame.rename(columns=lambda name: str(name).strip())

    def save(self, data: pd.DataFrame) -> None:
        """Write `data` as utf-8 CSV, whole or not at all."""
        write_file(self._filepath, data.to_csv(index=False, lineterminator="\n").encode("utf-8"))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "encoding": self._encoding}
