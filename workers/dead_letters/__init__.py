"""What ended badly, for operators: find, group, show, replay."""
