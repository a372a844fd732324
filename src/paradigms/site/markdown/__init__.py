"""How Markdown meets the fences, citations and recorded numbers."""
