"""``python -m scripts.demo_network``: train, evaluate and save the demo network."""

from scripts.demo_network.commands import run_app

if __name__ == "__main__":
    run_app()
