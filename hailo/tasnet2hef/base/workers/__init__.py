"""Runs tasks side by side: in this process, in processes of this machine, or on a Dask cluster.

A task is a function of a module with its arguments. Its key is a digest of all that its result depends on: tasks
with equal keys have equal results, and only one of them is run.
"""

from tasnet2hef.base.workers.opening import open_workers
from tasnet2hef.base.workers.tasks import DFC, TORCH, Ended, InProcess, Queue, Task, Workers, results_of

__all__ = ["DFC", "TORCH", "Ended", "InProcess", "Queue", "Task", "Workers", "open_workers", "results_of"]
