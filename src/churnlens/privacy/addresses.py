"""Postal addresses in English: "12 Oak Street, Apt 4, Austin, TX 78701", "PO Box 7", "SW1A 1AA".

A street needs a number before it and a capital letter, unless its kind is a clear one ("98 king
street"). Kinds that are words as well ("Way", "Drive", "Court") need a flat or a town behind them
or words such as "I live at" before. A town without postcode, a street without number and a house
that has only a name are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_SEP: Final = r"[, \n]{1,3}"
_NUMBER: Final = r"(?<![\w$€£¥\0])(?<!\d[.,:/-])\d{1,5}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?"
_UNIT: Final = (
    r"(?:(?i:apt|apartment|unit|suite|ste|flat|room|rm|floor|fl|bldg|building|block|lot|level)\.?"
    r" ?#? ?(?:[A-Za-z]?-?\d{1,5}(?:/\d{1,3}|[A-Za-z])?|[A-Z])\b"
    r"|# ?(?:[A-Za-z]?\d{1,5}[A-Za-z]?|[A-Z])\b"
    r"|\d{1,3}(?i:st|nd|rd|th) [Ff]loor\b)"
)
_BUILDING: Final = (
    r"(?:[A-Z][a-z']{1,20} ){1,2}(?:House|Hall|Court|Towers?|Building|Mansions|Lodge|Apartments)\b"
)
_STOP: Final = (
    "an|the|of|on|in|at|my|your|our|this|that|is|are|was|for|to|and|or|per|by|with|from|up|we|you"
    "|they|it|too|so|but|not|no|near|along|across|each|every|last|down|off|out|over|any|other|more"
    "|different|same|am|pm|gb|tb|mb|way|lanes?|wheel|hard|flash|usb|disk|thumb|pen|test|stars?"
    "|minutes?|hours?|days?|weeks?|months?|years?|miles?|km|blocks?|people|guys|kids|times?"
    "|dollars?|percent|points?|feet"
)
_WORD: Final = (
    rf"(?!(?:{_STOP.upper()}|Blocks?|Down|Miles?|Times?|Minutes?|Hours?|Days?|Months?|Hard|Flash|USB)\b)"
    r"(?:[A-Z][A-Za-z']{0,20}(?:-[A-Z][a-z]{1,20})?|(?:St|Mt|Ft|Jr|Sr|Dr|[NSEW]{1,2}|[A-Z])\."
    r"|\d{1,3}(?i:st|nd|rd|th))"
)
_CLEAR: Final = (
    "(?i:street|st|avenue|ave|boulevard|blvd|road|rd|lane|terrace|crescent|cres|parkway|pkwy)"
)
_KINDS: Final = (
    "(?i:drive|dr|way|place|pl|court|ct|square|sq|circle|cir|highway|hwy|trail|trl|close|grove|ln"
    "|gardens|row|hill|walk|alley|loop|plaza|park|view|rise|green|quay|wharf|heights|ridge|path"
    "|pike|crossing|cove|bend|point|mews|yard|parade|passage|expressway|mall)"
)
_NUMBERED: Final = (
    r"(?:(?:[A-Z][A-Za-z]{1,20} )?(?:Highway|Hwy|Route|Rte) \d{1,4}[A-Z]?|County Road \d{1,4}"
    r"|Avenue (?:of the [A-Z][a-z]+|[A-Z])"
    r"|(?:[NSEW]\.? |(?:North|South|East|West) )?(?:Broadway|El Camino Real)"
    r"|(?:Rue|Calle|Via|Camino)(?: [A-Z][a-z]{1,20}(?:-[A-Z][a-z]{1,20})?){1,3})"
)
_SMALL: Final = rf"(?!(?:a|second|{_STOP})\b)[a-z][a-z']{{1,20}}"
_SIDE: Final = r"(?: (?:[NSEW]{1,2}|(?:[Nn]orth|[Ss]outh)?(?:[Ee]ast|[Ww]est)|North|South)\b)?"
_DOT: Final = (
    r"(?:(?:(?<=st|rd|dr|ln|pl|ct)|(?<=St|Rd|Dr|Ln|Pl|Ct)|(?<=[Aa]ve|[Ll]vd))\.(?=,? ?[#A-Z0-9]))?"
)
_NO_STREET: Final = (
    r"(?! (?i:view|journal|fighter|station|food|price|store|shop|fair|tickets?)s?\b)"
)

_STATES: Final = (
    "A[KLRZ]|C[AOT]|DC|FL|GA|I[AL]|K[SY]|M[DNOT]|N[CDEHJMVY]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_WORDS: Final = "ACT|DE|HI|I[DN]|LA|M[AEIS]|O[HKNR]|PA"  # states, and words in capitals
_PROVINCES: Final = "AB|BC|MB|N[BLST]|PE|QC|SK|NSW|VIC|QLD|SA|TAS"
_STATE_NAMES: Final = (
    "(?:North|South) (?:Carolina|Dakota)|New (?:York|Jersey|Mexico|Hampshire)|(?:West )?Virginia"
    "|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia"
    "|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts"
    "|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|Ohio|Oklahoma|Oregon"
    "|Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont|Washington|Wisconsin|Wyoming"
)
_ZIP: Final = r"\d{5}(?:-\d{4})?(?![\w-])"
_AREAS: Final = (
    "(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE"
    "|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]"
    "|UB|W[ACDFNRSV]?|YO|ZE)"
)
_INWARD: Final = r"\d(?!GB|TB)[ABD-HJLNP-UW-Z]{2}\b"
_POSTCODE: Final = rf"(?:{_AREAS}\d[A-Z\d]? ?{_INWARD}|[A-Z]\d[A-Z] ?\d[A-Z]\d\b)"
_COMMA: Final = "(?:(?<=,)|(?<=, ))"
_SURER: Final = "(?:DE|IN|LA|M[AIS]|O[HR]|PA)"  # behind a word in small letters, or a street
_STATE_ZIP: Final = (  # "ME 12000", "UP IN 20190" and "Order ID 12345" are none
    rf"(?:(?:(?i:{_STATES}|{_STATE_NAMES})|{_COMMA}(?:{_WORDS}|m[is])"
    rf"|(?<=[a-z] ){_SURER}){_SEP}{_ZIP}"
    rf"|(?:{_STATES}|{_WORDS}|{_PROVINCES}|{_STATE_NAMES}){_SEP}{_POSTCODE}"
    rf"|(?:(?:NSW{_SEP}[12]|VIC{_SEP}[38]|QLD{_SEP}[49]|SA{_SEP}5|WA{_SEP}6|TAS{_SEP}7)\d"
    rf"|ACT{_SEP}2[69]|NT{_SEP}0[89])\d\d(?![\w-]))"
)
_COUNTRY: Final = (
    rf"(?:{_SEP}(?:USA|United States|UK|United Kingdom|England|Scotland|Wales|Canada|Australia)\b)?"
)
_TOWN: Final = (
    rf"(?:(?:{_SEP}[A-Za-z][A-Za-z'-]{{0,20}}){{0,4}}?{_SEP}"
    rf"(?:{_STATE_ZIP}|(?<=, )(?i:{_STATES}|{_WORDS}) {_ZIP}|(?i:{_POSTCODE}))"
    rf"|, ?(?:[A-Z]{{2,20}} ){{1,2}}{_SURER} {_ZIP}"
    rf"|(?:{_SEP}[A-Z][A-Za-z'-]{{0,20}}){{1,3}}?{_SEP}"
    rf"(?:{_STATES}|{_PROVINCES}|{_COMMA}(?:{_WORDS})|{_STATE_NAMES})\b){_COUNTRY}"
)
_STREET: Final = re.compile(
    rf"(?<![\w\0])(?P<front>(?:(?:{_UNIT}|{_BUILDING})[,/ \n]{{1,3}}){{0,3}})"
    rf"(?P<number>{_NUMBER}),? "
    rf"(?:{_NUMBERED}|(?P<clear>(?:{_WORD} ){{1,5}}{_CLEAR}|(?:{_SMALL} ){{1,3}}{_CLEAR})"
    rf"|(?P<weak>(?:{_WORD} ){{1,5}}{_KINDS}|(?:{_SMALL} ){{1,3}}{_KINDS}))\b"
    rf"{_SIDE}{_NO_STREET}{_DOT}"
    rf"(?P<rest>(?:{_SEP}{_UNIT}){{0,3}}(?:{_TOWN})?)"
)
_BOX: Final = re.compile(
    r"\b(?i:(?:p\.? ?o\.?|post office|postal|g\.?p\.?o\.?|locked|private|(?:rr|hc) \d{1,3},?)"
    rf" ?(?:box|bag)(?: no\.?| number)? ?#? ?[a-z]?\d{{1,7}})\b(?:{_TOWN})?"
)
_CAPITAL: Final = r"[A-Z][A-Za-z'-]{0,20}"
_PLACE: Final = re.compile(
    rf"(?<![\w\0])(?:\d{{1,4}}[a-z]? )?(?:(?:{_CAPITAL}[, \n]{{1,2}}){{1,6}}{_STATE_ZIP}"
    rf"|(?:{_CAPITAL}(?: {_CAPITAL}){{0,3}}(?:, ?|\n)){{1,4}}(?:{_CAPITAL} ){{0,2}}"
    rf"{_AREAS}\d[A-Z\d]? {_INWARD}){_COUNTRY}"
    rf"|(?<![A-Za-z0-9_\0])[a-z]{{3,20}}, ?{_STATE_ZIP}"
    rf"|(?<![\w\0-]){_AREAS}\d[A-Z\d]? {_INWARD}|(?<![\w\0-])[A-Z]\d[A-Z] \d[A-Z]\d\b"
)
_CODE: Final = re.compile(
    r"\b(?i:(?:post ?|postal ?|zip ?)codes?|zip)(?i:[\s:#=,]|is\b|are\b|my\b|number\b){1,6}"
    rf"(?P<code>(?i:{_POSTCODE})|{_ZIP})"
)
_LIVING: Final = re.compile(
    r"(?:\b(?:address|live[sd]?|living|located|resid(?:e[sd]?|ing)|stay(?:ing)?|ship(?:ped|ping)?"
    r"|deliver(?:ed|y)?|sen[dt]|mov(?:ed?|ing)|mail(?:ed)?|house|home|office|lives?|am|are|is)"
    r"[ ,:](?:[a-z' ]{0,16} )?|\bat )\Z",
    re.IGNORECASE,
)
_ONLY_STREETS: Final = re.compile(
    "(?i:square|circle|cir|highway|hwy|grove|ln|gardens|alley|mews|parade|passage|expressway|quay"
    "|wharf|heights|ct|mall|plaza)"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d\Z")
_AT_HOME: Final = re.compile(
    r"\b(?:(?:live[sd]?|living|located|resid(?:e[sd]?|ing)|stay(?:s|ed|ing)?) (?:at|on)"
    r"|(?:ship(?:ped)?|deliver(?:ed)?|sen[dt]|mail(?:ed)?|moved?|moving)(?: it| this| them)? to"
    r"|(?:address|home|house|location)(?: is| was|:)) \Z",
    re.IGNORECASE,
)
_DATED: Final = re.compile(
    r"\b(?:(?<!live )(?<!lives )(?<!lived )(?<!living )in|since|of|until|till|during|year"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|january|february|march|april|may|june|july|august"
    r"|september|october|november|december)\.? \Z",
    re.IGNORECASE,
)

STREET_NUMBER: Final = re.compile(r"\d")
"""A cheap pattern without which no English address is seen."""


def postal_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of English addresses, and of postcodes that stand alone or are named."""
    for match in _STREET.finditer(text):
        before = text[max(0, match.start() - 32) : match.start()]
        if match["front"] or match["rest"] or _is_street(match, before):
            yield match.span()
    for pattern in (_BOX, _PLACE):
        yield from (match.span() for match in pattern.finditer(text))
    yield from (match.span("code") for match in _CODE.finditer(text))


def _is_street(match: re.Match[str], before: str) -> bool:
    """Whether a number and a name without flat and town are a street, by the words before them.

    A kind that is an everyday word, unless written "Way", needs more: "5 bars close".
    """
    if _YEAR.match(match["number"]) and _DATED.search(before):
        return False
    kind = (match["weak"] or "A").split()[-1]
    is_word = not kind.istitle() and not _ONLY_STREETS.fullmatch(kind)
    return bool(match["clear"] or (_AT_HOME if is_word else _LIVING).search(before))
