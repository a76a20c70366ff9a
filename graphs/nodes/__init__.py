"""The nodes of the state graph, one file each."""
