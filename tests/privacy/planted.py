"""Planted personal data and clean rows in two languages, for the redaction marks (T3).

Every value is made here: digits from a seeded generator, check digits by formulas of their own
(not those under test). `positives()` and `clean_rows()` are deterministic.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from string import ascii_uppercase

FULL_WIDTH = str.maketrans("0123456789@-+", "０１２３４５６７８９＠－＋")


@dataclass(frozen=True)
class Planted:
    """One sentence with one item: `before + value + after`."""

    kind: str
    language: str
    before: str
    value: str
    after: str
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.before + self.value + self.after

    @property
    def redacted(self) -> str:
        return f"{self.before}[{self.kind}]{self.after}"


def digits(rng: random.Random, count: int, first: str = "0123456789") -> str:
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(count - 1))


def luhn_digit(payload: str) -> str:
    """Check digit by the table form of the Luhn formula."""
    double = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    total = sum(double[int(d)] if i % 2 == 0 else int(d) for i, d in enumerate(reversed(payload)))
    return str(-total % 10)


def mod_11_2(payload: str) -> str:
    """Check character by the recursive form of ISO 7064 MOD 11-2."""
    state = 0
    for digit in payload:
        state = (state + int(digit)) * 2 % 11
    return "0123456789X"[(12 - state) % 11]


def group(number: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return separator.join([*parts, number[at:]] if at < len(number) else parts)


def mobile(rng: random.Random) -> str:
    return "1" + rng.choice("3456789") + digits(rng, 9)


def chinese_phone(rng: random.Random) -> str:
    number = mobile(rng)
    area = rng.choice(["010", "021", "0755", "0571", "0898", "028"])
    local = digits(rng, 8 if len(area) == 3 else rng.choice([7, 8]), "23456789")
    return rng.choice([
        number, number, group(number, (3, 4), "-"), group(number, (3, 4), " "),
        group(number, (3, 3), " "), group(number, (4, 3), " "), group(number, (3, 4), "."),
        "+86" + number, "+86 " + number, "86-" + number, "0086" + number, "（+86）" + number,
        "+86 " + group(number, (3, 4), "-"), "(+86)" + group(number, (3, 4), " "), " ".join(number),
        f"{area}-{local}", f"{area}{local}", f"({area}){local}", f"（{area}） {local}",
        f"{area} {group(local, (4,), ' ')}", f"{area}-{local} 转 8012", f"{area}-{local}转306",
        f"+86-{area[1:]}-{local}", f"+86 {area[1:]} {group(local, (4,), ' ')}",
        "400-" + group(digits(rng, 7), (3,), "-"), "400" + digits(rng, 7),
        "800 " + group(digits(rng, 7), (3,), " "), "4008-" + group(digits(rng, 6), (3,), "-"),
    ])  # fmt: skip


def western_phone(rng: random.Random) -> str:
    area, office = digits(rng, 3, "23456789"), digits(rng, 3, "23456789")
    line = digits(rng, 4)
    return rng.choice([
        f"({area}) {office}-{line}", f"({area}){office}-{line}", f"{area}-{office}-{line}",
        f"{area}.{office}.{line}", f"{area} {office} {line}", f"{area}{office}{line}",
        f"1-{area}-{office}-{line}", f"+1 {area} {office} {line}", f"+1{area}{office}{line}",
        f"+1 ({area}) {office}-{line}", f"1 ({area}) {office}-{line}", f"1.{area}.{office}.{line}",
        f"{area}-{office}-{line} ext. 45", f"{area}-{office}-{line} x4512",
        f"001-{area}-{office}-{line}",
        f"+44 20 {digits(rng, 4)} {line}", f"+44 (0)20 {digits(rng, 4)} {line}",
        f"020 7{office} {line}",
        f"07{area} {digits(rng, 6)}", f"07{area}{digits(rng, 6)}",
        f"+33 6 {group(digits(rng, 8), (2, 2, 2), ' ')}",
        f"+49 30 {digits(rng, 8)}", f"+61 4{digits(rng, 2)} {office} {area}",
        f"+91 {digits(rng, 5, '6789')} {digits(rng, 5)}",
        f"+81-3-{digits(rng, 4)}-{line}", f"+852 {digits(rng, 4, '69')} {line}",
        f"+65{digits(rng, 8, '89')}",
        f"0{digits(rng, 1, '6')} {group(digits(rng, 8), (2, 2, 2), ' ')}",
        f"+55 (11) 9{digits(rng, 4)}-{line}",
    ])  # fmt: skip


def short_phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"555-{digits(rng, 4)}",
            digits(rng, 8, "2345678"),
            f"{digits(rng, 4, '23456789')} {digits(rng, 4)}",
        ]
    )


REGIONS = "110101 310115 440305 510104 330106 620102 650104 230102 820000 371302"


def chinese_id(rng: random.Random) -> str:
    region = rng.choice(REGIONS.split())
    born = f"{rng.randint(1935, 2015)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = region + born + digits(rng, 3)
    number = body + mod_11_2(body)
    old = region + born[2:] + digits(rng, 3)
    return rng.choice([
        number, number, number, number.lower(), group(number, (6, 8), " "),
        group(number, (6, 8), "-"),
        group(number, (6, 4, 4), " "), group(number, (3, 3, 4, 4), " "), old,
    ])  # fmt: skip


def ssn(rng: random.Random) -> str:
    area = f"{rng.choice([*range(1, 666), *range(667, 900)]):03}"
    parts = (area, f"{rng.randint(1, 99):02}", f"{rng.randint(1, 9999):04}")
    return rng.choice(["-", " ", "."]).join(parts)


def card(rng: random.Random) -> str:
    prefix, length = rng.choice([
        ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16),
        ("34", 15), ("37", 15),
        ("6011", 16), ("65", 16), ("36", 14), ("3528", 16), ("3589", 16), ("62", 16), ("62", 19),
        ("6222", 19),
        ("6228", 19), ("62", 18), ("62", 17), ("955880", 19), ("5018", 16), ("6759", 16),
        ("2200", 16), ("81", 16),
    ])  # fmt: skip
    body = prefix + digits(rng, length - len(prefix) - 1)
    number = body + luhn_digit(body)
    fours = (4,) * (length // 4)
    forms = [
        number,
        group(number, fours, " "),
        group(number, fours, "-"),
        group(number, fours, " - "),
    ]
    if length == 15:
        forms += [group(number, (4, 6), " "), group(number, (4, 6), "-")]
    if length == 19:
        forms += [group(number, (6,), " ")]
    return rng.choice(forms)


def email(rng: random.Random) -> str:
    user = rng.choice(
        ["zhang.san", "li_si88", "j.doe+spam", "o'neil", "MARY", "a1", "138001", "x-y", "jürgen"]
    )
    host = rng.choice(
        [
            "qq.com",
            "163.com",
            "gmail.com",
            "mail.example.co.uk",
            "corp-a.com.cn",
            "uni.edu",
            "foo.io",
            "b.info",
        ]
    )
    return rng.choice([
        f"{user}@{host}", f"{user}@{host}", f"{user}＠{host}", f"{user} @ {host}",
        f"{user}@{host.upper()}",
        f"{user}(at){host}", f"{user} [at] {host}", f"{user}@{host.replace('.', '．')}",
        f"{user} at {host.replace('.', ' dot ')}",
    ])  # fmt: skip


def order(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
    return rng.choice([
        digits(rng, rng.randint(6, 22), "123456789"), f"{letters}{digits(rng, 6)}",
        f"{letters}-{digits(rng, 5)}",
        f"{letters}-2024-{digits(rng, 5)}", f"{digits(rng, 3)}-{digits(rng, 7)}-{digits(rng, 7)}",
        f"SF{digits(rng, 13)}", f"YT{digits(rng, 13)}", f"1Z999AA1{digits(rng, 8)}{digits(rng, 2)}",
        f"JD{digits(rng, 13)}",
        f"EE{digits(rng, 9)}CN", f"20240501{digits(rng, 8)}",
        f"{digits(rng, 4)}{letters}{digits(rng, 3)}", f"{letters.lower()}{digits(rng, 7)}",
        group(digits(rng, 16, "123456789"), (4, 4, 4), " "), f"{letters}_{digits(rng, 8)}",
        f"{digits(rng, 5, '123456789')}",
    ])  # fmt: skip


ORDER_BEFORE = {
    "zh": [
        "订单号：", "订单号", "订单编号是", "我的订单号是 ", "单号:", "运单号 ", "快递单号：",
        "物流单号为", "麻烦查一下订单 ",
        "工单号【", "退款单号 ", "流水号：", "受理编号：", "订单号码：", "交易单号 #", "发票号码: ",
        "订单（", "包裹单号是：",
    ],
    "en": [
        "my order number is ", "order no. ", "Order #", "order no: ", "Order ID: ", "ORDER NO. ",
        "order ", "Tracking number: ",
        "tracking no ", "tracking # ", "invoice #", "invoice number ", "ticket number ", "Ticket #",
        "case number: ", "ref. no. ",
        "reference number ", "reference: ", "confirmation number ", "booking ref ", "PO number ",
        "transaction id ", "order number (",
        "purchase ", "order: ", "shipment ", "waybill ", "return number: ", "RMA #", "order_id=",
        "complaint no. ",
    ],
}  # fmt: skip
BEFORE = {
    "zh": {
        "phone": ["我的电话是", "请回电：", "手机号", "客服打给我的", "联系", "【", "电话:"],
        "id": ["身份证号：", "我的身份证是", "证件号码", "实名信息", "身份证号码为 ", "开户人"],
        "card": ["银行卡号", "我的卡", "扣款卡号：", "尾款打到", "信用卡：", "请绑定 "],
        "email": ["邮箱是", "发到", "我的邮箱：", "请把账单发给 ", "联系", "邮件"],
    },
    "en": {
        "phone": ["call me at ", "my number is ", "Phone: ", "reach me on ", "", "(", "tel="],
        "id": ["my SSN is ", "SSN: ", "social security number ", "id ", "", "I had to give "],
        "card": ["my card ", "card number: ", "they charged ", "Visa ", "", "cc#", "billing to "],
        "email": ["email me at ", "my address is ", "write to ", "<", "", "contact: "],
    },
}  # fmt: skip
AFTER = {
    "zh": [
        "，谢谢",
        "。",
        "！很生气",
        "",
        "的服务太差",
        "）",
        "已经三天了",
        " 麻烦处理",
        "；等通知",
        "\n第二行",
    ],
    "en": [
        ", thanks",
        ".",
        "! so angry",
        "",
        " and nobody answers",
        ")",
        "\nsecond line",
        " please",
        "; it is late",
        "?",
    ],
}
MAKERS: dict[str, dict[str, Callable[[random.Random], str]]] = {
    "phone": {"zh": chinese_phone, "en": western_phone},
    "id": {"zh": chinese_id, "en": ssn},
    "card": {"zh": card, "en": card},
    "email": {"zh": email, "en": email},
    "order": {"zh": order, "en": order},
}
ENGLISH_NAMES = {
    "Maria Gonzalez": ["MARIA GONZALEZ", "gonzalez, maria", "Maria", "Maria L. Gonzalez"],
    "O'Brien, Patrick": ["Patrick O'Brien", "patrick obrien", "O’Brien", "PATRICK"],
    "Jean-Luc Dupont": ["Jean-Luc Dupont", "Jean Luc Dupont", "dupont", "jean-luc"],
    "Dr. José Álvarez": ["Jose Alvarez", "JOSÉ ÁLVAREZ", "Álvarez"],
    "Bill Hope": ["Bill Hope", "bill hope", "Hope, Bill"],
    "Thandiwe Nkosi Mbeki": ["Thandiwe Mbeki", "Thandiwe Nkosi Mbeki", "Nkosi"],
}  # fmt: skip
CHINESE_NAMES = {
    "王小明": ["王小明", "王先生", "小明", "王 小明", "王总", "小王"],
    "欧阳娜娜": ["欧阳娜娜", "欧阳女士", "娜娜", "欧阳小姐"],
    "李伟": ["李伟", "李先生", "李老师", "老李"],
    "阿布都·热合曼": ["阿布都·热合曼", "阿布都热合曼", "热合曼"],
    "张国庆": ["张国庆", "张师傅"],
    "Chen Xiaoling": ["Chen Xiaoling", "Xiaoling Chen", "xiaoling"],
}
NAME_BEFORE = {
    "zh": ["我是", "您好，", "", "我叫", "客服说"],
    "en": ["this is ", "I am ", "", "signed, ", "hello from "],
}
NAME_AFTER = {
    "zh": ["，网速太慢", "。", "的套餐", ""],
    "en": [", too slow", ".", " again", "'s plan", ""],
}


def disguise(rng: random.Random, kind: str, value: str) -> str:
    """Write every fifth item in full width or with zero-width characters inside."""
    if kind == "email" or len(value) < 7 or rng.random() > 0.2:
        return value
    if rng.random() < 0.5:
        return value.translate(FULL_WIDTH)
    hidden = rng.choice(["\u200b", "\u2060", "\ufeff", "\u00ad", "\u200d"])
    cut = rng.randint(2, len(value) - 2)
    return value[:cut] + hidden + value[cut:]


def positives(each: int = 70, seed: int = 7) -> Iterator[Planted]:
    """Yield `each` items for each kind and language (phone, id, card, email, order), then names."""
    rng = random.Random(seed)
    for kind, makers in MAKERS.items():
        for language, make in makers.items():
            for _ in range(each):
                befores = (
                    ORDER_BEFORE if kind == "order" else {k: v[kind] for k, v in BEFORE.items()}
                )
                before, after = rng.choice(befores[language]), rng.choice(AFTER[language])
                yield Planted(kind, language, before, disguise(rng, kind, make(rng)), after)
    for language, names in (("en", ENGLISH_NAMES), ("zh", CHINESE_NAMES)):
        forms = [(name, form) for name, written in names.items() for form in written]
        for _ in range(each):
            name, form = rng.choice(forms)
            before, after = rng.choice(NAME_BEFORE[language]), rng.choice(NAME_AFTER[language])
            yield Planted("name", language, before, form, after, (name,))


def named_locals(count: int = 40, seed: int = 11) -> Iterator[Planted]:
    """Yield local numbers without an area code, which only the words before them tell."""
    rng = random.Random(seed)
    for _ in range(count):
        language = rng.choice(["zh", "en"])
        before = {
            "zh": ["电话：", "座机 ", "联系电话是"],
            "en": ["call me at ", "phone ", "Tel. no. "],
        }[language]
        yield Planted(
            "phone", language, rng.choice(before), short_phone(rng), rng.choice(AFTER[language])
        )


CLEAN = {
    "en": [
        "I pay ${price} a month and it went up to ${price}.",
        "Since {date} the line drops {small} times a day.",
        "My tenure is {months} months on a two year plan.",
        "Speed is {big}Mbps but I get {small} Mbps.",
        "customer {key} left after {months} months", "The rate rose by {percent}% in {year}.",
        "version {version} of the app crashes",
        "I came in order {small} months ago to save money", "firmware v{version} broke my router",
        "ordered {small} items on {date}",
        "My order from {date} arrived late", "order {small} extra channels for ${price}",
        "{big} GB for {price} USD is a lot",
        "The bill of {date} says ${price}, not ${price}",
        "waited {small} hours and {months} minutes", "between {year} and {year}",
        "from {year}-{year} I had no issue", "call 611 or 911, nobody helps",
        "room {small}, floor {small}, {months} neighbours agree",
        "{percent}% of {big} customers", "my case {small} times closed",
        "the number {big} is wrong on the bill",
        "I ordered the {big} channel pack", "paid {price} + {price} = too much",
        "open {small}:30-18:00, {small} days",
        "{compact} was the day I signed", "total {thousands} rows, {thousands} left",
        "rated {small}/10, support {small} of 5",
        "at 12:30:45 on {date} it stopped", "0.{big}{big} is the probability",
        "AUC 0.8452 [0.8312, 0.8590], n = {thousands}",
        "I want my 4K TV, 5G and Wi-Fi 6E back", "ticket price ${price}",
        "invoice amount ${price} for {months} days",
        "look at example.com or @support for help", "ids {key}, {key} and {key}",
        "fees: {small}, {months}, {big}",
    ],
    "zh": [
        "每月{price}元，比去年涨了{percent}%", "从{date}开始每天断线{small}次",
        "在网{months}个月，两年合约", "网速标{big}M，实际只有{small}M",
        "客户{key}在第{months}个月流失", "{year}年涨价{percent}%", "版本{version}闪退",
        "订单{small}个月还没处理", "固件版本 {version} 升级后更慢",
        "{date}下的订单还没到", "套餐{price}元/月，流量{big}GB",
        "{date}的账单是{price}元，不是{price}元", "等了{small}小时{months}分钟",
        "{year}年到{year}年一直用", "打10086没人接，打95588也不行", "{big}户里有{percent}%投诉",
        "{compact}签的合同", "共{thousands}行，流失{thousands}人",
        "评分{small}/10", "{date} 12:30:45 断网", "我买了{small}台路由器，{big}元",
        "订单金额{price}元，优惠{small}元", "编号{key}的客户",
        "第{small}次打电话投诉了", "一二三四五，上山打老虎", "第{year}-{small}期活动",
        "手机用了{months}个月就坏了", "电话打了{small}次，等了{months}分钟",
        "快递{small}天才到", "流水{big}万元", "{small}G套餐{price}块，{months}兆宽带",
        "概率是0.{big}{big}", "身份证过期了，要等{small}天",
    ],
}  # fmt: skip


DATES = ["{}-{:02}-{:02}", "{}/{}/{}", "{}.{:02}.{:02}", "{}年{}月{}日"]


def _fill(rng: random.Random, template: str) -> str:
    year, month, day = rng.randint(2015, 2026), rng.randint(1, 12), rng.randint(1, 28)
    makers: dict[str, Callable[[], str]] = {
        "price": lambda: f"{rng.uniform(18, 9000):.2f}",
        "date": lambda: rng.choice(DATES).format(year, month, day),
        "compact": lambda: f"{year}{month:02}{day:02}",
        "months": lambda: str(rng.randint(1, 72)),
        "small": lambda: str(rng.randint(2, 9)),
        "big": lambda: str(rng.choice([50, 100, 128, 500, 1000, 3096, 7043])),
        "year": lambda: str(rng.randint(2015, 2026)),
        "percent": lambda: f"{rng.uniform(1, 90):.1f}",
        "thousands": lambda: f"{rng.randint(1000, 9999999):,}",
        "version": lambda: rng.choice(["2.1", "10.0.19045", "1.2.3.4", "3.14.159", "16.5.1"]),
        "key": lambda: f"{digits(rng, 4)}-" + "".join(rng.choices(ascii_uppercase, k=5)),
    }  # fmt: skip
    while "{" in template:
        name = template[template.index("{") + 1 : template.index("}")]
        template = template.replace("{" + name + "}", makers[name](), 1)
    return template


def clean_rows(each: int = 8, seed: int = 5) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield rows without personal data: text, and the names of a customer who is not in it."""
    rng = random.Random(seed)
    owners = [(), ("Bill Price",), ("王伟",), ("Mark May",), ("Grace Long",), ("李国庆",)]
    for templates in CLEAN.values():
        for template in templates:
            for _ in range(each):
                yield _fill(rng, template), rng.choice(owners)
