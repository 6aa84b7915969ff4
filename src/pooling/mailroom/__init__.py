"""What leaves by mail: reminders as the facilitator sees and sets them, and what each person chooses to receive."""
