"""What the documentation site is made of at build time: pictures, and pages that are read off the code."""
