"""What ended badly, for operators: find, group, show, edit, replay, discard, restore."""
