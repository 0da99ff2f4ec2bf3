"""The operations of the service of our own: what AWS has none for.

accounts    who else is here
audit       what was done, and refused
explain     why something is allowed or denied
demands     what they need

Its model stands in aws/models, in botocore's format.
"""
