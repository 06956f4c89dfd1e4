"""The compiler's model scripts (.alls): read, merged and written."""
