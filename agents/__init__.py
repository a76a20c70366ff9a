"""The optimizer models: their team, their instructions, the questions they are asked, and how replies are read."""
