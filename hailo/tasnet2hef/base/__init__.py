"""What every room stands on: errors, files, the network's specification and the contract of an exported graph."""
