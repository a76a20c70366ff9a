"""An agent app in plain LangGraph whose two prompts are optimized from outside: a hotel's front desk."""
