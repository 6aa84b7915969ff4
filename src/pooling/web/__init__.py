"""HTTP and HTML, and no feature: forms, errors, layout, components, static files, security of requests."""
