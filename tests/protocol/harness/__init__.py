"""Shared by the black-box tests: servers, clients, the process table, strace, explanations."""
