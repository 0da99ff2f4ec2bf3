"""The lifecycle room's statements. Each is built once, on import, and each function takes the connection first."""
