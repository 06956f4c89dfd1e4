"""``python -m tasnet2hef.training``: train, evaluate and save the demo network."""

from tasnet2hef.training.commands import run_app

if __name__ == "__main__":
    run_app()
