"""Tools of the repository that are not part of the package: benches, the demo network, pages of the site."""
