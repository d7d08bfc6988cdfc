"""The same functions at speed."""
