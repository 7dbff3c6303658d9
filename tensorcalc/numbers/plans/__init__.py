"""Plans: the cheapest order of operations at given sizes, and what it takes.  Knows no arrays and no text."""
