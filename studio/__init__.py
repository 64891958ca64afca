"""Avatar Studio: a living Gaussian head from one picture."""

__version__ = "0.1.0"
