"""Exports: the question bank for other programs, pages as notebooks, the site as PDF.

Each module turns loaded content into bytes or text.
"""
