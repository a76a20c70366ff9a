"""The state machine of a run as one LangGraph, its nodes and recipes, and the public functions over it.

The only package that imports langgraph.
"""
