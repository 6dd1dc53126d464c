"""Entry points: each parses its arguments, calls the library and writes. Importing one does nothing."""
