"""Characters to tokens: one spelling for every way of typing a question."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from churnlens.evidence.parsing.idioms import without_idioms
from churnlens.schema import Language

MAX_CHARACTERS = 2_000
LANGUAGE_SHARE = 0.2  # from this share of Chinese characters among the letters a text is Chinese

# Traditional and simplified characters in pairs, those of the vocabulary.
_PAIRS = (
    "為为麼么個个們们還还沒没無无與与對对於于來来時时開开關关網网費费賬账帳账單单電电話话線线寬宽帶带設设備备護护術术視视頻频"
    "戶户歲岁齡龄長长達达滿满過过雙双簽签約约續续離离棄弃銷销轉转動动決决樣样類类別别區区間间門门頭头給给結结經经歷历會会員员"
    "應应該该請请問问幫帮說说講讲談谈點点條条項项種种總总計计並并從从價价優优質质標标準准測测預预產产業业務务顧顾體体驗验處处"
    "導导致致誰谁幾几貴贵錢钱銀银號号協协議议夠够東东西西兩两萬万億亿數数據据舊旧爾尔幣币圓圆塊块愛爱憂忧隱隐屬属寫写變变減减"
    "國国內内層层級级較较輕轻連连選选擇择響响勢势紙纸償偿權权題题額额顯显現现規规觀观覺觉認认為为識识試试詢询買买賣卖進进遠远"
    "適适鍵键錯错閉闭聯联絡络維维繫系績绩縮缩織织統统緊紧節节範范築筑終终許许訂订記记訊讯評评調调證证讓让豐丰負负責责購购邊边"
    "運运遞递遷迁裡里裏里鐘钟錄录鎖锁際际隊队階阶隨随險险雜杂難难靈灵願愿餘余騰腾驅驱齊齐嗎吗妳你機机檢检歡欢獎奖異异當当療疗"
    "監监盤盘眾众確确禮礼積积穩稳競竞筆笔簡简糧粮純纯細细組组絕绝編编縣县繼继罰罚聞闻聲声職职聽听腦脑薦荐虧亏僅仅億亿傳传債债"
    "傾倾價价儘尽勞劳勵励啟启園园圍围執执場场壞坏夥伙將将專专尋寻層层島岛幹干後后復复徵征態态慮虑懷怀戀恋戲戏扣扣採采掛挂損损"
    "擁拥擔担據据攜携敗败斷断晝昼曉晓書书會会極极構构樂乐橋桥歐欧歸归殘残漲涨潛潜熱热營营獨独獲获率率畫画癥症眼眼礎础稱称窩窝"
    "筛筛級级脫脱舉举萊莱著着號号術术補补裝装製制複复討讨訪访詳详誘诱誤误課课諮咨謝谢譯译費费賞赏趨趋輯辑轉转辦办農农郵邮鄰邻醫医"
    "纖纤儲储庫库櫃柜釐厘滯滞嚇吓虛虚壓压膽胆盡尽鏡镜傑杰僱雇偽伪兇凶冊册劇剧勁劲勝胜嘗尝夾夹奪夺奮奋婦妇孫孙寧宁審审導导嶺岭師师廠厂廣广彈弹彎弯憑凭戰战抬抬捨舍"
    "釋释銳锐鏈链鑒鉴闆板閱阅闡阐陸陆隻只須须頂顶頗颇領领頁页飽饱養养駐驻騙骗髮发鬥斗鬧闹魯鲁黃黄點点龐庞嚴严擾扰響响週周佔占纔才"
    "丟丢喪丧臨临義义習习鄉乡亂乱爭争亞亚親亲傷伤倫伦侶侣側侧兌兑興兴軍军衝冲況况淨净涼凉湊凑擊击劉刘則则剛刚創创刪删勸劝華华衛卫卻却廳厅厲厉厭厌廈厦參参唄呗嘮唠喚唤團团圖图堅坚奧奥媽妈娛娱嬰婴學学"
    "寶宝實实寵宠賓宾屢屡鞏巩帳帐慶庆廢废張张強强徑径懇恳惡恶惱恼悅悦慘惨憤愤懶懒揚扬撫抚拋抛搶抢報报擬拟攔拦撥拨擋挡揮挥換换擺摆搖摇撐撑晉晋殺杀檔档夢梦樓楼毀毁畢毕匯汇漢汉湯汤溝沟淺浅濟济潤润漸渐"
    "溫温灣湾濾滤濱滨燈灯煙烟煩烦燒烧爺爷牽牵狀状猶犹獄狱貓猫獻献環环暢畅瘓痪癱瘫蓋盖盜盗睜睁碼码碩硕礙碍禍祸窮穷粵粤紅红紀纪納纳紛纷紐纽紹绍綁绑繞绕緒绪綽绰纜缆緩缓緣缘纏缠繳缴羅罗肅肃脈脉腳脚蘇苏"
    "藍蓝雖虽蠻蛮蝸蜗見见覽览訓训論论訣诀詐诈訴诉診诊詞词詩诗誠诚誕诞詬诟語语誦诵諾诺讀读諉诿謀谋謊谎謂谓謎谜謹谨譜谱貝贝貢贡財财貼贴貸贷資资賠赔賴赖賺赚贊赞贈赠贍赡贏赢躍跃蹤踪車车載载輒辄輩辈輸输"
    "辭辞遼辽邁迈這这違违遲迟跡迹遙遥鄭郑針针釣钓鋼钢鑰钥鑽钻鐵铁銅铜鋪铺錫锡鎮镇鎊镑閃闪悶闷闊阔陽阳陣阵陳陈陝陕霧雾靚靓靜静韓韩順顺頓顿顆颗風风飆飙飛飞飯饭飲饮饋馈馬马駕驾罵骂騷骚驟骤魚鱼鴿鸽龍龙"
    "龜龟"
)
_SIMPLIFIED = {ord(old): new for old, new in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}

_HEADERS = "ticket|case|issue|task|request|item|slide|question|query|point|ref|re|subject|jira|q"
_TAGS = "工单|需求|问题|紧急|加急|求助|任务|主题|待办|周报|月报|提问|转发|咨询"
_UNITS = "months?|mos?|mths?|years?|yrs?|weeks?|days?|dollars?|usd|eur"
_NEIGHBOURS = (
    *zip("一二三四五六七八", "二三四五六七八九", strict=True),
    ("两", "三"),
    ("一", "两"),
    ("三", "五"),
)
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (
            rf"^\s*(?:{_HEADERS})\s*(?:no\.?)?\s*#?-?\d*\s*:|^\s*[【\[]\s*(?:{_TAGS})\s*\d*\s*[】\]]",
            " ",
        ),
        (rf"^\s*(?:{_TAGS})\s*\d*\s*:", " "),
        ("[’‘`´]", "'"),
        ("[‐‑‒–—―−]+", "-"),
        ("≥|⩾|=>", ">="),
        ("≤|⩽|=<", "<="),
        ("≠|<>|!==?", "!="),
        ("===?", "="),
        (r"\bw/o\b", " without "),
        (r"\bw/(?=\s?[a-z])", " with "),
        (r"\bvs?\.(?=\s)", " vs "),
        (r"\b(?:e\.g|i\.e)\b\.?", " "),
        (r"\b(?:can't|cannot|cant)\b", "can not"),
        (r"\b(?:won't|wont)\b", "will not"),
        (r"(?<=[a-z])n't\b", " not"),
        (r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should)nt\b", r"\1 not"),
        (r"\blet's\b", "let us"),
        (r"\b(what|who|how|why|that|there|here|it|where|he|she)'s\b", r"\1 is"),
        (r"\bwhats\b", "what is"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"'m\b", " am"),
        (r"(?<=[a-z])'s\b|(?<=s)'", ""),
        (r"us\$", "$"),
        ("&", " and "),
        (r"\band/or\b", " or "),
        (r"\b(\d+)(?:st|nd|rd|th)\b", r"第\1 "),  # one form for the third, 3rd and 第三
        (r"\b(\w+)-\s(or|and|to)\s(\w+)-([a-z]+)", r"\1-\4 \2 \3-\4"),
        (r"\b(sets?|setting|tells?)\b(.{1,80}?)\bapart from\b", r"compare\2 versus"),
        (r"\b(?:past|after|beyond) month (\d+)", r"over \1 months"),
        (r"\bbefore month (\d+)", r"under \1 months"),
        (r"\btop(?:s|ped)?(?= ?[$€£¥])", "exceed"),
        (r"\btop(?:s|ped)(?= (?:\d|\w+ (?:grand|thousand|hundred|dollars|bucks)))", "exceed"),
        (
            r"\bas (likely|prone|apt|inclined|often|frequently|fast) (to )?(\w+ )?as\b",
            r"more \1 \2\3than",
        ),
        (r"\b([a-z]{3,})-less\b", r"without \1"),  # backup-less
        *((f"{a}{b}([十百千])", rf"{a}\1到{b}\1") for a, b in _NEIGHBOURS),  # 七八十
        *((f"(?<!十){a}{b}(?=[年个块元])", f"{a}到{b}") for a, b in _NEIGHBOURS),  # 两三年
        (
            r"(?<![提之以目从])前(?![一1]个?月)([\d一二两三四五六七八九十半]+)(?=个?[月年季])",
            r"头\1",
        ),
        (
            r"\b(us|customers?|here|a?board|around|members?|subscribers?) for a (year|month)\b",
            r"\1 for 1 \2",
        ),
        (r"(?<![按一二两三四五六七八九十0-9个每逐])月(?=合[约同])", "按月"),
        (
            r"\bbefore (?:they|people|customers|he|she) (?:even |ever )?"
            r"(?:hit|reach|complete|pass|turn|make it to|get to|finish)(?:e?s|ed)?\b",
            "under",
        ),
        (r"\b(are|is|were|get|got) past (?=(?:the )?\w+ (?:month|year)s?\b)", r"\1 over "),
        (r"\b(contract|plan|agreement)s? (?:is|are) (monthly|yearly|annual)\b", r"\2 \1"),
        ("好几(?=[条根路])", "多"),
        ("俩月", "两个月"),
        ("仨月", "三个月"),
        (r"\bsub-?\s?(?=[$€£¥\d])", "under "),
        (r"\s-+\s*(?![\d$€£¥\s])|(?<!\S)-+\s+(?!\d)", " , "),
        (r"(?<=[a-z0-9])-(?=[a-z])", " "),
        (rf"\b(?!(?:{_UNITS})-)([a-z]+)-(?=\d)", r"\1 "),
    )
)
_TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?)"
    r"|(?P<cjk>[\u3400-\u9fff])"
    r"|(?P<word>[^\W\d_\u3400-\u9fff]+)"
    r"|(?P<mark>>=|<=|!=|[=<>$€£¥%+~/,;:.?!、。…\-\n])"
)
_LEMMAS = {
    "fibre": "fiber", "cheque": "check", "centre": "center", "dependant": "dependent",
    "yr": "year", "mth": "month", "wk": "week", "favour": "favor", "programme": "program",
    "tvs": "tv", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "besides": "besides", "tv": "tv", "movie": "movy", "men": "men", "his": "his",
}  # fmt: skip


class Token(NamedTuple):
    """One token: its cleaned text, the form that phrases are matched by, and its kind."""

    text: str
    lemma: str
    kind: str


@lru_cache(maxsize=8192)
def lemma(word: str) -> str:
    """Return the form of a word that singular and plural, and both spellings, share."""
    if word in _LEMMAS:
        return _LEMMAS[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if word.endswith("ies"):
            word = word[:-3] + "y"
        elif word.endswith(("ches", "shes", "xes", "zes", "sses")):
            word = word[:-2]
        else:
            word = word[:-1]
    return _LEMMAS.get(word, word)


def clean(text: str) -> str:
    """Return the text in lower case, half-width, simplified characters, without contractions."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    text = re.sub(r"(?<=[a-z]{2})(?=[A-Z])|_", " ", text).lower().translate(_SIMPLIFIED)
    for pattern, new in _SPELLINGS:
        text = pattern.sub(new, text)
    return without_idioms(text)


