/** A night as it looks in the morning: some of everything, for pictures and for checks that want a full page. */
import type { ScriptedFacade } from './scripted-facade.ts';

const minute = 60_000;

export interface Night {
  readonly running: string;
  readonly failed: string;
  readonly retrying: string;
  readonly queued: string;
}

export function dream(facade: ScriptedFacade): Night {
  finished(facade);
  const failed = failures(facade);
  const running = underWay(facade);
  const { retrying, queued } = waiting(facade);
  facade.throughput = { perMinute1: 42, perMinute5: 38.4, perMinute60: 31.7 };
  facade.recovered = { tasks: 12, stoppedAt: facade.iso(-5 * 60 * minute), downMs: 268 * minute, clean: false };
  facade.health = [
    {
      code: 'disk-low',
      severity: 'warning',
      message: '4.1 GiB are left on the disk of the library.',
      action: 'Make room below /srv/media, or move the library; downloads stop at 1 GiB.',
      since: facade.iso(-42 * minute),
    },
  ];
  return { failed, running, retrying, queued };
}

function finished(facade: ScriptedFacade): void {
  const urls = [
    'feeds.example.org/ep-112.mp3',
    'feeds.example.org/ep-113.mp3',
    '音乐.example/夜航.flac',
    'cdn.example.net/a/very/long/path/to/a/file/that/does/not/fit.mp3',
  ];
  urls.forEach((url, index) => {
    const id = facade.add('http.download', { url: `https://${url}` }, { tags: ['podcast'], group: 'example.org' });
    facade.start(id, 'io-1', (12 - index) * minute);
    facade.end(id, 'succeeded', 'succeeded', {
      result: { path: `podcast/${url.split('/').at(-1)}`, bytes: 48_211_004 },
      finishedAt: facade.iso((index - 11) * minute - 18_400),
    });
  });
  const thumbnail = facade.add('thumbnail.make', { path: 'covers/ep-112.png' });
  facade.start(thumbnail, 'cpu-2', 900);
  facade.succeed(thumbnail);
  const canceled = facade.add('command.run', { program: 'backup', args: ['--full'] });
  facade.start(canceled, 'cpu-1', 3 * minute);
  facade.end(canceled, 'canceled', 'canceled');
}

function failures(facade: ScriptedFacade): string {
  const failed = facade.add(
    'http.download',
    { url: 'https://feeds.example.org/ep-110.mp3' },
    {
      tags: ['podcast', 'late'],
      group: 'example.org',
      idempotencyKey: 'feed-42/ep-110',
      createdAt: facade.iso(-41 * minute),
    },
  );
  for (const [index, agoMs] of [40 * minute, 33 * minute, 12 * minute].entries()) {
    facade.start(failed, 'io-1', agoMs);
    facade.say(failed, 'GET https://feeds.example.org/ep-110.mp3');
    facade.say(failed, '503 Service Unavailable, retry-after 120', 'warn');
    const error = {
      code: 'http_status',
      message: 'The server answered 503 Service Unavailable',
      stack: 'HttpError: 503\n    at download (workers/handlers/http.download.js:88:11)',
    };
    facade.end(failed, index === 1 ? 'timed_out' : 'failed', index === 2 ? 'failed' : 'retrying', {
      error,
      finishedAt: facade.iso(-agoMs + (index + 1) * 2 * minute),
    });
  }
  const crashed = facade.add('thumbnail.make', { path: 'covers/huge.tiff' });
  facade.start(crashed, 'cpu-2', 20 * minute);
  facade.end(crashed, 'worker_crashed', 'failed', {
    error: { code: 'worker_crashed', message: 'The worker ended: JavaScript heap out of memory' },
  });
  const held = facade.add('command.run', { program: 'rsync', args: ['-a', 'nas:'] }, { onInterrupt: 'hold' });
  facade.start(held, 'cpu-1', 300 * minute);
  facade.end(held, 'interrupted', 'interrupted', {
    error: { code: 'interrupted', message: 'The supervisor ended while it ran' },
  });
  return failed;
}

function underWay(facade: ScriptedFacade): string {
  const download = facade.add(
    'http.download',
    { url: 'https://feeds.example.org/ep-114.mp3' },
    { tags: ['podcast'], group: 'example.org' },
  );
  facade.start(download, 'io-1', 74_000);
  facade.say(download, 'GET https://feeds.example.org/ep-114.mp3');
  facade.say(download, 'resumes at 12.0 MiB of 46.0 MiB');
  facade.say(download, 'slow: 0.4 MiB/s', 'warn');
  facade.progress(download, 31_000_000, 48_211_004, '29.6 of 46.0 MiB, 0.4 MiB/s');
  const backup = facade.add('command.run', { program: 'backup', args: ['--incremental'] });
  facade.start(backup, 'cpu-1', 12 * minute + 5_000);
  const thumbnail = facade.add('thumbnail.make', { path: 'covers/ep-114.png' });
  facade.start(thumbnail, 'cpu-2', 4_000);
  facade.progress(thumbnail, 3, 4);
  return download;
}

function waiting(facade: ScriptedFacade): { retrying: string; queued: string } {
  const retrying = facade.add('http.request', { url: 'https://hooks.example.org/night' });
  facade.start(retrying, 'io-1', 30_000);
  const until = facade.iso(4 * minute);
  facade.end(retrying, 'failed', 'retrying', {
    error: { code: 'connect', message: 'connect ECONNREFUSED 192.0.2.7:443' },
    runAt: until,
    waiting: { reason: 'backoff', until, detail: 'Attempt 1 of 3 failed; exponential backoff from 10s' },
  });
  const dueAt = facade.iso(90 * minute);
  facade.add(
    'command.run',
    { program: 'prune' },
    { state: 'scheduled', runAt: dueAt, waiting: { reason: 'scheduled', until: dueAt, detail: '' } },
  );
  let queued = '';
  for (let number = 115; number < 133; number++) {
    const waits = { reason: 'concurrency', until: null, detail: 'Group example.org runs 2 of at most 2' } as const;
    queued = facade.add(
      'http.download',
      { url: `https://feeds.example.org/ep-${number}.mp3` },
      { group: 'example.org', waiting: waits },
    );
  }
  return { retrying, queued };
}
