"""What the gate costs, beside what a user would do otherwise; see README.md."""
