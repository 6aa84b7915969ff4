"""What people think afterwards: two questions after a delivery and a committee, asked by mail and in À faire, answered
behind the mail's link without signing in, or in the group's pages; a second answer replaces the first.
"""
