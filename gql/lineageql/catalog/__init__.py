"""The use-cases in domain words: finding, paging, walking lineage, recording.

Everything above reaches the store through here.
"""
