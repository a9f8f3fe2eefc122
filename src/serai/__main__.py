"""`python -m serai` is `serai`."""

from serai.cli import main

if __name__ == "__main__":
    main()
