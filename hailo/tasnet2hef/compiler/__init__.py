"""Towards the vendor's compiler: model scripts, and later the compiler itself."""
