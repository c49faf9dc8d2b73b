"""Task service in stage indexing."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.indexing.shared import embed


def create_pipeline() -> Pipeline:
    """Return the stage: texts by which passages are known → vectors."""
    return Pipeline([embed("documents", "vectors")])
