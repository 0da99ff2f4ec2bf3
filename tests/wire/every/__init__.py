"""Tables over every operation of `ecr` and `ecr-public` that is built: what succeeds, fails, is limited and paged.

An operation that is built and stands in no table fails a test.
"""
