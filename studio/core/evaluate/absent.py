"""Measures that need networks nobody may ship: why each is not in the tables."""


def absent_measures() -> dict[str, str]:
    """Return the measures that cannot be taken here, by name, with the reason."""
    lacking = "needs trained weights that may not be shipped with this program, and none are installed"
    return {
        "LPIPS": f"{lacking}.",
        "FID": f"{lacking}; and it compares sets of thousands of pictures, where a suite has some hundred.",
        "FVD": f"{lacking}; and it compares sets of hundreds of clips.",
        "SyncNet LSE-C, LSE-D": f"{lacking}.",
        "AUE": "needs a detector of action units, and none is installed.",
    }
