"""The mix of GDPRbench (Shastri et al., VLDB 2020): Troth with everything on against plain PostgreSQL with nothing on."""

from benchmarks.gdprbench.mix import WORKLOADS
from benchmarks.gdprbench.running import ENGINES, run

__all__ = ["ENGINES", "WORKLOADS", "run"]
