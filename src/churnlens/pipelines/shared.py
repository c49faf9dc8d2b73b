"""What several stages take: tags, and catalog entries that are always taken together."""

STUDENT = "student"  # tag of the nodes that make and judge a student: minutes to hours of work

# Argument of `load_analyst` → catalog entry: what every stage that answers needs.
STORED = {
    "schema": "table_schema",
    "table": "table",
    "feedback": "feedback",
    "reasons": "reasons",
    "vectors": "vectors",
    "vector_index": "vector_index",
    "lexical_index": "lexical_index",
    "prompts": "prompts",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
    "indexing": "params:indexing",
}
ANALYST_INPUTS = {**STORED, "student": "served", "options": "params:inference"}

# Argument of whatever trains a student on rows → catalog entry.
TRAINING = {
    "training_rows": "training_rows",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
    "checkpoints": "checkpoints",
}

# Argument of `open_scorer` and of `open_desk` → catalog entry.
SCORER = {
    "scorer": "scorer",
    "scorer_parts": "scorer_parts",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
}
DESK = {
    **SCORER,
    "desk_rules": "desk_rules",
    "reason_model": "reason_model",
    "reason_book": "reason_book",
    "alert_phrases": "alert_phrases",
}

# Argument of `load_knowledge` and of `load_writer` → catalog entry.
ASSISTANT = {
    "service_book": "raw_service_book",
    "prompts": "prompts",
    "documents": "documents",
    "vectors": "vectors",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
    "indexing": "params:indexing",
    "student": "student",
}

# Part of `StoredWriters` → catalog entry: what every stage that summarises needs.
WRITERS = {
    "extractive": "extractive",
    "prompts": "prompts",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
    "student": "student",  # None until one has been trained
    "searched_prompt": "searched_prompt",  # None until one has been searched for
}
