"""The parts of a rule: findings, the context that it reads, example graphs, and how rules are discovered."""
