"""Which variant goes on the chip: a grid of variants, each measured, and the few that no other one beats."""
