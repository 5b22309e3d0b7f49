"""``python -m orchestrator.cli``: the `saga` command where no console script is installed."""

from orchestrator.cli.main import main

main()
