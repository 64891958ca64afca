"""`python -m studio` is `avatar-studio`."""

from studio.cli import main

if __name__ == "__main__":
    main()
