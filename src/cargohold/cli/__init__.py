"""The commands. A command parses its options, calls a room below and says what came out."""
