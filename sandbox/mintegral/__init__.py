"""What Mintegral's audience API does.

Sources: its "Create Audience" page of 2025-07-29, which leads; the token, upload, update, list and delete
pages beside it and public clients where it is silent. What none of them says is marked "unverified" where it
is decided.
"""
