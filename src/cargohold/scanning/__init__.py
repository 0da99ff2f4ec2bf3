"""Scanning: which packages an image holds, which advisories name them, and what ECR says of that.

`layer` and `inventory/` read what is there, `advisories/` keeps what is known, `match` holds one against the other.
"""
