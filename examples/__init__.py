"""Tasks that ship with the package, with data written for it."""
