"""Files that clients keep here, and batches: many requests in a file, answered by a job."""
