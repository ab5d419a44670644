"""Handwritten digits for the examples: scikit-learn's 8x8 images, or MNIST where torchvision is installed."""

import argparse
import sys
from collections.abc import Iterable
from typing import NamedTuple

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor


class Digits(NamedTuple):
    """Images [N, 1, side, side] with values from 0 to 1, and their labels [N]."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def read_arguments(description: str, epochs: int) -> argparse.Namespace:
    """The options that all scripts on digits share. `--quick` makes it three epochs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few seconds instead of a good result")
    options = parser.parse_args()
    if options.quick:
        options.epochs = min(3, options.epochs)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # networks this small are faster on one thread
    return options


def load(name: str) -> Digits:
    """A fifth of the small digits is kept for testing; MNIST comes with its own test set."""
    return load_mnist() if name == "mnist" else load_digits()


def load_digits() -> Digits:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("this example needs scikit-learn: pip install scikit-learn")
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    train, test = order[len(order) // 5 :], order[: len(order) // 5]
    return Digits(images[train], labels[train], images[test], labels[test])


def load_mnist() -> Digits:
    try:
        from torchvision.datasets import MNIST
    except ImportError:
        sys.exit("--data mnist needs torchvision: pip install torchvision, or leave --data out")
    try:
        train, test = (MNIST("data", train=train, download=True) for train in (True, False))
    except (OSError, RuntimeError) as error:
        sys.exit(f"MNIST is neither in data/ nor can it be loaded ({error}); leave --data out")
    return Digits(train.data[:, None] / 255, train.targets, test.data[:, None] / 255, test.targets)


def epochs_shown(count: int) -> Iterable[int]:
    """The numbers of the epochs, with a progress bar on stderr where that is a terminal."""
    console = Console(stderr=True)
    return track(range(count), "training", console=console, disable=not console.is_terminal)


def shuffled_batches(images: Tensor, labels: Tensor, size: int) -> Iterable[tuple[Tensor, Tensor]]:
    """All samples once, in a new order; the last batch is smaller where `size` leaves a rest."""
    for rows in torch.randperm(len(labels)).split(size):
        yield images[rows], labels[rows]


@torch.no_grad()
def accuracy(model: torch.nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of right answers, 0 to 1."""
    return (model(images).argmax(dim=1) == labels).float().mean().item()
