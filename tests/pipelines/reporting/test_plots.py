from churnlens.pipelines.reporting.plots import plot_losses


def test_the_losses_are_two_lines_by_step():
    losses = (("validation", 0, 2.5), ("training", 5, 1.75), ("validation", 5, 1.5))
    history = [{"step": at, "split": split, "loss": loss} for split, at, loss in losses]
    figure = plot_losses(history, "zh")
    training, validation = figure.axes[0].lines
    assert training.get_xydata().tolist() == [[5, 1.75]]
    assert validation.get_xydata().tolist() == [[0, 2.5], [5, 1.5]]
    assert [each.get_text() for each in figure.legends[0].get_texts()] == ["所学数据", "未见数据"]
    assert plot_losses([], "en").axes
