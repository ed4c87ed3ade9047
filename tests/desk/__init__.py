"""The desk: cases by which people are served."""
