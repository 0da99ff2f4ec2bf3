"""The audit trail: an event for each change and each refusal at either door, in CloudTrail's shape, one JSON line each.

event     what a line says
trail     `Audit`, which the doors write to
files     where lines are kept: files by day and size, bounded in total
search    finds events in them, newest first
"""
