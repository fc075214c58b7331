"""Start the program: ``gate``, ``buildrisk-gate`` or ``python -m gate``."""

import gc

# Objects that are made before Python looks for cycles among them, instead of 700: a run imports
# much and ends soon, so that it would look a hundred times and find next to nothing.
_OBJECTS = 100_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_OBJECTS)
    from gate.cli import main as run  # noqa: PLC0415 - importing it is most of what is made

    try:
        run()
    finally:
        gc.freeze()  # what is left goes with the process: the interpreter needn't search it


if __name__ == "__main__":
    main()
