"""The parts of the benchmark, a file each: ``play`` measures one round and yields its samples, case by case."""
