"""Lifecycle policies: which images of a repository expire or go to the archive, said by its owner's rules.

policy      the grammar: a text becomes frozen rules, or is refused in ECR's words
select      decides: images and rules in, decisions out; pure
evaluate    carries the decisions out, in the worker
preview     writes them down, and does nothing else
"""
