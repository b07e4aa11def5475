"""Measured claims: each against a named peer or a floor, side by side in one run. `make bench` runs them all."""
