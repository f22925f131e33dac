"""What stands in for PubMatic and Mintegral when nobody should call the real ones.

One HTTP server process, strict to the providers' documents, with faults on demand and a ledger of everything
that arrived. It reads the documents on its own: nothing here imports the client it is meant to disagree with.
"""
