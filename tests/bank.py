"""A bank's customers with planted causes of leaving, in the columns of `schemas/bank.yml`."""

import numpy as np
import pandas as pd

SAID = {
    "left": (
        "The hidden fees kept growing and nobody answered my calls.",
        "Another bank offered a better rate elsewhere in town.",
        "I waited in a long queue at the counter on every visit.",
        "手续费太高，每个月都在扣，我不想再付了。",
        "柜台排队久，办一件小事要一个上午。",
        "存款利率低，隔壁那家给得多。",
    ),
    "stayed": (
        "Friendly staff and a quick service at the counter.",
        "The free account suits a small household like ours.",
        "I only use the card on holidays and it works.",
        "网点态度好，办理快，一直都在这里存钱。",
        "账户免费，也没有别的麻烦。",
        "平时只用来领工资，没什么特别要说的。",
    ),
}


def bank_customers(size: int = 600, seed: int = 4) -> pd.DataFrame:
    """Customers who leave for two planted causes: inactivity, and Germany; gender is none."""
    rng = np.random.default_rng(seed)
    inactive, germany = rng.random(size) < 0.45, rng.random(size) < 0.35
    chance = 1 / (1 + np.exp(2.3 - 1.9 * inactive - 1.1 * germany))
    left = rng.random(size) < chance
    talk = rng.random((2, size))
    unhappy = left ^ (rng.random(size) < 0.2)
    said = [
        SAID["left" if each else "stayed"][int(pick * 6)]
        for each, pick in zip(unhappy, talk[0], strict=True)
    ]
    return pd.DataFrame(
        {
            "CustomerId": [f"B{15_000_000 + n}" for n in range(size)],
            "Surname": rng.choice(["Hargrave", "Okonkwo", "Lindqvist", "欧阳锦程"], size),
            "CreditScore": rng.integers(380, 850, size),
            "Geography": np.where(germany, "Germany", rng.choice(["France", "Spain"], size)),
            "Gender": rng.choice(["Female", "Male"], size),
            "Age": rng.integers(18, 80, size),
            "Tenure": rng.integers(0, 11, size),
            "Balance": np.where(rng.random(size) < 0.3, 0, rng.uniform(500, 2e5, size)).round(2),
            "NumOfProducts": rng.integers(1, 4, size),
            "HasCrCard": rng.integers(0, 2, size),
            "IsActiveMember": np.where(inactive, 0, 1),
            "EstimatedSalary": rng.uniform(9e3, 2e5, size).round(2),
            "Exited": left.astype(int),
            "Feedback": np.where(talk[1] < 0.5, said, ""),
        }
    )
