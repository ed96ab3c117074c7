"""Leaves of the behaviour tree, one family per file, and the types that they read and write."""
