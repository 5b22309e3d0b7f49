"""The only room that loads an application and wires adapters."""
