"""Random programs against the oracle."""
