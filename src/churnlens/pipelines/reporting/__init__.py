"""Metrics with intervals, plots, and the report."""

from churnlens.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
