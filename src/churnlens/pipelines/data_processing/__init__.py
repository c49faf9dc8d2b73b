"""Raw files to validated, redacted, searchable rows."""

from churnlens.pipelines.data_processing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
