"""What the black-box tests stand on: servers, clients, the process table, strace, explanations."""
