"""Lists of customers brought in: read, rehearsed, committed piece by piece, and taken back."""
