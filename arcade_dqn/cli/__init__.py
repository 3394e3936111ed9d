"""The command line: `main` holds the parser, the other modules hold one thin function per command."""
