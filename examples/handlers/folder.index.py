#!/usr/bin/env python3
"""Writes INDEX.json for a folder: the size and the first line of each text file in it. It shows progress, counts and a
checkpoint: cut off after hours, the next attempt goes on where this one was.
"""
import json
import os
import sys

params = json.load(sys.stdin)
folder = params["folder"]
names = sorted(name for name in os.listdir(folder) if name.endswith(".txt"))

entries = {}
checkpoint = os.environ["NIGHTSHIFT_CHECKPOINT"]
if os.path.exists(checkpoint):
    with open(checkpoint, encoding="utf-8") as saved:
        entries = json.load(saved)
    print(f"going on after {len(entries)} of {len(names)} files")

failed = 0
for number, name in enumerate(names, start=1):
    if name not in entries:
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                entries[name] = {"title": file.readline().strip(), "bytes": os.fstat(file.fileno()).st_size}
        except (OSError, UnicodeDecodeError) as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr)
        print("::checkpoint " + json.dumps(entries), flush=True)
    print(f"::progress {number}/{len(names)} {name}", flush=True)
    print(f"::count ok={number - failed} failed={failed}", flush=True)

index = os.path.join(folder, "INDEX.json")
with open(index + ".part", "w", encoding="utf-8") as file:
    json.dump(entries, file, ensure_ascii=False, indent=2)
os.replace(index + ".part", index)
with open(os.environ["NIGHTSHIFT_RESULT"], "w", encoding="utf-8") as result:
    json.dump({"files": len(entries), "failed": failed}, result)
