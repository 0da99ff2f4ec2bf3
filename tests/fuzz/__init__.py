"""Requests made from the models of ECR and ECR Public, right, nearly right and hostile, against the whole application.

No answer may be a fault of ours, and no error one that its operation does not declare.
"""
