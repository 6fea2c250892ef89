#!/usr/bin/env python3
"""Shows that no input makes more than its share of work: four times the bytes take at most about four
times the instructions, and memory in proportion, whatever a server sends.

    work.py WORK [PART OF A NAME]    prints the table; fails where an input takes more than it may

WORK is the program of work.cpp. Instructions are counted by valgrind, so a busy machine does not matter.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

SMALL, LARGE = 1_000_000, 4_000_000
LARGEST_ERROR = 1_000_000  # a larger body of an error is not read as JSON
MOST_A_BYTE = 3_000
MOST_INSTRUCTIONS = 4.5  # a buffer that is filled anew at a power of two makes a little more than 4
MOST_MEMORY = 64         # bytes for each byte of the input, with a fixed part of FIXED_MEMORY
FIXED_MEMORY = 4_000_000


def run(program, name, size):
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
         program, name, str(size)],
        capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"work: {name}, {size} bytes: {done.stdout}{done.stderr}")
    outcome, peak = done.stdout.split()
    return outcome, int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)[1].replace(",", "")), int(peak)


def measure(program, name):
    size = LARGEST_ERROR if name.startswith("error:") else LARGE
    nothing, small, large = (run(program, name, some) for some in (0, size * SMALL // LARGE, size))
    ratio = (large[1] - nothing[1]) / max(small[1] - nothing[1], 1)
    per_byte = (large[1] - nothing[1]) / size
    line = (f"{name:48} {per_byte:8.1f} {ratio:8.2f} {large[2] / size:8.1f}  "
            f"{small[0]}, {large[0]}")
    is_bad = (ratio > MOST_INSTRUCTIONS or per_byte > MOST_A_BYTE or
              large[2] > MOST_MEMORY * size + FIXED_MEMORY)
    return line + ("  TOO MUCH" if is_bad else ""), is_bad


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = sys.argv[1]
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    if len(sys.argv) == 3:
        names = [name for name in names if sys.argv[2] in name]
    print(f"{'':48} {'instr.':>8} {'4 MB to':>8} {'memory':>8}\n"
          f"{'input':48} {'a byte':>8} {'1 MB':>8} {'a byte':>8}  outcome")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda name: measure(program, name), names))
    print("\n".join(line for line, _ in results))
    if any(is_bad for _, is_bad in results):
        sys.exit("work: more than its share")


if __name__ == "__main__":
    main()
