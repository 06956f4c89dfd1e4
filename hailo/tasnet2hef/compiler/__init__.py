"""Drives the vendor's compiler: stages in processes of their own, resumable, failures explained."""
