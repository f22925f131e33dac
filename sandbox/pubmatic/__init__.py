"""What PubMatic's Audience API does.

Sources: its published page (a comparison of two versions, samples of 2013 to 2017), which leads; pages and
public clients around it where that page is silent. What neither says is marked "unverified" where it is
decided.
"""
