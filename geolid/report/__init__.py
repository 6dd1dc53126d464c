"""Scores, tables and plots of what a model predicted. Imports no torch."""
