"""git: what was written becomes a commit, and is pushed; nobody's work is ever undone.

``program`` calls git, ``repository`` asks what is there, ``commits`` makes commits, ``remote`` pushes them and takes in
what others pushed, ``recovery`` clears up after a run that was killed; ``examining`` is what doctor and init ask.
"""