def tokens(text: str) -> list[Token]:
    """Split a text into words, numbers, single Chinese characters and marks."""
    found = []
    for match in _TOKEN.finditer(clean(text)):
        kind, word = str(match.lastgroup), match.group()
        if kind == "number":
            word = word.replace(",", "")
        found.append(Token(word, lemma(word) if kind == "word" else word, kind))
    return found


def language_of(text: str) -> Language:
    """Return `zh` from a share of Chinese characters of 20 % among the letters, else `en`."""
    letters = [character for character in text if character.isalpha()]
    chinese = sum("\u3400" <= character <= "\u9fff" for character in letters)
    return "zh" if letters and chinese >= LANGUAGE_SHARE * len(letters) else "en"


_WORD_BREAK = re.compile(r"(?<![.!?:;\n]\s)(?<!^)\b[A-Z][a-z]+\b")


def names_in(text: str) -> frozenset[str]:
    """Return the words inside sentences that are written like names, in lower case.

    A text that writes most of its long words so is a headline and names nobody.
    """
    found = _WORD_BREAK.findall(text[:MAX_CHARACTERS])
    long = re.findall(r"[A-Za-z]{4,}", text[:MAX_CHARACTERS])
    capital = sum(word[0].isupper() for word in long)
    return frozenset() if 2 * capital > len(long) > 3 else frozenset(map(str.lower, found))
