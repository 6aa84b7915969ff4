"""Two years before today: the story of the action sheet, from the first meeting to the report."""
