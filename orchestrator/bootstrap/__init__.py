"""The only room that loads an application by name and wires adapters into running processes."""
