"""Detects another package that hides one of ours."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

OUR_PACKAGES = ("ligrad_ir", "passes", "backends")


def check_not_shadowed(home: Path) -> None:
    """Require that our packages are found beside `home`, the directory of `ligrad`.

    Raises:
        ImportError: which name is taken, by what, and where ours is.
    """
    for name in OUR_PACKAGES:
        expected = home.parent / name
        spec = find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if str(expected) in map(str, map(Path, places)):
            continue
        found = (spec.origin or ", ".join(places)) if spec else "nothing"
        raise ImportError(
            f"ligrad needs its own package {name!r} at {expected}, but Python finds "
            f"{found}: another package of that name comes first on the path "
            "(sys.path); rename it, or move it behind ligrad"
        )
