"""The API: chat, questions, predictions, alerts and runs over HTTP."""
