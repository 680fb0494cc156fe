"""From one page to a crawl: records in, articles out, in as many processes as there are cores.

Imports the core and is never imported by it; `cleaner.cli` is its face. The path, each step one module: `sources` (what is named on the
command line) → `read` (records of files and archives) → `pool` (processes with limits) → `write` → `run` (shards, manifest, resume).
"""
