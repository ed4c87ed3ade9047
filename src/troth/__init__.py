"""Troth: the privacy policy that runs."""
