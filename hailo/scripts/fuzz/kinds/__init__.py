"""One module a kind: ``make_seeds(folder)`` writes whole files, ``draw(seeds, dice)`` a case."""
