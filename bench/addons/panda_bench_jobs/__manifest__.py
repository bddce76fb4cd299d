{
    "name": "Panda Benchmark: one queue_job per account",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "summary": "The work of the engine as jobs of queue_job, to be measured beside it",
    "author": "Panda Provisioning contributors",
    "license": "LGPL-3",
    "depends": ["panda_provisioning", "queue_job"],
}
