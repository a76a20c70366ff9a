"""A task whose inputs need different rules: five kinds of input, told apart by their form."""
