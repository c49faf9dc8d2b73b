"""Postal addresses in Chinese: 建国路88号院3号楼1201室, 阳光花园3栋, 春华镇金鼎山村3组, 3栋501室.

The core of an address is a road with a number, a named estate with a building, two numbers of a
house (building and flat), or a village or estate behind the name of its town; from there the names
before it and the numbers behind it are taken in. Not seen are a province or town alone (two of them
are after 地址 or 住在), a road without number, and 3号楼 alone; nor is what has a number and is no
address (线路12号, 2号线).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_LISTED = """
北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东
海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 广州 深圳 珠海 汕头
佛山 东莞 中山市 惠州 江门 湛江 南京 苏州 无锡 常州 南通 徐州 扬州 盐城 镇江 杭州 宁波 温州 嘉兴
绍兴 金华 台州 湖州 合肥 芜湖 福州 厦门 泉州 漳州 莆田 南昌 赣州 九江 济南 青岛 烟台 潍坊 临沂
淄博 郑州 洛阳 开封 南阳 武汉 宜昌 襄阳 长沙 株洲 湘潭 衡阳 岳阳 成都 绵阳 德阳 贵阳 遵义 昆明
大理 西安 咸阳 宝鸡 兰州 西宁 银川 乌鲁木齐 石家庄 唐山 保定 邯郸 秦皇岛 廊坊 太原 大同 呼和浩特
包头 沈阳 大连 鞍山 长春 哈尔滨 大庆 南宁 柳州 桂林 海口 三亚 拉萨 韶关
"""
_PLACES: Final = "|".join(_LISTED.split())
_OTHER: Final = "的到送寄在我你您他她它们是了没有住址这那哪个请给把吗呢吧啊说不去往派"  # in no name
_HAN: Final = rf"(?:(?![{_OTHER}])[\u3400-\u9fff])"
_NAME: Final = (  # 放 and its like are verbs, but for 解放路, 从化路, 为民路
    rf"(?:(?![{_OTHER}从至来为与叫放整每各])[\u3400-\u9fff]|(?<=[解开])放|(?<=蓬)来|(?<=大)有"
    r"|(?:从(?=化)|来(?=[安宾])|为(?=民)|至(?=善)|有(?=恒))(?=.(?:[市县区]|\Z)))"
)
_REGION: Final = (
    "(?:省|自治[区州县]|(?<![城超上门都股夜])市(?![场民面价值内里])|县|旗|镇|乡|街道"
    "|(?<![小社地市片专景校厂山郊战误一二三四五六七八九十])区(?![别分]))"
)
_NUMBER: Final = (
    r"(?:[A-Z]?\d{1,5}[A-Z]?(?:-\d{1,4})?|[一二三四五六七八九十百零〇]{1,6}|[甲乙丙丁])"
)
_NO_UNIT: Final = "(?![线店机厅门元])"
_PART: Final = (
    rf"(?: ?,? ?(?:[东西南北]?{_NUMBER}|[A-Z东西南北])"
    rf"(?:号楼|号院|号|弄|栋|幢|座|区|期|单元|门|楼|层|室|户|房|组|队|院){_NO_UNIT}|之[一二三四五六七八九\d])"
)
_ROOM: Final = r"(?: ?-?[A-Z]?\d{1,4}-\d{1,4}| ?-?[A-Z]?\d{3,4})(?![\d年月日元块次个天兆张M.%])"
_ESTATE: Final = (
    "(?:小区|花园|花苑|家苑|名苑|公寓|大厦|广场|家园|嘉园|新村|新城|名城|公馆|宿舍|家属[院楼]|雅居"
    "|山庄|别墅|商城|[科产工][业技]园)"
)
_HOUSE: Final = (
    rf"(?: ?(?:(?![{_OTHER}断网号慢差坏修要等和都就才还又很太])[\u3400-\u9fffA-Za-z]){{1,12}}?"
    rf"(?:{_ESTATE}|中心|大楼|学校|[大中小]学|公司|酒店|医院|商场|[校园]区|[城府苑园](?!{_ESTATE})))"
)
_REST: Final = rf"(?:{_HOUSE}|{_PART}|{_ROOM}){{0,8}}"
_COURT: Final = "[园苑府湾庭居坊]"
_BUILDING: Final = rf"(?:{_NUMBER}|[A-Z]) ?(?:号楼|号院|栋|幢|座)"

_ROAD: Final = re.compile(
    r"(?:大道|大街|路|街|巷|胡同)(?:[东西南北中]|[一二三四五六七八九十东西南北]段)? ?"
    rf"{_NUMBER} ?(?:号院?|弄){_NO_UNIT}{_REST}"
)
_LANE: Final = re.compile(
    rf"(?:[道里]|公路) ?{_NUMBER}号{_NO_UNIT}{_REST}"
    rf"|{_COURT} ?\d{{1,3}}-\d{{1,3}}(?:-\d{{3,4}})?(?![\d-])"
)
_IN_ESTATE: Final = re.compile(
    rf"(?:{_ESTATE}|{_COURT})(?:[东西南北A-Z]区|[一二三四五六七八九十\d]期)? ?[东西南北]?"
    rf"(?:{_BUILDING}|{_NUMBER}(?:单元|室)){_REST}"
    rf"|[村屯庄寨] ?{_NUMBER}(?:号|组|队|社){_NO_UNIT}{_REST}"
)
_IN_TOWN: Final = re.compile(rf"(?:{_ESTATE}|社区|[村屯庄寨]){_REST}")
_FLAT: Final = r"(?:\d{1,3}[室户]|\d{3,4}(?:[室号房]|(?![\d年月日元块次个天兆多户人M.%])))"
_INSIDE: Final = re.compile(
    rf"(?<![0-9A-Za-z-])(?:{_BUILDING} ?,? ?(?:{_NUMBER} ?(?:单元|门){_REST}|{_FLAT})"
    rf"|\d{{1,4}}楼(?:\d{{1,3}}门\d{{3,4}}|\d{{3,4}}[室房])"
    rf"|{_NUMBER} ?单元 ?,? ?{_FLAT}|{_NUMBER}弄{_NUMBER}号{_REST})"
)
_LABELLED: Final = re.compile(
    rf"(?:地址|住址|住在|家在)[是为:： ]{{0,3}}(?P<place>(?:{_HAN}{{1,8}}?{_REGION} ?){{2,5}})"
)
_POST: Final = re.compile(
    r"邮政?编码?[是为:： ]{0,3}(?P<code>\d{6})(?!\d)|(?P<box>\d{2,6}号?信箱(?:\d{1,4}分箱)?)"
    r"|(?P<post>邮政信箱 ?\d{1,6}号?)"
)
_NO_CORE: Final = re.compile("(?:[线网电思马道套链短走迷条半]路|[逛上]街|[农乡全本]村)\\Z")
_KNOWN: Final = re.compile(rf"(?:{_PLACES})(?:{_HAN}| ){{0,36}}\Z")
_REGIONAL: Final = re.compile(rf"(?P<first>{_NAME}{{1,3}}?{_REGION})(?:{_HAN}| ){{0,36}}\Z")
_NAMED: Final = re.compile(rf"{_NAME}{{2,4}}\Z")
_NAMED_COURT: Final = re.compile(
    rf"(?:{_NAME}{{2,4}}(?:(?:{_ESTATE}|{_COURT}|里)(?:{_NUMBER}[区期])?|{_NUMBER}[区期]))?\Z"
)
_CORES: Final = (
    (_ROAD, _NAMED, False),
    (_IN_ESTATE, _NAMED, False),
    (_INSIDE, _NAMED_COURT, False),
    (_LANE, _NAMED, True),
    (_IN_TOWN, _NAMED, True),
)

HOUSE_NUMBER: Final = re.compile("[路街道巷同弄里村屯庄寨园苑厦区寓城栋幢座楼院址编箱舍墅]")
"""A cheap pattern without which no Chinese address is seen."""


def chinese_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of Chinese addresses, and of postcodes that are named."""
    for pattern, head, needs_town in _CORES:
        for core in pattern.finditer(text):
            before = text[max(0, core.start() - 40) : core.start()]
            if (length := _names_before(before, core, head, needs_town)) is not None:
                yield core.start() - length, core.end()
    yield from (match.span("place") for match in _LABELLED.finditer(text))
    yield from (match.span(match.lastgroup or 0) for match in _POST.finditer(text))


def _names_before(
    before: str, core: re.Match[str], head: re.Pattern[str], needs_town: bool
) -> int | None:
    """Return how many characters before the core of an address are names; None where it is none."""
    if _NO_CORE.search(before + core.group()[:1]):
        return None
    known, regional = _KNOWN.search(before), _REGIONAL.search(before)
    if needs_town and not regional:
        return None
    if known and regional and known.start() >= regional.end("first"):
        known = regional  # 静安区南京西路
    names = known or regional or head.search(before)
    return len(before) - names.start() if names else None
