"""Python-Markdown extensions: fences, citations, recorded numbers and formulas."""
