"""A data root as runs of the tasks leave it."""

import json

import pandas as pd

TURNS = ("It is late.", "I am sorry.", "Still nothing, I cancel.")


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def alert(dialogue="D1", level="red", key="a1"):
    return {"id": key, "dialogue": dialogue, "turn": 2, "position": 1, "level": level, "p": 0.91,
            "reasons": [{"rule": "phrase", "turns": [2], "phrase": "cancel"}], "rules": "r"}  # fmt: skip


def assessment(key, overall, alerts=()):
    turns = [{"index": i, "score": 2.0, "p_dissatisfied": p} for i, p in ((0, 0.3), (2, 0.9))]
    quotes = [{"turn": 0, "text": TURNS[0], "weight": 1.0}]
    why = [{"reason": "price", "name": "price", "p": 0.54, "quotes": quotes}]
    return {"id": key, "turns": turns, "overall": overall, "level": "neutral",
            "alerts": list(alerts), "reasons": why}  # fmt: skip


def dialogue(key):
    said = [{"speaker": who, "text": text}
            for who, text in zip(("customer", "agent", "customer"), TURNS, strict=True)]  # fmt: skip
    return {"id": key, "turns": said, "language": "en", "source": "demo"}


def satisfaction(root):
    """Two dialogues, one of them with an alert and all that follows."""
    made = root / "07_model_output" / "satisfaction"
    write_rows(
        root / "03_primary" / "satisfaction" / "dialogues.jsonl", map(dialogue, ("D1", "D0"))
    )
    write_rows(
        made / "assessments.jsonl", [assessment("D2", 1.0), assessment("D1", 3.0, [alert()])]
    )
    write_rows(made / "alerts.jsonl", [alert()])
    write_rows(made / "decisions.jsonl", [
        {"id": "d", "alert": "a1", "actions": ["supervisor_alert", "crm_tag"], "offer": "credit",
         "tag": {"en": "high churn risk", "zh": "高流失风险"}, "amount": 20, "currency": "CNY",
         "approver": "team_lead"}
    ])  # fmt: skip
    words = [{"word": "cancel", "turn": 2, "start": 0, "end": 1, "weight": 0.4}]
    write_rows(made / "explanations.jsonl", [{"alert": "a1", "dialogue": "D1", "words": words}])
    cases = [{"dialogue": "D0", "similarity": 0.91, "reason": "late_delivery"}]
    write_rows(made / "similar_cases.jsonl", [{"id": "D1", "cases": cases}])
    return made


def summaries(root, count=2):
    zh = {"用户问题": "太慢", "客服方案": "重启", "是否接受": "是", "是否负面情绪": "否"}
    en = {"user_problem": "slow", "agent_solution": "restart", "accepted": "yes",
          "negative_emotion": "no"}  # fmt: skip
    rows = [{"id": "S0", "summary": zh, "evidence": {"用户问题": [2]}, "language": "zh"}]
    rows += [
        {"id": f"S{n}", "summary": en, "evidence": {"user_problem": [0]}, "language": "en"}
        for n in range(1, count)
    ]
    write_rows(root / "07_model_output" / "summary" / "summaries.jsonl", rows)
    write_rows(root / "03_primary" / "summary" / "dialogues.jsonl", [dialogue("S0")])


def customers():
    return pd.DataFrame({
        "rank": [2, 1], "customer_id": ["C2", "C1"], "segment": ["small", "champions_at_risk"],
        "clv": [99.1, 1234.5], "clv_low": [50.0, 900.0], "clv_high": [120.0, 1500.0],
        "p_leave": [0.1, 0.62], "value_at_risk": [9.9, 760.0],
    })  # fmt: skip
