"""What comes in by itself: feeds put batches on a queue and nothing else; above runtime."""
