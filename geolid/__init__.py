"""GeoLID: spoken language identification that knows where languages are spoken."""

__version__ = "0.1.0"
