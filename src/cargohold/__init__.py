"""Cargohold: Amazon ECR that anyone can run.

The house, floor by floor, is described in CONTRIBUTING.md; an import only goes down (import-linter holds it).
"""

__version__ = "0.1.0"
