"""Entry points for other frameworks: LangChain tool, LangGraph Studio, apps."""
