import pytest
from kedro.io.core import DatasetError

from churnlens.options import SatisfactionFinetuningOptions, SatisfactionReportingOptions
from churnlens.pipelines.reporting.satisfaction.nodes import evaluate_satisfaction


def test_without_a_rated_turn_to_judge_by_it_says_so():
    turns = [{"speaker": "customer", "text": "late"}]
    row = {"id": "d", "turns": turns, "source": "s", "language": "en", "side": "test"}
    with pytest.raises(DatasetError, match="no rated turn in 1 of the test side"):
        evaluate_satisfaction(
            [row], SatisfactionFinetuningOptions(), SatisfactionReportingOptions()
        )
