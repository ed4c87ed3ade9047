"""Recognisers: personal data found in free text, with its place. Pure.

A recogniser looks for one kind and tells spans, never values. What it finds is a hint for the person who wrote the text:
no recogniser finds everything, and some find what is harmless.
"""

from troth.collection.recognising.registry import Finding, Recogniser, found_in, kinds_in, recognisers

__all__ = ["Finding", "Recogniser", "found_in", "kinds_in", "recognisers"]
