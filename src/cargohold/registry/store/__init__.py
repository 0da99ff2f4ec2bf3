"""The registry room's statements. Each is built once, on import, and each function takes the connection first.

Locks are taken in one order, so that two transactions never wait for each other: the repository (shared by what adds
to it, alone by what takes away), then rows of the collection queue, then blobs, both by ascending id, then the rest.
"""
