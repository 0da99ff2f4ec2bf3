"""The benchmark: Cargohold beside Debian's docker-registry and beside what the machine can do, all in one run.

    .venv/bin/python -m tests.perf              four minutes; prints Markdown
    .venv/bin/python -m tests.perf --quick      ten seconds, to see that it runs; its figures mean nothing

`processes` starts the three servers, `load` asks them, `scenarios` says what is asked, `ceilings` measures the machine,
`report` writes the page. Needs Debian's packages wrk and docker-registry.
"""
