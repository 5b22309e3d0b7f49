"""How fast it is: a load of real sagas, a bare loop to compare with, and the engine alone."""
