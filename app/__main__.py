"""`python -m app`: the command line, wired."""

import sys

if __name__ == "__main__":
    try:
        from app.main import main

        main()
    except KeyboardInterrupt:  # Ctrl-C before a command could take it
        sys.exit(130)
