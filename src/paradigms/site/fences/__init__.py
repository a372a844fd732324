"""The HTML that replaces each custom fence of a page."""
