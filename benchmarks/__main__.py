"""The speed tables: `make bench`. Writes them to benchmarks/results/ as JSON, which the chapters show."""
from benchmarks import lenet, linear_step, mlp_adam, rows, transformer_block

if __name__ == "__main__":
    for table in (linear_step, transformer_block, lenet, mlp_adam, rows):
        table.main()
