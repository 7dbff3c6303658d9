"""The page: formulas in a browser, served to this machine alone.

    server.py      HTTP: assets out, requests in, and who may ask
    workers.py     a pool of processes, each replaced when it takes too long or too much
    worker.py      one such process: a request a line, an answer a line
    assets/        the page itself, plain HTML, CSS and JavaScript modules, and KaTeX

Answers come from :func:`tensorcalc.service.handle` alone.
"""
