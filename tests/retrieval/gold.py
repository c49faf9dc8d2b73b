"""Gold sets written for these tests: who should be found for which question."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

# Chinese complaints, and questions in other words; the numbers are the documents meant.
CHINESE_DOCUMENTS = (
    "晚上看视频老是卡，网速慢得受不了",
    "每个月账单都比说好的多出几十块",
    "客服电话打了半小时没人接",
    "光猫三天两头掉线，重启也没用",
    "合约期太长，想换套餐要交违约金",
    "隔壁公司同样的带宽便宜一半",
    "搬家以后新小区没有你们的线路",
    "装机师傅约好时间却没有来",
    "信号穿不过墙，卧室连不上无线网",
    "优惠到期后价格直接翻倍，也不提醒",
    "电视盒子画面花屏，节目又少",
    "网上营业厅总是登录失败，交不了费",
    "被莫名其妙开通了增值业务，扣了钱",
    "技术支持态度冷淡，问题拖了两周没解决",
    "玩游戏延迟太高，经常断开",
    "退订流程复杂，要跑三次营业厅",
    "下雨天线路就断，修了好几回",
    "上传速度太慢，在家办公开会都卡",
    "电子发票一直收不到",
    "手机套餐流量不够用，超出部分收费很贵",
    "服务一直很稳定，没有什么可抱怨的",
    "客服很耐心，十分钟就帮我解决了",
    "价格实惠，打算继续用",
    "安装很快，师傅很专业",
)
CHINESE_QUESTIONS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("网络速度慢", (0, 17)),
    ("视频卡顿", (0,)),
    ("账单金额不对", (1,)),
    ("多收费用", (1, 19)),
    ("客服热线没人接听", (2,)),
    ("经常掉线", (3, 14)),
    ("违约金", (4,)),
    ("合同期限过长", (4,)),
    ("竞争对手更便宜", (5,)),
    ("搬家", (6,)),
    ("新地址不能接入", (6,)),
    ("师傅爽约没来安装", (7,)),
    ("无线信号差", (8,)),
    ("卧室没有信号", (8,)),
    ("优惠结束后涨价", (9,)),
    ("价格翻倍", (9,)),
    ("电视花屏", (10,)),
    ("节目内容太少", (10,)),
    ("登录不了网上营业厅", (11,)),
    ("无法缴费", (11,)),
    ("乱扣钱", (12,)),
    ("擅自开通业务", (12,)),
    ("技术支持不解决问题", (13,)),
    ("态度不好", (13,)),
    ("游戏延迟", (14,)),
    ("延迟高的原因", (14,)),
    ("退订太麻烦", (15,)),
    ("办理要跑营业厅", (15,)),
    ("下雨断网", (16,)),
    ("反复维修", (16,)),
    ("上传慢", (17,)),
    ("居家办公会议卡顿", (17,)),
    ("发票没有收到", (18,)),
    ("流量超出收费贵", (19,)),
    ("套餐流量太少", (19,)),
    ("为什么留下的客户满意服务稳定", (20,)),
    ("客服有耐心", (21,)),
    ("实惠的价格", (22,)),
    ("师傅专业", (23,)),
    ("安装速度快", (23,)),
)

# One concept a line: phrases of one meaning that share no word; documents use the first two,
# questions the others.
_ENGLISH_CONCEPTS = (
    ("slow downloads", "videos keep buffering", "poor bandwidth", "sluggish internet"),
    ("bill went up", "costs too much", "overpriced", "expensive rates"),
    ("nobody picked up", "agent was rude", "bad helpdesk", "unfriendly support"),
    ("drops every evening", "line is dead again", "outages", "unstable connection"),
    ("locked into two years", "cancellation fee", "contract terms", "binding agreement"),
    ("rival offered half", "moved to another provider", "competitor deal", "better offer"),
    ("wifi misses upstairs", "router cannot reach rooms", "coverage", "weak signal"),
    ("charged twice", "invoice shows extras", "billing errors", "wrong statement"),
    ("technician never came", "waited all day", "missed appointment", "installation delay"),
    ("channels vanished", "picture freezes", "television faults", "streaming trouble"),
)
_CHINESE_CONCEPTS = (
    ("下载太慢", "视频一直卡", "网速低", "带宽不足"),
    ("账单涨了", "花费太多", "价格昂贵", "资费偏高"),
    ("电话没人接", "坐席很凶", "客服差", "热线态度恶劣"),
    ("每晚掉线", "又断了", "网络故障", "连接不稳"),
    ("绑了两年", "要交违约金", "合约限制", "协议束缚"),
    ("别家半价", "换了运营商", "竞争对手优惠", "同行促销"),
    ("楼上收不到", "穿不过墙", "覆盖弱", "信号微弱"),
    ("扣了两次", "清单多出项目", "计费错误", "收费有误"),
    ("师傅没来", "等了整天", "上门延误", "预约落空"),
    ("频道不见", "画面卡住", "电视问题", "影音异常"),
)
_ENGLISH_PLACES = (
    *("Maplewood", "Riverside", "Oakdale", "Hillcrest", "Lakeview", "Stonebridge"),
    *("Fairmont", "Greenfield", "Kingsway", "Northgate", "Westbrook", "Elmhurst"),
)
_CHINESE_PLACES = (
    *("枫林路", "江滨区", "橡树湾", "山顶街", "湖景苑", "石桥镇"),
    *("华明村", "绿野里", "王府道", "北门口", "西溪巷", "榆园坊"),
)
_LANGUAGES = (
    (_ENGLISH_CONCEPTS, _ENGLISH_PLACES, "At {place} we found: {concept}, as I told you."),
    (_CHINESE_CONCEPTS, _CHINESE_PLACES, "我在{place}的家里{concept}，跟你们说过。"),
)


class GoldSet(NamedTuple):
    """Documents and questions in two languages, with vectors of a toy encoder.

    The toy encoder knows what a phrase means, whatever its words, and confuses places: each has
    one of three directions, drowned in noise. Words know places and never what a phrase means.
    """

    documents: tuple[str, ...]
    document_vectors: np.ndarray
    questions: tuple[str, ...]
    question_vectors: np.ndarray
    exact_terms: tuple[str, ...]
    relevant: tuple[tuple[int, ...], ...]
    chinese: np.ndarray


def synthetic_gold(seed: int = 3) -> GoldSet:
    """Return 480 documents and 240 questions, half Chinese, two relevant documents each."""
    random = np.random.default_rng(seed)
    n_concepts, n_places = len(_ENGLISH_CONCEPTS), len(_ENGLISH_PLACES)
    meanings = random.normal(size=(n_concepts, 32))
    places = random.normal(size=(3, 32)) * 0.3
    documents, questions, terms, relevant, facts, asked = [], [], [], [], [], []
    for language, (concepts, names, template) in enumerate(_LANGUAGES):
        for concept, place in itertools.product(range(n_concepts), range(n_places)):
            relevant.append((len(documents), len(documents) + 1))
            for phrase in concepts[concept][:2]:
                documents.append(template.format(place=names[place], concept=phrase))
                facts.append((concept, place))
            phrase = concepts[concept][2 + place % 2]
            questions.append(f"{names[place]} {phrase}")
            terms.append(names[place])
            asked.append((concept, place, language))
    encode = [meanings[concept] + places[place % 3] for concept, place in facts]
    ask = [meanings[concept] + places[place % 3] for concept, place, _ in asked]
    noise = random.normal(size=(len(documents) + len(questions), 32)) * 0.35
    return GoldSet(
        tuple(documents),
        np.array(encode) + noise[: len(documents)],
        tuple(questions),
        np.array(ask) + noise[len(documents) :],
        tuple(terms),
        tuple(relevant),
        np.array([language == 1 for *_, language in asked]),
    )


def recall(found: list[list[int]], relevant: tuple[tuple[int, ...], ...], k: int = 5) -> float:
    """Return the mean share of relevant documents in the first `k`."""
    shares = [
        len(set(got[:k]) & set(want)) / min(k, len(want))
        for got, want in zip(found, relevant, strict=True)
    ]
    return float(np.mean(shares))
