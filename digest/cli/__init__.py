"""The command line: arguments → one job → words and exit code.

``program`` is one use of it, ``group`` has what commands share. The commands stand in ``reading``, ``running``,
``repairing`` and ``setting_up``; each is given a ``session`` (the options, the configuration, the archive), and what
changes an archive goes through ``runner``. ``console`` is what is seen; ``status`` and ``paper`` have the long words.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""
