"""What a reader takes along: the question bank for other programs, the site on paper.

No module here knows what builds the site; each makes bytes or text from what is loaded.
"""
