/** The frame of every page: where one can go, whether what is seen is live, and how it should look. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { chooseLanguage, LANGUAGES, type Language, language, nameOf, say } from '../language.ts';
import { type PageName, route } from '../router.ts';
import { line, setLive } from '../stream.ts';
import { chooseTheme, THEMES, type Theme, theme } from '../theme.ts';
import { helping } from './help.tsx';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';
import { Who } from './who.tsx';

const PAGES = [
  ['overview', ''],
  ['runs', 'runs'],
  ['tasks', 'tasks'],
  ['schedules', 'schedules'],
  ['library', 'library'],
  ['workers', 'workers'],
  ['handlers', 'handlers'],
  ['store', 'store'],
  ['settings', 'settings'],
] as const satisfies readonly (readonly [PageName, string])[];

/** Pages that are reached from another one, which stays marked. */
const INSIDE: Partial<Record<PageName, PageName>> = {
  task: 'tasks',
  run: 'runs',
  libraryTracks: 'library',
  playlist: 'library',
  stats: 'handlers',
  schedule: 'schedules',
  newSchedule: 'schedules',
  editSchedule: 'schedules',
};

export function Side() {
  const here = INSIDE[route.value.page] ?? route.value.page;
  return (
    <header class="side">
      <Link to="" class="brand" label="Nightshift">
        <Icon name="overview" />
        <span>Nightshift</span>
      </Link>
      <Pages here={here} />
      <div class="side-foot">
        <LiveButton />
        <Look />
      </div>
      <Who />
    </header>
  );
}

/** So many are always there on a phone; the others come with a button, which has the place of one more. */
const pagesAtHand = 4;
const unfolded = signal(false);

function Pages({ here }: { here: PageName }) {
  const { page: at, id } = route.value;
  const words = say().pages;
  const open = unfolded.value;
  // Whoever has come to another page has chosen.
  useEffect(() => {
    unfolded.value = false;
  }, [at, id]);
  const links = PAGES.map(([page, path], index) => (
    <Link key={page} to={path} current={here === page} class={index < pagesAtHand ? 'nav-link' : 'nav-link folded'}>
      <Icon name={page} />
      {words[page]}
    </Link>
  ));
  const fold = (event: KeyboardEvent) => {
    if (event.key === 'Escape') unfolded.value = false;
  };
  return (
    <nav aria-label={words.label} class={open ? 'unfolded' : undefined} onKeyDown={fold}>
      {links.slice(0, pagesAtHand)}
      <button
        type="button"
        class="nav-link more-pages"
        aria-expanded={open}
        aria-label={words.morePages}
        onClick={() => {
          unfolded.value = !open;
        }}
      >
        <Icon name="more" />
        {words.more}
      </button>
      {links.slice(pagesAtHand)}
    </nav>
  );
}

export function toggleLive(): void {
  setLive(line.value === 'paused');
}

const TONES = { connecting: 'quiet', live: 'good', lost: 'bad', paused: 'warn' } as const;
const ICONS = { connecting: 'live', live: 'live', lost: 'unresponsive', paused: 'pause' } as const;

function LiveButton() {
  const words = say().live;
  const paused = line.value === 'paused';
  return (
    <button type="button" class="quiet live-button" title={paused ? words.resume : words.pause} onClick={toggleLive}>
      <span class={`word ${TONES[line.value]}`}>
        <Icon name={ICONS[line.value]} />
        {words[line.value]}
      </span>
    </button>
  );
}

function Look() {
  const words = say().look;
  return (
    <div class="look">
      <select
        aria-label={words.theme}
        value={theme.value}
        onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {words[one]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.language}
        value={language.value}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {LANGUAGES.map((one) => (
          <option key={one} value={one}>
            {nameOf(one)}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="quiet icon-only"
        aria-label={words.help}
        title={`${words.help} (?)`}
        onClick={() => {
          helping.value = true;
        }}
      >
        <Icon name="keyboard" />
      </button>
    </div>
  );
}
