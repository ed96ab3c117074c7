"""Robot descriptions that come with Dynamical; one folder each. Data, not code: a package so that it is installed."""
