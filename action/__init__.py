"""What the action runs on a user's runner: `main` judges, `install` makes its environment."""
