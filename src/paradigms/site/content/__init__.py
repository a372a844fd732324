"""TOML files and pages as checked data."""
