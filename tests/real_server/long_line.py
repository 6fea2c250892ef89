#!/usr/bin/env python3
"""usage: long_line.py PORT TARGET SECONDS
Passes connections to PORT on to TARGET, on this machine; what goes there is so many seconds on its way, as if
the server were far off or thought for so long. Runs until it is ended.
"""
import asyncio
import sys

PORT, TARGET, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


async def carry(reader, writer, seconds):
    while piece := await reader.read(65536):
        await asyncio.sleep(seconds)
        writer.write(piece)
        await writer.drain()
    writer.close()


async def connect(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", TARGET)
    try:
        await asyncio.gather(carry(reader, there[1], SECONDS), carry(there[0], writer, 0))
    except OSError:  # one end is gone, and so the other
        pass
    finally:
        writer.close()
        there[1].close()


async def main():
    await (await asyncio.start_server(connect, "127.0.0.1", PORT)).serve_forever()


asyncio.run(main())
