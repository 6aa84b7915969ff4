"""What the group does together: actions as sheets, proposed from a catalogue or freely, then ranked, agreed, done."""
