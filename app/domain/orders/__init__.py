"""Orders 指令 and supervision 督办: beside a case, never a step of it. Imports only the domain."""
