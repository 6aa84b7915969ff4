"""What people think afterwards: two questions after a delivery and a committee, asked by mail, answered behind its
link without signing in; a second answer replaces the first.
"""
