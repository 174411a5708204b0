"""Threads, processes, queues and the two lanes; may import services and domain. No Qt.

Nothing else in the program creates a thread.
"""
