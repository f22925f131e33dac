"""How is the command run where its script is not on the path? ``python -m workers.cli``."""

from workers.cli import main

main()
