import pytest
from pydantic import ValidationError

from churnlens.options import (
    DriverOptions,
    FinetuningOptions,
    IndexingOptions,
    InferenceOptions,
    ReportingOptions,
)


@pytest.mark.parametrize(
    ("model", "raw", "words"),
    [
        (FinetuningOptions, {"lerning_rate": 1e-4, "rank": 0}, ["lerning_rate", "rank"]),
        (FinetuningOptions, {"method": "dora"}, ["method"]),
        (IndexingOptions, {"batch_size": "many", "factory": 3}, ["batch_size", "factory"]),
        (IndexingOptions, {"dtype": "nf4"}, ["dtype"]),
        (InferenceOptions, {"drivers": {"alpha": 2}}, ["drivers", "alpha"]),
        (ReportingOptions, {"language": "de"}, ["language"]),
    ],
)
def test_all_faults_are_named_at_once(model, raw, words):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(raw)
    assert all(word in str(caught.value) for word in words)


def test_the_gates_of_the_specification_are_the_defaults():
    options = DriverOptions()
    assert (options.min_customers, options.min_events) == (30, 10)
    assert (options.alpha, options.min_lift, options.min_difference) == (0.05, 1.15, 0.05)


def test_who_writes_is_chosen_per_command_and_in_no_record():
    template, model = InferenceOptions(writer="template"), InferenceOptions(writer="model")
    assert template.model_dump() == model.model_dump()
    assert template != model
