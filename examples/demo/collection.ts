/**
 * The sample collection: a pool of two podcasts (RSS and Atom), a playlist and a folder listing. Chinese and accents are
 * among the names, because real collections have them; one recording is in two lists, one fails twice, one is gone for good.
 */
import { silentMp3, wav } from './audio-file.ts';
import { bells } from './tones.ts';

export interface Recording {
  /** Of its file, as its address ends. */
  readonly name: string;
  readonly title: string;
  readonly mime: 'audio/wav' | 'audio/mpeg';
  readonly seconds: number;
  readonly content: Buffer;
  /** How the server gives it: every time, from the third time on, or never. */
  readonly manner: 'good' | 'fails twice' | 'gone';
}

export interface Document {
  readonly path: string;
  readonly mime: string;
  readonly content: string;
}

export interface Collection {
  readonly recordings: readonly Recording[];
  /** Lists of the recordings. @param url of the server, without a slash at its end */
  documents(url: string): readonly Document[];
  /** What `data/sources.yaml` says. */
  sources(url: string): string;
}

/** Name, title, first note where it sounds, seconds. */
const BELLS = [
  ['first-bell.wav', 'First bell', 262, 8],
  ['serenade.wav', 'Sérénade', 294, 6],
  ['third-shift.wav', 'Third shift', 440, 6],
  ['yueguang.wav', '月光', 330, 7],
  ['dawn.wav', 'Dawn', 523, 8],
] as const;
const SILENCES = [
  ['small-hours-1.mp3', 'Small hours, first part', 9],
  ['small-hours-2.mp3', 'Small hours, second part', 12],
  ['small-hours-3.mp3', 'Small hours, third part', 7],
] as const;
const MANNERS: Readonly<Record<string, Recording['manner']>> = {
  'third-shift.wav': 'fails twice',
  'small-hours-3.mp3': 'gone',
};

export function makeCollection(): Collection {
  const recordings: readonly Recording[] = [
    ...BELLS.map(([name, title, hertz, seconds]) => {
      const tags = { title, artist: 'The Bell Ringers', album: 'Night Shift' };
      return recording(name, title, 'audio/wav', seconds, wav(bells(hertz, seconds), tags));
    }),
    ...SILENCES.map(([name, title, seconds]) => {
      const tags = { title, artist: 'Nobody', album: 'Small Hours' };
      return recording(name, title, 'audio/mpeg', seconds, silentMp3(seconds, tags));
    }),
  ];
  const of = (...names: readonly string[]) => recordings.filter(({ name }) => names.includes(name));
  return {
    recordings,
    documents: (url) => [
      { path: '/pool.opml', mime: 'text/x-opml', content: opml(url) },
      {
        path: '/night-shift.xml',
        mime: 'application/rss+xml',
        content: rss(url, of('first-bell.wav', 'serenade.wav', 'third-shift.wav')),
      },
      {
        path: '/small-hours.xml',
        mime: 'application/atom+xml',
        content: atom(url, of('small-hours-1.mp3', 'small-hours-2.mp3', 'small-hours-3.mp3')),
      },
      { path: '/evening.m3u', mime: 'audio/x-mpegurl', content: m3u(url, of('first-bell.wav', 'yueguang.wav')) },
      { path: '/tapes/', mime: 'text/html', content: listing(of('dawn.wav')) },
    ],
    sources: (url) => `# Where the library comes from
- { name: podcasts, kind: opml, url: ${url}/pool.opml, groups: [podcasts] }
- { name: evening, kind: m3u, url: ${url}/evening.m3u, groups: [music] }
- { name: tapes, kind: index, url: ${url}/tapes/, groups: [music] }
`,
  };
}

function recording(name: string, title: string, mime: Recording['mime'], seconds: number, content: Buffer): Recording {
  return { name, title, mime, seconds, content, manner: MANNERS[name] ?? 'good' };
}

function opml(url: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Podcasts</title></head><body>
  <outline type="rss" text="Night Shift" xmlUrl="${url}/night-shift.xml"/>
  <outline type="rss" text="Small Hours" xmlUrl="${url}/small-hours.xml"/>
</body></opml>
`;
}

function rss(url: string, recordings: readonly Recording[]): string {
  const items = recordings.map(
    ({ name, title, mime, content }, index) => `<item>
  <title>${title}</title><guid isPermaLink="false">${name}</guid>
  <pubDate>${day(index).toUTCString()}</pubDate>
  <enclosure url="${url}/audio/${name}" length="${content.length}" type="${mime}"/>
</item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Night Shift</title><link>${url}/</link><description>Bells</description>
${items.join('\n')}
</channel></rss>
`;
}

function atom(url: string, recordings: readonly Recording[]): string {
  const entries = recordings.map(
    ({ name, title, mime, content }, index) => `<entry>
  <title>${title}</title><id>urn:nightshift:${name}</id><updated>${day(index).toISOString()}</updated>
  <link rel="enclosure" href="${url}/audio/${name}" length="${content.length}" type="${mime}"/>
</entry>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Small Hours</title><id>${url}/small-hours.xml</id>
<updated>${day(0).toISOString()}</updated>
${entries.join('\n')}
</feed>
`;
}

function m3u(url: string, recordings: readonly Recording[]): string {
  const lines = recordings.map(
    ({ name, title, seconds }) => `#EXTINF:${seconds},The Bell Ringers - ${title}\n${url}/audio/${name}`,
  );
  return `#EXTM3U\n#PLAYLIST:Evening\n${lines.join('\n')}\n`;
}

/** As nginx writes it. */
function listing(recordings: readonly Recording[]): string {
  const lines = recordings.map(
    ({ name, content }, index) =>
      `<a href="${name}">${name}</a>${' '.repeat(51 - name.length)}${stamp(day(index))}${String(content.length).padStart(20)}`,
  );
  return `<html>
<head><title>Index of /tapes/</title></head>
<body>
<h1>Index of /tapes/</h1><hr><pre><a href="../">../</a>
${lines.join('\n')}
</pre><hr></body>
</html>
`;
}

function day(index: number): Date {
  return new Date(Date.UTC(2026, 9, 5 + index, 3));
}

/** `05-Oct-2026 03:00` */
function stamp(date: Date): string {
  const [, dayOfMonth, month, year, time] = date.toUTCString().split(' ');
  return `${dayOfMonth}-${month}-${year} ${time?.slice(0, 5)}`;
}
