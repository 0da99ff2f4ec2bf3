"""The STS operations of the AWS door.

caller      who asks
"""
