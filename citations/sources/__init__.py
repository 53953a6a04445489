"""One module per service or file format: bytes in, records out. No database."""
