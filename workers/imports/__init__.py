"""Records from a file into Protime: each row once, however often the import is interrupted and repeated."""
