"""ECR Public's operations: thin, for the rooms and most of the handlers are those of the private registries.

An operation that is not written out here is ECR's own handler under the demands of ECR Public.
"""
