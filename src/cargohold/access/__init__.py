"""The access room: what a request needs (demands), who may have it (evaluate), and the guard that both doors call."""
