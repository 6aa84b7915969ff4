"""Ways to one declaration, beside the grid of the page: an answer that nothing is needed."""
