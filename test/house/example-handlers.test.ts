/** The example handlers that are tried one by one, as `nightshift handler test` would: programs, and TypeScript where Node takes it. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { handlerIn, perform } from '../../workers/testing.ts';
import { needs } from '../helpers/needs.ts';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const example = (name: string) => handlerIn(join(root, 'examples', 'handlers', name));

/** Takes the options of yt-dlp that the example gives, and does with them what yt-dlp does. */
const STAND_IN = `#!/usr/bin/env python3
import sys
words = sys.argv[1:]
given = {word: words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("--") and word != "--"}
url = words[words.index("--") + 1]
assert "--newline" in words and "--no-playlist" in words and "--no-simulate" in words, words
if "unavailable" in url:
    print("ERROR: [youtube] x: Video unavailable")
    sys.exit(1)
if "busy" in url:
    print("ERROR: HTTP Error 503: Service Unavailable")
    sys.exit(1)
kind, template = given["--progress-template"].split(":", 1)
assert kind == "download"
values = {"%(progress.downloaded_bytes)d": "512", "%(progress.total_bytes)d": "1024", "%(progress._speed_str)s": "1.5MiB/s"}
for field, value in values.items():
    template = template.replace(field, value)
print("[download] Destination: " + given["--paths"])
print(template)
when, text = given["--print"].split(":", 1)
assert when == "after_move"
print(text.replace("%(filepath)s", given["--paths"] + "/Moonlight [x1].m4a"))
`;

t.test('a video is fetched by yt-dlp, whose progress is that of the task', needs('python3'), async (t) => {
  const dir = t.testdir();
  const ytDlp = join(dir, 'yt-dlp');
  writeFileSync(ytDlp, STAND_IN);
  chmodSync(ytDlp, 0o755);
  const handler = await example('video.fetch.py');
  t.equal(handler.type, 'video.fetch');
  const fetchVideo = (url: string, HANDLER_YTDLP = ytDlp) =>
    perform(handler, { params: { url }, settings: { HANDLER_YTDLP, HANDLER_VIDEO_DIR: dir } });
  t.match(await fetchVideo('https://video.example.org/x1'), {
    outcome: 'succeeded',
    result: { file: join(dir, 'video', 'Moonlight [x1].m4a') },
    progress: [{ done: 512, total: 1024, text: '1.5MiB/s' }],
    log: [{ text: /^\[download\] Destination/ }],
  });
  t.match(await fetchVideo('https://video.example.org/unavailable'), { outcome: 'failed', retryable: false });
  t.match(await fetchVideo('https://video.example.org/busy'), {
    outcome: 'failed',
    retryable: true,
    error: { message: /503/ },
  });
  t.match(await fetchVideo('file:///etc/passwd'), { retryable: false, error: { message: /must be an address/ } });
  t.match(await fetchVideo('https://video.example.org/x1', join(dir, 'none')), {
    error: { message: /install yt-dlp/ },
  });
});

t.test('a shell script tells how much of the disk is free, and waits while it is too little', async (t) => {
  const handler = await example('disk.free.sh');
  const free = (HANDLER_FREE_PERCENT: string) =>
    perform(handler, { settings: { LIBRARY_DIR: '/', HANDLER_FREE_PERCENT } });
  const enough = await free('0');
  t.match(enough, { outcome: 'succeeded', log: [{ text: /% of the disk of \/ is free/ }] });
  t.type((enough.result as { freePercent: unknown }).freePercent, 'number');
  t.match(await free('101'), { outcome: 'failed', retryable: true, retryAfterMs: 3_600_000 });
});

t.test('a Python script goes on from its checkpoint', needs('python3'), async (t) => {
  const folder = t.testdir({ 'a.txt': 'First\n', 'b.txt': 'Second\n', 'c.txt': Buffer.from([0xff, 0xfe]) });
  const handler = await example('folder.index.py');
  const first = await perform(handler, { params: { folder } });
  t.match(first, {
    outcome: 'succeeded',
    result: { files: 2, failed: 1 },
    counts: { succeeded: 2, failed: 1 },
    progress: [{ done: 1, total: 3 }, { done: 2 }, { done: 3, text: 'c.txt' }],
    checkpoint: { 'a.txt': { title: 'First' }, 'b.txt': { title: 'Second' } },
  });
  const resume = { 'a.txt': { title: 'from the attempt before', bytes: 1 } };
  const second = await perform(handler, { params: { folder }, attempt: 2, resume });
  t.match(second.log[0], { text: 'going on after 1 of 3 files' });
  t.match(JSON.parse(readFileSync(join(folder, 'INDEX.json'), 'utf8')), resume);
});

t.test('a handler in TypeScript takes a playlist apart; wrong params are named', async (t) => {
  const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
  // Compiled where this Node does not take types out by itself.
  const path = stripsTypes
    ? join(root, 'examples/handlers/playlist.download.ts')
    : join(root, 'build/examples/handlers/playlist.download.js');
  t.ok(existsSync(path));
  const handler = await handlerIn(path);
  const folder = t.testdir({
    'night.m3u': '#EXTM3U\n#EXTINF:1,One\nhttps://example.org/1.mp3\nnot an address\nhttps://example.org/2.mp3\n',
    'none.m3u': '#EXTM3U\n',
  });
  const done = await perform(handler, { params: { file: join(folder, 'night.m3u'), tracksMax: 1 } });
  t.match(done, {
    outcome: 'succeeded',
    result: { tracks: 1, leftOut: 1 },
    submitted: [{ type: 'http.download', params: { url: 'https://example.org/1.mp3', folder: 'playlist' } }],
  });
  t.match(await perform(handler, { params: { file: 'night.m3u', track: 1 } }), {
    retryable: false,
    error: { code: 'validation', message: /\$\.params\.file[\s\S]*track/ },
  });
  t.match(await perform(handler, { params: { file: join(folder, 'none.m3u') } }), { retryable: false });
});
