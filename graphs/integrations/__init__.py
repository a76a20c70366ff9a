"""Entry points for other frameworks: a LangChain tool, LangGraph Studio, applications of the caller."""
