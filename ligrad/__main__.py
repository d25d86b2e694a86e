"""`python -m ligrad`, and the program `ligrad`: the command line."""

from ligrad.stopping import ended_by_signals


def main() -> None:
    """Run the command line. Its imports take seconds, in which a signal may come."""
    with ended_by_signals("ligrad"):
        from ligrad.cli.app import main as run

        run()


if __name__ == "__main__":
    main()
