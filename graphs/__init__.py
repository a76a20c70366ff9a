"""Fourth floor: who moves. The LangGraph state machine, its recipes, run and resume. langgraph lives here alone."""
