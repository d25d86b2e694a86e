"""`python -m ligrad`: the command line."""

from ligrad.cli import main

main()
