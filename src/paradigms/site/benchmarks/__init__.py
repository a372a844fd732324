"""How fast the site is to write and to open, beside stock Material, in one run.

`site` has `run() -> rows`; its record is beside it, with the same stem.
"""
