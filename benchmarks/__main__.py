"""`python -m benchmarks`: the whole measurement of the main job, in some five minutes. See README.md here."""

from __future__ import annotations

from benchmarks import latency, solve, throughput

for measurement in (latency, throughput, solve):
    print(f"# {measurement.__name__}", flush=True)
    measurement.main()
