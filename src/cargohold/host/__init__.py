"""The program of a host: a machine that has a role by its instance profile, and gives it to whatever runs there.

key          what the host is known by: a file that only its owner may read
signing      signs its requests
remote       asks the server: to join, and for credentials
rotation     keeps credentials that are good, ahead of their end and through an outage
metadata     what an instance metadata service (IMDSv2) says
containers   the endpoint that container agents give credentials at
listening    sockets that nobody but this machine reaches
program      all of it, until it is stopped

It imports nothing of the server: it runs where there is none.
"""
