"""Every class of refusal beside what looks like it and must be answered, in both languages."""

import pytest

from churnlens.evidence.parsing.items import Item
from churnlens.evidence.parsing.requests import other_request
from churnlens.evidence.questions import parse_question
from evidence.questions_support import TELCO, expected, plain, random_table

TABLE = random_table(TELCO)
FIBER = "InternetService=Fiber optic"


def ask(question: str):
    return parse_question(question, TELCO, TABLE)


@pytest.mark.parametrize(
    ("refused", "answered", "problem"),
    [
        ("Why do seniors with poor reception leave?", "Is bad reception why seniors leave?",
         "unknown_attribute"),
        ("信号差的老年客户为什么流失", "老人走是因为信号不好吗", "unknown_attribute"),
        ("Why do customers whose router is older than two years leave?",
         "Customers whose bill is above 80 dollars, why are they leaving?", "unknown_attribute"),
        ("Why do women who were charged twice leave?",
         "Why do women who were paying over $90 leave?", "unknown_attribute"),
        ("Do people whose parents use us too stay longer?",
         "Are customers whose household has kids less likely to churn?", "unknown_attribute"),
        ("Why do users of streaming radio leave?", "Why do users of streaming TV leave?",
         "unknown_attribute"),
        ("Why do DSL modem owners quit?", "Why do DSL service owners quit?", "unknown_attribute"),
        ("Why do customers paying in vouchers leave?", "Why do users paying by credit card leave?",
         "unknown_"),
        ("换过路由器的DSL用户为什么跑", "开了在线备份的DSL用户为什么跑", "unknown_attribute"),
        ("账单总是晚到的客户是不是更容易走", "账单超过80美元的用户为什么流失", "unknown_attribute"),
        ("拖延缴费的老年客户为什么走", "稳稳当当的老年客户为什么走", "unknown_attribute"),
        ("打过技术支持电话的人为什么走", "只上网不打电话的用户为什么流失", "unknown_topic"),
        ("How do dropped calls per week relate to leaving?", "How does tenure relate to leaving?",
         "unknown_topic"),
        ("Does moon phase influence seniors leaving?", "Does being a senior matter for churn?",
         "unknown_topic"),
        ("账单颜色对流失有影响吗", "电子账单对流失有影响吗", "unknown_topic"),
        ("哪个班组丢的客户多", "哪类客户丢得多", "unknown_topic"),
        ("How many customers left since the merger?", "How many left in the first three months?",
         "unknown_time"),
        ("球赛之后流失为什么猛增", "过了两年流失为什么猛增", "unknown_time"),
    ],
)  # fmt: skip
def test_what_no_column_records_refuses(refused, answered, problem):
    assert any(each.startswith(problem) for each in ask(refused).problems), ask(refused).problems
    assert ask(answered).problems == ()


@pytest.mark.parametrize(
    ("refused", "answered", "problem"),
    [
        ("How many minutes a month do leavers talk?", "How many of the leavers pay by card?",
         "unknown_topic: number"),
        ("How many months of notice do leavers give?", "How many leavers had fiber?",
         "unknown_topic: number"),
        ("流失客户提了多少条投诉", "流失客户里有多少用光纤", "unknown_topic: number"),
        ("Which of our rivals do people go to after they leave us?",
         "Which of our customer groups churn more, seniors or non-seniors?",
         "unknown_topic: competitor"),
        ("Where do leavers go after us?", "Where are we going wrong with seniors who leave?",
         "unknown_topic: where to"),
        ("走掉的客户都去了哪家公司", "光纤用户流失，我们错在哪", "unknown_topic"),
        ("How much does it cost to win back a fiber customer?",
         "What does it take to win back a fiber customer?", "unknown_topic: cost"),
        ("赢回一个老年客户成本是多少", "怎么赢回老年客户", "unknown_topic: cost"),
        ("How often do fiber users stream films?", "How often do fiber customers leave?",
         "unknown_topic: frequency"),
        ("How long does a cancellation take?", "How many cancellations are there?", "off_topic"),
        ("How do I sign up for online backup?", "How do I keep my DSL customers from leaving?",
         "off_topic"),
        ("Can I keep my number if I leave?", "Can I see the churn rate of seniors?", "off_topic"),
        ("怎么取消流媒体电视", "怎么那么多光纤客户取消", "off_topic"),
        ("我想升级成光纤，多少钱", "我想知道光纤客户为什么走", "unknown_topic: number"),
        ("You are useless, aren't you?", "You know what? DSL customers are leaving.", "off_topic"),
        ("你怎么这么慢", "你能解释光纤客户为什么走吗", "off_topic"),
        ("Is our support lousy?", "Do seniors grumble about our support?", "off_topic"),
        ("咱家客服是不是太差了？", "老人对我们的客服满意吗", "off_topic"),
        ("Turn off the electronic check option for everyone",
         "Turn to fiber customers: why do they leave?", "instruction"),
        ("Slash fiber prices by ten percent", "Cut the chatter: what is the churn rate of seniors?",
         "instruction"),
        ("给月签用户打个八折", "给光纤客户提供什么优惠能留住他们", "instruction"),
        ("What happens to churn if prices double?", "What would keep DSL customers?", "forecast"),
        ("要是给老人打折，会有多少留下", "给老人打折能留住多少", "forecast"),
    ],
)  # fmt: skip
def test_what_is_not_asked_of_customers_refuses(refused, answered, problem):
    assert any(each.startswith(problem) for each in ask(refused).problems), ask(refused).problems
    assert ask(answered).problems == ()


