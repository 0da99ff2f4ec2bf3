"""The ECR operations of the AWS door. camelCase lives here and nowhere else; the rules live in the rooms.

`repositories`, `resource_tags`, `images`, `layers` and `authorization` hold a function for each operation, its demands
beside it. `demands`, `paging` and `present` are what they share: who may, which page, how an answer is spelled.
"""
