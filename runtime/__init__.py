"""First floor: the doors to the world. Models, disk and processes are reached through here and nowhere else."""
