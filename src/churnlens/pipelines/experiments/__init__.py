"""Trainings of the student under other settings, side by side."""

from churnlens.pipelines.experiments.pipeline import create_pipeline

__all__ = ["create_pipeline"]
