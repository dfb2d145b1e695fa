"""The command line: arguments → one job → words and exit code.

``program`` is one use of it, ``group`` has what commands share. The commands stand in ``show``, ``reading``,
``running``, ``repairing``, ``setting_up`` and ``completion``; each is given a ``session`` (the options, the
configuration, the archive), and what changes an archive goes through ``runner``. ``console`` is what is seen;
``status`` and ``paper`` have the long words. Papers are laid out by ``layout``, for a ``screen`` or a pipe; ``wanted``
says which, ``unread`` which were not seen.

Heavy imports stand inside the commands that need them: a start-up is part of the product.
"""
