"""What every picture, clip and avatar file says about where it came from."""

from studio import __version__

PROGRAM = f"Avatar Studio {__version__}"
STATEMENT = "synthetic: rendered from a reconstructed head, not a recording of the person shown"


def provenance() -> dict[str, str]:
    """Return the statement as the key-value pairs that file containers carry."""
    return {"Software": PROGRAM, "Comment": STATEMENT}
