"""Tier 3: services off the robot, which make it cleverer and which it never needs."""
