"""Avatar Studio: a living Gaussian head from one picture."""

import os

__version__ = "0.1.0"

# The products of the speech network are too small to share: OpenBLAS's waiting threads spin, and would take the cores
# from the renderer (30 frames per second instead of 38 to 41 on two cores). Read once, when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
