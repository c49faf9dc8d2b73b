"""How Kedro meets the project."""

from churnlens.hooks import RunHooks

HOOKS = (RunHooks(),)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without this an override, or --params, deletes its sibling keys.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
