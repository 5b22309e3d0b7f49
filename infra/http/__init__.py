"""HTTP plumbing for every front door: guards, problem documents, limits and paging. It knows no
business.
"""
