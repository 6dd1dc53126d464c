"""Pictures of what a model says about a set: scatters, matrices, curves and the map. Imports no torch."""
