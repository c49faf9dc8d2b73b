"""The words of two languages that end a clause or change what a phrase in it says.

Nothing here belongs to a trade: the phrases themselves come from the schema, `polarity` applies
these patterns around them. Texts are lower case, apostrophes straight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CJK = "\u3400-\u9fff"
SENTENCE_END = rf"[!?;\n…。！？；～]|\.(?=\s|$|\.)|\s-\s|[—:：](?!\d)|(?<=[{CJK}])\s+(?=[{CJK}])"
_SUBJECT = r"(?:i|we|it|they|he|she|you|there)\b"
_VERB = r"(?:is|are|was|were|has|have|had|can|could|will|would|does|did|seems?|works?|runs?)\b"
CLAUSE_END = rf"""{SENTENCE_END}
    | ,(?!\d|(?:\s+[\w'-]+){{0,4}},?\s+n?or\b)
    | \b(?:(?<!anything\s)(?<!nothing\s)but|although|though|however|whereas|while|yet(?!\sto)
        |except|despite|because|since|until|nevertheless|nonetheless|unless|due\sto|thanks\sto|
        so\s(?={_SUBJECT}))\b
    | \band\b(?=\s+(?:{_SUBJECT}|{_VERB}
        |(?:no|never|nobody|not|always|overall|appreciate\w*|found|find|love|enjoy|like)\b
        |(?:the|my|our|their|this|that|your|its)\s+(?:[\w'$.-]+\s+){{1,4}}?{_VERB}))
    | [，](?!\d) | 但是|可是|然而|虽然|尽管|而且|并且|另外|同时|可惜|因为|由于|所以|除了|即使|哪怕
    | (?<!不)但(?!愿) | (?<!只)不过 | (?<!不)只是 | 倒是 | (?<!了)却(?!步)
"""


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{re.sub(chr(10) + ' *', '', pattern)})\b")


def _plain(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub("\n *", "", pattern))


@dataclass(frozen=True)
class Cues:
    """The words of one language that change what a phrase says.

    Attributes:
        idle: negations that negate nothing ("not only", 不仅); blanked out first.
        helpless: negated verbs that leave a complaint a complaint ("cannot stand", 受不了).
        negation: turns round what follows within `reach` characters, up to a `barrier`.
        trouble: what makes praise behind it a complaint ("issues with …").
        wish: the clause wants what it names, so it is not there; `wish_after` behind the phrase.
        rival: another company has what is praised, before and `rival_after` behind the phrase.
        fear, relief: "expected …" before a complaint and "… got none" behind it.
        undone: behind a complaint, says that it does not occur.
        denied: behind praise, says that it is not so.
        answer: behind a phrase that is asked ("Outages? None."), says no.
        good, poor: general judgements, for phrases that only name a topic.
        apart: what a judgement and its topic may not have between them.
    """

    idle: re.Pattern[str]
    helpless: re.Pattern[str]
    negation: re.Pattern[str]
    barrier: re.Pattern[str]
    reach: int
    trouble: re.Pattern[str]
    wish: re.Pattern[str]
    wish_after: re.Pattern[str]
    rival: re.Pattern[str]
    rival_after: re.Pattern[str]
    fear: re.Pattern[str]
    relief: re.Pattern[str]
    undone: re.Pattern[str]
    denied: re.Pattern[str]
    answer: re.Pattern[str]
    good: re.Pattern[str]
    poor: re.Pattern[str]
    apart: re.Pattern[str]


_NOT = (
    r"(?:not|never|cannot|"
    r"(?:is|are|was|were|do|does|did|has|have|had|ca|could|wo|would|should|ai)n'?t)"
)
_GLAD = r"(?:satisfied|happy|pleased|impressed|content|thrilled|convinced|a fan)"
_COPULA = r"(?:is|are|was|were|has been|have been|seems?|feels?)"
_COMPANY = (
    r"(?:provider|compan(?:y|ies)|carrier|operator|supplier|network|isp|bank|shop|store|brand)s?"
)
_NICE = r"(?:great|nice|good|better|happier|perfect|lovely|ideal|helpful|fair|appreciated)"
ENGLISH = Cues(
    idle=_words(
        r"""not (?:only|just|to mention|surprising\w*)|no (?:wonder|doubt|matter|surprise)|
        nothing but|a few|quite a few|whether or not|why not|could(?:n't| not)(?= be (?:any |more |
        happier|better|
        faster|easier|clearer|cheaper|smoother))|(?:can't|cannot|could(?:n't| not)) (?:wait|
        imagine|ask for|wish for|hope for)|without (?:a )?doubt|
        (?:never|did(?:n't| not)) expect(?:ed)?|recommend.*(?:looking|searching|search) for"""
    ),
    helpless=_words(
        rf"""(?:{_NOT}|nobody|no one|nothing)(?: \w+)? (?:stand|tolerate|bear|afford|justify|accept|
        do anything|handle|cope|deal|put up|live|ignore|overlook|recommend|fix(?:ed)?|resolv\w+|
        solv\w+|address\w*|explain\w*|help(?:ed|s)?|improv\w+|reduc\w+|lower\w*|stop(?:ped|s)?|
        prevent\w*|
        done|care[ds]?|understand|trust|renew|stay|continue|worth|ok|okay|fair|acceptable|good|
        {_GLAD})|(?:failed|fails|refused?|unable) to"""
    ),
    negation=_words(
        rf"""{_NOT}|no|none|nobody|nothing|without|hardly|barely|rarely|seldom|scarcely|neither|
        zero|few|fewer|minimal|(?:little|few) (?:to|or|if) (?:no|any)|lack(?:s|ed|ing)?|free (?:of|
        from)|far from|anything but|nowhere near|less|
        instead of|doubt|yet to|failed to|fails to|unable to|used to be|hard to find"""
    ),
    barrier=_words(
        r"because|since|due|so|but|and|who|which|when|whenever|if|than|after|worth|only|except|"
        r"other than|to avoid"
    ),
    reach=60,
    trouble=_plain(
        rf"""\b(?:(?:issues?|problems?|troubles?|complaints?|complain(?:s|ed|ing)?|concern(?:s|ed)?|
        worr(?:y|ied)|difficult(?:y|ies)|hassles?|frustrat\w+|annoy\w+|disappoint\w+|unhappy|
        dissatisfied|upset|fed up|tired|sick|struggl\w+|{_NOT}(?: \w+){{0,2}} {_GLAD})
        \s(?:with|about|of|by|at|over|regarding|in|from|on)(?: [\w'$.-]+){{0,4}} |
        (?:poor|bad|terrible|awful|horrible|worst|lousy|inconsistent|unacceptable|limited|limits|
        restrict(?:s|ed)|hurts?|affect(?:s|ed)|lost) (?:\w+ )?)$"""
    ),
    wish=_words(
        rf"""wish\w*|please (?:make|be|get|offer|provide)|hop(?:e|ed|ing) for|if only|
        would (?:be|have been) (?:\w+ )?{_NICE}|
        would (?:really )?(?:prefer|like|love|appreciate|welcome)(?! to (?:say|thank|add|praise))|
        if (?:it|they|you|the \w+(?: \w+)?) (?:were|was|had|could|would|offered|lowered|made)|
        (?:could|should|ought to|needs? to) (?!not |never )(?:\w+ )?(?:be|become|get|offer|have|
        provide|give|make)|
        expect(?:ed|ing)?|(?:look|search|ask|shop)(?:ed|ing)? (?:around )?for|
        need(?:s|ed)? (?:an? |some )?(?:more|better|something|real)"""
    ),
    wish_after=_words(rf"would (?:be|have been) (?:\w+ )?{_NICE}"),
    rival=_plain(
        rf"""^(?!.*\b(?:than|compar\w+|unlike|versus|vs|no plans?|no reason)\b).*\b(?:(?:others?|
        another|different|new|rival|competing|old|previous|former) (?:\w+ )?{_COMPANY}|
        competit(?:ors?|ion)|elsewhere)\b"""
    ),
    rival_after=_plain(
        r"""^(?: \w+){0,4} (?:(?<!compared )(?<!comparison )(?:at|with|from|by) (?:an? |the )?
        (?:other|another|different|competit\w+|rival|new)|elsewhere)\b"""
    ),
    fear=_words(r"expect(?:ed|ing)?|afraid|feared|worried"),
    relief=_words(
        r"none|not (?:one|a single)|never (?:came|happened)|did(?:n't| not) happen|unfounded|"
        r"quite the opposite|pleasantly|no such"
    ),
    undone=_plain(
        rf"""^\w*(?: \w+){{0,5}}? (?:{_COPULA}(?: not|n't| never) (?:an? )?(?:issue|problem|concern|
        there)|never happen\w*|{_COPULA}(?: \w+)? (?:rare|minimal|non-?existent|gone|history|
        a thing of the past)|no longer|(?:has |have )?(?:stopped|ended|disappeared|vanished)|
        {_COPULA}(?! not| never)(?: \w+)? (?:corrected|refunded|paid back|resolved|fixed|
        solved|blocked|caught))\b"""
    ),
    denied=_plain(
        rf"""^(?:\w*(?: \w+){{0,2}}? {_COPULA}(?:(?: not|n't| never| no longer| hardly| far from|
        \sanything but)|(?: \w+){{0,2}} (?:poor|bad|terrible|awful|horrible|lacking|worse|worst|
        disappoint\w+|inconsistent|a joke|unacceptable|gone|over))|
        \w* (?:issue|problem|trouble)s?)\b"""
    ),
    answer=_plain(r"^\w*\s*\?\s*(?:not|no|none|never|nope|hardly)\b"),
    good=_words(
        r"""good|great|fast|quick(?:ly)?|excellent|amazing|awesome|fantastic|wonderful|
        perfect(?:ly)?|superb|nice(?:ly)?|
        outstanding|fine|decent|solid|satisfied|happy|pleased|loved?|likes?|(?<!have )liked|
        enjoy\w*|best|
        appreciat\w+|impress(?:ed|ive)|smooth(?:ly)?|eas(?:y|ily)|clear(?:ly)?|friendly|fair(?:ly)?|
        worth|better|convenient(?:ly)?|convenience|hassle-free|glad|recommend|comfortable|simple|
        straightforward|works? well|thumbs up|top|flawless(?:ly)?|flexib\w+|on time"""
    ),
    poor=_words(
        r"""bad(?:ly)?|too [a-z]+|slow(?:ly)?|poor(?:ly)?|terribl[ey]|awful(?:ly)?|horribl[ey]|
        worse|worst|disappoint\w+|frustrat\w+|annoy\w+|unhappy|dissatisf\w+|hate[ds]?|
        dislike[ds]?|issues?|problems?|troubles?|complain\w*|concern(?:s|ed)?|difficult\w*|hard|
        confus\w+|unclear|inconvenien\w+|outdated|
        unacceptable|ridiculous\w*|joke|nightmare|pain|useless|waste|unfair\w*|mess|fail\w*|broken|
        lacking|lacks?|regret|sucks|weak|wrong|errors?|mistakes?|hassles?|limited|late|rude|
        leaves (?:a lot|much) to be desired"""
    ),
    apart=_words("to|and|for|because|which|who"),
)
CHINESE = Cues(
    idle=_plain(
        r"""不[仅但光只单过管论停时愧禁料知同久少到]|不断(?![线网])|不得[不了]|差不多|对不起|不好意思|
        了不起|没完没了|没想到|没准|无[论线奈语非]|未[来免必]|[动时]不[动时]|[看听]不出来?|要不是?|[巴恨]不得|不由"""
    ),
    helpless=_plain(
        r"""[忍受]不[了住]|吃不消|扛不住|忍无可忍|(?:无法|不能|难以)(?:忍受?|接受|理解)|不值|
        (?:解决|解释|修|说)不[了清好]|没人[管理修来接回]?|没有人|不(?:满意?|爽|解决|处理|改善|管|理)|
        [没未]有?(?:解决|修好|处理|改善|好转|恢复|通知|解释|说明)"""
    ),
    negation=_plain(
        r"""(?:从来?|并|毫|绝|几乎|一点儿?[也都]?|根本|完全)?(?:没有?|不|未|无)(?:有|怎么|那么|太|很|
        够|再|会|曾|是|算|能|用|必|见过|遇到过?|出现过?|发生过?|觉得)*|谈不上|算不上|称不上|说不上|
        想不起来?|很?难[以找碰遇]到?|[很极]少|[鲜少]有|告别|远离|避免|免去|缺[乏少]|不如|没法|无法"""
    ),
    barrier=_plain(r"因为|所以|导致|造成|就是|而是|时候|也|还|又|才|就|问题"),
    reach=8,
    trouble=_plain(r"(?:投诉|抱怨|吐槽|不满|失望|担心|担忧|怀疑)[^，。]{0,4}$|哪[里儿]?$"),
    wish=_plain(
        r"""希望|但愿|要是|如果|若能?|能不能|能否|可不可以|应该|应当|本该|期待|盼着?|[就会]更?好了|
        最好能?|建议|再[^，。]{0,4}[点些]|什么时候才?能|需要"""
    ),
    wish_after=_plain(r"[就会]更?好|才好|一[点些]吧"),
    rival=_plain(
        r"""(?<![比跟和像])(?:别家|其[他它](?:家|公司|运营商)|别的(?:家|公司|运营商)|另一家|另外一[家个]|
        隔壁|对手|人家|外面)(?![^，。]{0,6}比)"""
    ),
    rival_after=_plain(r"^的?(?:别家|其他家)"),
    fear=_plain(r"担心|生?怕|以为"),
    relief=_plain(r"结果[^，。]{0,8}[没不]|不存在|没有?发生|没想到|反而|多虑|一次[也都]没"),
    undone=_plain(
        r"""^(?:的?(?:情况|现象|问题|事)(?:从来|几乎|基本|根本|[也都])?(?:没有?(?!解决|处理|人)|不存在|
        [很极]少)|(?:从来|几乎|倒是?|是)(?:没|不)|不存在|没有过?$|没发生|没出现|(?:的?次数)?[很挺较]?少|
        [^，。]{0,6}(?<![没未不])(?:被[拦挡]|更正|退回|解决了|修好了|处理好))"""
    ),
    denied=_plain(
        r"""^(?:[性度]|方面)?[是的]?(?:太|很|非常|特别|比较|有点|实在|存在|有|出|就)?(?:差|烂|糟|不行|
        不好|不够|不足|堪忧|欠佳|下降|变差|问题|没有(?!问题|毛病)|不高|一般|不起来|谈不上|算不上|称不上)|^[^，。]{0,4}不沾边"""
    ),
    answer=_plain(r"^[吗么嘛]?[?？]\s*(?:从来|根本|当然|完全)?[没不]"),
    good=_plain(
        r"""(?<![只最刚正幸恰问你您])好(?![几多久不像歹奇意])|不错|快(?![要到递])|棒|满意|喜欢|赞|优秀|完美|方便|省心|放心|
        给力|靠谱|合理|清[楚晰]|顺[利畅]|轻松|公道|专业|热情|耐心|到位|周到|推荐|舒[服心]|还[行可]|灵活|
        准时|明白|及时|优质|认可|没[得话]说"""
    ),
    poor=_plain(
        r"""差(?!不多|点)|慢|烂|糟|坏|垃圾|失望|不满|问题|麻烦|投诉|抱怨|毛病|坑|讨厌|难(?!得|道)|郁闷|生气|
        崩溃|遗憾|噩梦|笑话|混乱|模糊|看不懂|过时|没用|不行"""
    ),
    apart=_plain("[，。和]|因为|所以"),
)
