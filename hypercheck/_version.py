"""The version, in one place: packaging reads it as text, without importing torch."""

__version__ = "0.1.0"
