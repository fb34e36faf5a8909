"""The stack of one machine, without Docker: its daemons, the processes of the Procfile, and whoever starts and ends them.

``make up`` is ``python -m deploy.local up``; tests use ``deploy.local.stack.Stack``.
"""
