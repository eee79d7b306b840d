"""The mathematics of the five articles A to E, transcribed with the articles' own conventions and nothing of pyfc.

The tests hold pyfc and the pages in ``docs/articles`` against these: columns for samples, divisions where the article
has them, derivatives written out by hand. The articles' mistakes are not here; ``docs/articles/spot_the_bug.py`` has
them.
"""
