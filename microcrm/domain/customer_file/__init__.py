"""Lists of customers that other programs wrote: what kind of file it is, what its columns hold, and one person a row."""
