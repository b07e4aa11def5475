"""What two years ask of a service, in a quarter of an hour: `make soak` runs it all and prints a table of figures.

`kills` kill -9 at random instants · `faults` 72 simulated hours of a bad source · `memory` ten thousand polls · `ends`
stopping in time, one writer, many readers · `truth` what must have been told · `servers` the source and the targets,
over real HTTP on loopback · `zygote` daemons at the price of a fork.
"""
