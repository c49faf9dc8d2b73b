"""Word lists for person names: which parts of names are words as well, titles, surnames."""

from __future__ import annotations

from typing import Final

_ORDINARY = """
able ace allow amber an and angel anonymous answer any april art ash august autumn baker ball
bank banks bass bay bean bell berry best better bill bird bishop bit black blue bob bond bone
book booth brand bright brook brooks brown buck bud burns bush butler call candy care carpenter
case cash chance change charge charity charm chase chat cheap cherry christian church clay
client cliff close coffee cole cook cool cooper cost cotton crystal customer daily dale data
dawn day deal dean dear destiny dick do done dot drew duke dusty earl early east english eve
even fair faith fan fast fee fiber field fields fine fish fisher flowers forest fox france
francis frank free french friend frost gates gay gene german ginger glass gold good grace grant
gray green grey guest guy hall hand happy hardy harmony harp hart he heath heaven held high
hill holiday holly home honest honey hood hope house hunt hunter internet iris ivy jack jade
jasmine jay jean jewel joy july june junior just key kind king knight lake land lane large law
lee less light lily line link little lock long lord love loving low lucky lynch major man many
mark marsh mason max may mean mercy mild miles mills mine mint misty mobile money month moon
more much my network never new nice nick noble none norm north now null oak offer olive only
order page paris park parker pat patience pay peace pearl penny person phoenix phone piper plan
pool poor pope porter post potter power powers price pride prince queen quick rain randy ray
read ready real reed rice rich right ring rivers rob robin rock rocky rose ruby rush rusty sage
sale salt sandy save say see self service sharp she shepherd short sky small so song south
speed spring star stark steel sterling stone storm street strong subscriber sue summer summers
sun sunny sweet swift switch tan test thank thanks time town trinity true trust turner unknown
upset user value van very violet virginia wade walker wall ward watch waters way weaver web
webb week wells west white will willow win winter wise wish with wolf wood woods word work
world worth yes you young
一天 一直 一般 万一 世界 东方 中华 于是 任何 何时 信任 健康 元旦 光明 关于 包括 单位 友好 可以
同意 向上 向前 周到 周期 周末 和平 团结 国庆 多多 大力 天天 如意 学习 安全 安装 安静 容易 小时
希望 常常 平安 幸福 应该 建军 建国 建议 建设 开心 强大 快乐 思想 成功 文化 文明 新年 方便 时间
明天 明白 春天 春节 晴天 朝阳 未来 水平 永远 海洋 温暖 满意 白天 立春 美丽 联系 胜利 自然 解决
计划 许多 费用 进步 金额 长城 长江 阳光 项目 马上 高兴 黄金
"""
ORDINARY: Final = frozenset(_ORDINARY.split())
"""Parts of names that are words as well: alone they are a name only where something says so."""

_STARTERS = """
all allow an and answer any ask best better bill business call case change charge close cost data do
early even fair fast fee fiber good have he high home honest hope how internet just kind law less
little long look love low many mark may mobile money month more much my network new next nice no now
offer on one only open order page pay phone plan please poor post power price quick read real right
sale save say see self service she short so some speed such switch test than thank thanks the they
this time true trust unknown upset user value very watch way web week well why will wish with word
work yes you
"""
SENTENCE_STARTERS: Final = frozenset(_STARTERS.split())
"""Ordinary words that often begin a sentence, where a capital letter therefore says nothing."""

_TITLES = "mr mrs ms miss mx dr prof sir madam jr sr ii iii iv phd md"
TITLES: Final = frozenset(_TITLES.split())

_COMPOUND_SURNAMES = """
上官 东方 东郭 令狐 公冶 公孙 单于 南宫 司徒 司空 司马 呼延 夏侯 太史 宇文 尉迟 慕容 拓跋 欧阳
淳于 澹台 濮阳 独孤 申屠 百里 皇甫 端木 西门 诸葛 赫连 轩辕 钟离 长孙 闻人 鲜于
"""
COMPOUND_SURNAMES: Final = frozenset(_COMPOUND_SURNAMES.split())

HONORIFICS: Final = (
    "先生|女士|小姐|太太|夫人|老师|师傅|经理|总(?![价额量体共数部计之结是])|同学|大哥|大姐|阿姨"
    "|大叔|大爷|大妈|叔叔|爷爷|奶奶|老板|主任|医生|教授|律师|姐|哥|叔|姨|姑娘|某+"
)

NOT_AFTER_LITTLE: Final = frozenset(
    "时米麦康白黄金师年家计包车区红路票水花鱼牛平安常乐方高实是程费毛石钱孙游应古里"
)
"""Surnames that make a word with 小 or 老 (小时, 小米, 老师)."""
