"""The command line. Each module holds a few commands and imports what is heavy when one of them runs."""
