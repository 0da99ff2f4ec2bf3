"""IAM's operations: who there is, what proves them, and what they may do.

Source: IAM API reference, version 2010-05-08.
"""
