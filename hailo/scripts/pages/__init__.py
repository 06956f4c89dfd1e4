"""Parts of the documentation site that are built with it: pictures, and pages generated from the code."""
