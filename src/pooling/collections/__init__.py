"""Collections: the time during which something is asked of the members of a group, for one subject.

A collection is a row: open until its date, then closed, by the sweep or early by who runs it; reopened or given another
date its `revision` rises; given up with its subject it is `cancelled`. What is collected is its subject's affair: a
purchase collects needs. The subject's feature moves both rows in one transaction and records the event.

Who answers shares the collection's lock, who closes it takes it alone: an answer is in before, or refused.
"""
