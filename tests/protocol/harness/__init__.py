"""What the black-box tests share: servers, clients, the process table, strace, explanations."""
