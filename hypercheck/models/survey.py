"""Where a model stands in the taxonomy of Chauhan et al. 2023 (arXiv 2306.06955)."""

from __future__ import annotations

from dataclasses import dataclass

from hypercheck.models.hypernet import Hypernet


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One line of the registry: the model, its source, and the survey's five criteria.

    `priority` is 0 for the models that everybody meets first, 2 for the rarest.
    """

    name: str
    build: type[Hypernet]
    summary: str
    paper: str
    input: str
    """task-conditioned, data-conditioned, or noise-conditioned."""
    output: str
    """generate once, multiple, component-wise, or chunk-wise."""
    input_variability: str
    """static or dynamic."""
    output_variability: str
    """static or dynamic."""
    architecture: str
    """MLP, CNN, RNN, attention, or GNN."""
    priority: int
