"""The HTML of fences and exports as Jinja templates."""
