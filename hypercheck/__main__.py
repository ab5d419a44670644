"""`python -m hypercheck` is `hypercheck`."""

from hypercheck.cli import main

main()
