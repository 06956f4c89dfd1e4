"""Damaged input of every kind through the commands that read it: the work is done, or refused in one line.

A *kind* (folder ``kinds``) makes a few small whole files and draws a case from them: files that were damaged, and
the command that reads them. ``damage`` knows how each format goes wrong. ``run_case`` runs a case in a process of
its own with limits on memory and time, ``judge`` says what was wrong with how it ended. A case is told by kind,
seed and number, so it can be run again.
"""
