import pytest

from churnlens.options import (
    DistillationOptions,
    DriverOptions,
    EngineOptions,
    FinetuningOptions,
    IndexingOptions,
    InferenceOptions,
    OptionsError,
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
    with pytest.raises(OptionsError) as caught:
        model.model_validate(raw)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("model", "raw", "lines"),
    [
        (
            FinetuningOptions,
            {"rank": 0, "learning_rat": 1},
            [
                "rank: got 0, expected a value greater than or equal to 1; next: write such a "
                "value, for instance 16",
                "learning_rat: got a name that is no option; next: write learning_rate",
            ],
        ),
        (
            FinetuningOptions,
            {"method": "full", "rank": 0},
            [
                "rank: got 0, expected a value greater than or equal to 1; next: write such a "
                "value, for instance 16",
                "learning_rate: got 0.0002, which is for adapters, expected at most 0.0001 with "
                "method full; next: 2e-5 is usual",
            ],
        ),
        (
            FinetuningOptions,
            {"method": "dora", "epochs": "many"},
            [
                "method: got 'dora', expected 'lora', 'qlora' or 'full'; next: write such a value, "
                "for instance 'lora'",
                "epochs: got 'many', expected number, unable to parse string as a number; next: "
                "write such a value, for instance 3",
            ],
        ),
        (
            InferenceOptions,
            {"drivers": {"alhpa": 0.1, "max_drivers": "x" * 900}},
            [
                f"drivers.max_drivers: got {'x' * 900!r:.40}, expected integer, unable to parse "
                "string as an integer; next: write such a value, for instance 5",
                "drivers.alhpa: got a name that is no option; next: write alpha",
            ],
        ),
    ],
)
def test_a_fault_says_what_was_got_what_is_expected_and_what_next(model, raw, lines):
    with pytest.raises(OptionsError) as caught:
        model.model_validate(raw)
    assert str(caught.value).splitlines() == lines


def test_faults_are_bounded_and_show_no_value_of_an_unknown_name():
    with pytest.raises(OptionsError) as caught:
        FinetuningOptions.model_validate({f"key{n}": "secret" for n in range(30)})
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (11, "and 20 more")
    assert "secret" not in str(caught.value)


def test_a_text_that_may_be_a_secret_is_not_shown():
    key = "sk-" + "4" * 40
    server = {"api_key_env": key, "base_url": f"http://host/v1?key={key}", "timeout": -1}
    with pytest.raises(OptionsError) as caught:
        DistillationOptions.model_validate({"teacher": "openai", "server": server, "depths": key})
    assert key[:6] not in str(caught.value)
    assert "server.api_key_env: got another text" in str(caught.value)
    assert "server.timeout: got -1" in str(caught.value)


def test_the_gates_of_the_specification_are_the_defaults():
    options = DriverOptions()
    assert (options.min_customers, options.min_events) == (30, 10)
    assert (options.alpha, options.min_lift, options.min_difference) == (0.05, 1.15, 0.05)


def test_who_embeds_changes_nothing_that_is_recorded():
    ray, local = IndexingOptions(engine=EngineOptions(kind="ray", workers=4)), IndexingOptions()
    assert ray != local
    assert (ray.model_dump(), repr(ray)) == (local.model_dump(), repr(local))  # see `maker_hash`


def test_who_writes_is_chosen_per_command_and_in_no_record():
    template, model = InferenceOptions(writer="template"), InferenceOptions(writer="model")
    assert template.model_dump() == model.model_dump()
    assert template != model
