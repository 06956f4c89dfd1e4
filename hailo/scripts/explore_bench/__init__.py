"""The parts of ``python -m scripts.bench_explore``: studies, stand-ins for their steps, crowds of workers."""
