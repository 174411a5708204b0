"""`python -m app`: the command line, wired."""

from app.main import main

if __name__ == "__main__":
    main()