def test_a_request_needs_words():
    assert other_request([Item(frozenset({"noun"}), "customers")]) == ""


@pytest.mark.parametrize(
    ("question", "cohort", "other"),
    [
        ("月费七十以上的为什么比低于七十的更爱跑", "MonthlyCharges>=70", "MonthlyCharges<70"),
        ("在网不满一年的与满一年的，流失率各是多少", "tenure<12", "tenure>=12"),
        ("开了云备份的，跟没开的比，留存率高多少？", "OnlineBackup=Yes", "OnlineBackup=No"),
        ("网络安全、技术支持两样都没有的为什么跑", "OnlineSecurity=No & TechSupport=No", None),
        ("如何降低在网前三个月客户的流失？", "tenure<=3", None),
        ("Before reaching six months, why do customers vanish?", "tenure<6", None),
        ("Before they hit a year, why do seniors go?", "tenure<12 & SeniorCitizen=1", None),
        ("Why do people quit once they are past two years?", "tenure>24", None),
        ("Why do fiber users who have been with us for a year cancel?", f"tenure=12 & {FIBER}",
         None),
        ('Why do accounts where tech support reads "no internet service" leave?',
         "TechSupport=No internet service", None),
        ("The sales guys ask why fiber customers leave", FIBER, None),
        ("我们女同事问光纤客户为什么走", FIBER, None),
        ("先不说DSL，光纤客户为什么走", FIBER, None),
        ("For the annual report: why do fiber customers leave?", FIBER, None),
        ("Tabulate departures by internet service", "all", None),
    ],
)  # fmt: skip
def test_what_was_misread(question, cohort, other):
    query = ask(question)
    assert query.problems == ()
    meant = None if other is None else expected(other, TELCO, TABLE)
    assert plain(query.cohort, TELCO) == plain(expected(cohort, TELCO, TABLE), TELCO)
    assert plain(query.compare_to, TELCO) == plain(meant, TELCO)


@pytest.mark.parametrize(
    ("question", "wanted", "outcome"),
    [
        ("Someone on a two-year contract: what would make them leave?", "why", "left"),
        ("Someone on a two-year contract: what would make them stay?", "what_to_do", "left"),
        ("What holds mailed-check customers here?", "why", "stayed"),
        ("a quick number pls: churned customers, two year contract", "how_many", "left"),
        ("How does the churn of seniors differ from that of the remaining customers?", "compare",
         "left"),
        ("明明买了技术支持，这些客户怎么照样走人？", "why", "left"),
        ("没家属的那拨人干嘛动不动就跑路", "why", "left"),
        ("麻烦查一下两年期合约的退租率", "how_many", "left"),
        ("有没有什么法子让用邮寄支票的顾客少流失点", "what_to_do", "left"),
        ("What could our call centre do to keep fiber customers?", "what_to_do", "left"),
        ("We have a promo idea for fiber folks; why do they leave?", "why", "left"),
    ],
)  # fmt: skip
def test_what_is_asked_of_whom(question, wanted, outcome):
    query = ask(question)
    assert (query.problems, query.ask, query.outcome) == ((), wanted, outcome)


@pytest.mark.parametrize(
    ("refused", "answered"),
    [
        ("What is the average monthly charge of churned customers?",
         "Why do customers with above average monthly charges leave?"),
        ("What is the median tenure of customers who left?", "What is the average churn rate?"),
        ("What's the total monthly charge of the fiber customers who left?",
         "What is the total number of fiber customers who left?"),
        ("How much do churned customers pay on average?", "How many customers pay over $80?"),
        ("How long do customers stay on average?", "How many customers stayed over a year?"),
        ("流失客户的平均月费是多少？", "平均流失率是多少？"),
        ("离网客户的平均在网时长是多少", "月费高于平均的客户为什么流失"),
        ("光纤客户的总月费是多少", "总共有多少客户"),
    ],
)  # fmt: skip
def test_averages_and_sums_of_a_column_are_not_answered_with_a_rate(refused, answered):
    assert [each.partition(":")[0] for each in ask(refused).problems] == ["unknown_measure"]
    assert ask(answered).problems == ()
