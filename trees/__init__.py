"""The root tree, the control nodes of missions, and the mission files."""
