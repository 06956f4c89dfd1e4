"""Shared by all rooms: errors, files, the network's specification and the contract of an exported graph."""
