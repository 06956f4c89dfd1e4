"""``python -m tasnet2hef``: the command line, for ``torchrun -m`` and for environments that are not activated."""

from tasnet2hef.cli.main import main

if __name__ == "__main__":
    main()
