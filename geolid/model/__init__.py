"""The identifier: front ends, encoders, conditioning and losses."""
