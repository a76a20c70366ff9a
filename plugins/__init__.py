"""Everything that can be replaced or added: the shipped plugins, and the system that finds and loads others."""
