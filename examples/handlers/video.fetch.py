#!/usr/bin/env python3
# nightshift-settings: HANDLER_YTDLP HANDLER_VIDEO_DIR
"""Fetches a video with yt-dlp. It shows a handler that is a program of its own: any language, no package of ours.

Params come as JSON on standard input. What yt-dlp prints is the log of the task; its progress is printed as
`::progress DONE/TOTAL TEXT`, which Nightshift takes as such. The exit code says whether trying again makes sense.
"""
import json
import os
import subprocess
import sys

params = json.load(sys.stdin)
url = params.get("url")
if not isinstance(url, str) or not url.startswith(("http://", "https://")):
    print('"url" must be an address that begins with http:// or https://', file=sys.stderr)
    sys.exit(65)  # no retry

folder = os.path.join(os.environ.get("HANDLER_VIDEO_DIR", "."), "video")
progress = "%(progress.downloaded_bytes)d/%(progress.total_bytes)d %(progress._speed_str)s"
command = [
    os.environ.get("HANDLER_YTDLP", "yt-dlp"),
    "--no-playlist",
    "--continue",
    "--newline",
    "--progress",
    "--progress-template", "download:::progress " + progress,
    "--paths", folder,
    "--output", "%(title)s [%(id)s].%(ext)s",
    "--print", "after_move:file %(filepath)s",
    "--no-simulate",
    "--format", params.get("format", "bestaudio/best"),
    "--", url,
]
hopeless = ("Unsupported URL", "Video unavailable", "Private video")
path = None
no_retry = False
try:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
except FileNotFoundError:
    print(f"there is no {command[0]}: install yt-dlp, or set HANDLER_YTDLP to where it is", file=sys.stderr)
    sys.exit(69)  # no retry
for line in process.stdout:
    if line.startswith("file "):
        path = line[5:].strip()
    no_retry = no_retry or any(words in line for words in hopeless)
    print(line, end="", flush=True)
if process.wait() != 0:
    sys.exit(65 if no_retry else 75)  # 75: later, when the site may answer again

with open(os.environ["NIGHTSHIFT_RESULT"], "w", encoding="utf-8") as result:
    json.dump({"file": path}, result)
