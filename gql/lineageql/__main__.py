"""`python -m lineageql` is `lineageql`."""

from lineageql.cli import main

if __name__ == "__main__":
    main()
