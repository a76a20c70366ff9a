"""The nodes of the state graph."""
