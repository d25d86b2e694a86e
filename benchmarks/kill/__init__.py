"""What a signal at any moment leaves: nothing unfinished, and the next run is right."""
