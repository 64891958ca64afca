"""The one error type whose text is meant for the person at the keyboard."""


class UserError(Exception):
    """Something the user can mend: one clear sentence that ends with the next step.

    The command line prints it and exits with 2; the window shows it in the status line and on the
    job card. Every other exception is a bug and exits with 1.
    """


class NoFaceFoundError(UserError):
    """A picture shows no face that is found by itself; handles placed by hand make it usable."""
