"""Requests and answers of AWS's services as TypedDicts, written by tools/generate_shapes.py.

Import them under TYPE_CHECKING: a request is the decoded dict itself, so they cost nothing when a request is served.
"""
