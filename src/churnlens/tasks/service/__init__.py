"""The customer-service assistant: its handbook, its dialogues, its replies and how they are judged."""
