"""The STS operations of the AWS door.

caller      who asks, and whose a key is
assume      a role's session
session     a user's session
message     why something was denied
present     how credentials are shown
"""
