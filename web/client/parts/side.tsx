/** The frame of every page: where one can go, whether what is seen is live, and how it should look. */
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
  const words = say();
  const here = INSIDE[route.value.page] ?? route.value.page;
  return (
    <header class="side">
      <Link to="" class="brand" label="Nightshift">
        <Icon name="overview" />
        <span>Nightshift</span>
      </Link>
      <nav aria-label={words.pages.label}>
        {PAGES.map(([page, path]) => (
          <Link key={page} to={path} current={here === page} class="nav-link">
            <Icon name={page} />
            {words.pages[page]}
          </Link>
        ))}
      </nav>
      <div class="side-foot">
        <LiveButton />
        <Look />
      </div>
      <Who />
    </header>
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
