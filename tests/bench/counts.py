#!/usr/bin/env python3
"""Counts what one small request and one streamed token cost, in numbers that no busy machine changes:
user instructions (valgrind's callgrind) and calls of malloc, by the program load_client.

    counts.py LOAD_CLIENT            prints the table; fails where a number is over the kept one by 10 %
    counts.py LOAD_CLIENT --keep     makes these the kept numbers (counts.json, beside this file)
    counts.py LOAD_CLIENT --with     what a request costs with one thing switched on or off

Each number is the difference of two runs, so that what a program costs by itself does not count.
"""
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

KEPT = pathlib.Path(__file__).with_name("counts.json")
TOLERANCE = 1.10
HEAD = ("HTTP/1.1 200 OK\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: {type}\r\n"
        "Connection: keep-alive\r\nServer: counts\r\nx-request-id: req_0123456789abcdef\r\n"
        "{framing}\r\n\r\n")
TEXT = "Hello there, this is a short sentence."


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def whole(body):
    data = json.dumps(body).encode()
    head = HEAD.format(type="application/json", framing=f"Content-Length: {len(data)}")
    return head.encode() + data


def stream(content_type, events):
    head = HEAD.format(type=content_type, framing="Transfer-Encoding: chunked")
    return head.encode() + b"".join(chunk(event) for event in events) + b"0\r\n\r\n"


def openai_event(delta, finish=None):
    body = {"id": "chatcmpl-0123456789", "object": "chat.completion.chunk", "created": 1760000000,
            "model": "mock-1", "system_fingerprint": "fp_0123456789",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def ollama_line(text, done):
    body = {"model": "mock-1", "created_at": "2026-11-02T10:00:00.123456789Z",
            "message": {"role": "assistant", "content": text}, "done": done}
    if done:
        body |= {"done_reason": "stop", "eval_count": 7}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def answer_to(target, wants_stream):
    """`target` begins with /<number of tokens>."""
    tokens = int(target.split("/")[1])
    if target.endswith("/api/chat"):
        lines = [ollama_line(f" word{i % 10}", False) for i in range(tokens)]
        return stream("application/x-ndjson", lines + [ollama_line("", True)])
    if wants_stream:
        events = [openai_event({"content": f" word{i % 10}"}) for i in range(tokens)]
        return stream("text/event-stream", events + [openai_event({}, "stop"), b"data: [DONE]\n\n"])
    return whole({"id": "chatcmpl-0123456789", "object": "chat.completion", "created": 1760000000,
                  "model": "mock-1", "choices": [{"index": 0, "message": {
                      "role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
                  "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}})


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        while request := lines.readline():
            length = 0
            while (line := lines.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = json.loads(lines.read(length))
            connection.sendall(answer_to(request.split()[1].decode(), body.get("stream")))


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


def run(client, url, *arguments, switched=""):
    """Instructions, and calls of malloc and its like, of one run."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder, "profile")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", client, url,
             *map(str, arguments)],
            env={"WARM": "0", "WITH": switched, "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, timeout=300)
        result = json.loads(done.stdout or "{}")
        if done.returncode != 0 or result.get("fail") != 0:
            sys.exit(f"counts: {client} failed: {done.stdout}{done.stderr}")
        return read_profile(profile.read_text())


def read_profile(text):
    names, instructions, allocations, callee = {}, 0, 0, ""
    for line in text.splitlines():
        if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            number, name = match.groups()
            if name:
                names[number] = name
            if line.startswith("cfn="):
                callee = names[number]
        elif line.startswith("calls=") and callee in ("malloc", "calloc", "realloc"):
            allocations += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    return instructions, allocations


def difference(more, less, count):
    return {"instructions": round((more[0] - less[0]) / count),
            "allocations": round((more[1] - less[1]) / count, 3)}


def serve_in_background():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def request(client, base, switched=""):
    runs = [run(client, f"{base}/1", count, 1, "chat", 1, "openai", switched=switched)
            for count in (600, 100)]
    return difference(*runs, 500)


def measure(client):
    base = serve_in_background()

    def tokens(wire):
        runs = [run(client, f"{base}/{count}", 10, 1, "stream", count, wire) for count in (600, 100)]
        return difference(*runs, 10 * 500)

    return {"request": request(client, base),
            "token, OpenAI": tokens("openai"), "token, Ollama": tokens("ollama")}


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--keep"], ["--with"]):
        sys.exit(__doc__)
    if sys.argv[2:] == ["--with"]:
        base = serve_in_background()
        for switched in ("", "no-retries", "hook", "clocks", "limits", "places", "options"):
            print(f"{switched or 'by itself':12}", request(sys.argv[1], base, switched))
        return
    counts = measure(sys.argv[1])
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    worse = []
    for what, numbers in counts.items():
        for name, number in numbers.items():
            before = kept.get(what, {}).get(name, number)
            print(f"{what:14} {name:13} {number:>10} (kept: {before})")
            if number > before * TOLERANCE + 0.01:
                worse.append(f"{name} a {what}")
    if sys.argv[2:]:
        KEPT.write_text(json.dumps(counts, indent=2) + "\n")
    elif worse:
        sys.exit("counts: over the kept numbers: " + "; ".join(worse))


if __name__ == "__main__":
    main()
