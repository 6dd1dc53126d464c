"""What leaves the house: packed models, and their way to the Hub."""
