"""`saga chaos`: real processes on a real Kafka, killed at random; at the end all of it must add up.

Where to look, in the order of a run:

- drawn from the seed, pure: ``shapes`` (definitions), ``text`` (their Python), ``plays`` (how each
  step goes), ``starts``, ``blows`` (what is killed when)
- carried out: ``scenery`` (the folder and the application of a run), ``crew`` (processes and
  Kafka), ``load`` (starts), ``echo`` (duplicates and late messages), ``watch``
- judged: ``legal`` (the model: which ends are right), ``retrace`` (the log against the engine),
  ``ledgers`` (the services' databases), ``replayed`` (the books as they must be), ``drained``
  (what is left on the broker), ``judgement`` (all of it together)
- the whole: ``run``, ``stage``, ``report``
"""
