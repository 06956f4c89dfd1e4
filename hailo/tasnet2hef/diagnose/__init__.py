"""What is wrong, and where: installation, failing graphs, devices."""
