"""The registry room's statements. Each is built once, on import, and each function takes the connection first.

Locks are taken in one order, so that two transactions never wait for each other: the repository (shared by what adds
to it, alone by what takes away), then rows that the collection queue has, then blobs and the rights to them, both by
ascending id, then new rows of the queue, then the rest. The registry, for its quotas, and an image, for the number of
its tags, are held only near a limit, after what is counted.
"""
