"""What is known of vulnerabilities: read from the forms in which it is published, kept in one file, looked up by name.

`osv`, `debian`, `secdb`, `scores` and `signals` read a form each; `build` makes a file of all, `database` reads it.
"""
