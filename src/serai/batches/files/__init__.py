"""Batches over a file or a data set: a row is a call, and all rows are one job."""
