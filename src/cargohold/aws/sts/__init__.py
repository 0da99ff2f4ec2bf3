"""The STS operations of the AWS door.

caller      who asks, and whose a key is
assume      a role's session
session     a user's session
federation  a session of somebody a user vouches for
web_identity  a role's session, for a token of another issuer
message     why something was denied
present     how credentials are shown
"""
