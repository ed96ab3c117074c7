"""Missions that come with Dynamical. Data, not code: a package so that it is installed."""
