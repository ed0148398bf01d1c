/** Settings: what is in force and where it comes from, what may be changed here, feature flags, and how it all came to be. */
import { useEffect } from 'preact/hooks';
import type { SettingsView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import { type Live, useLive } from '../live.ts';
import { Flags } from '../parts/flags.tsx';
import { HealthNotice } from '../parts/health.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Revisions } from '../parts/revisions.tsx';
import { SettingsEditor } from '../parts/settings-editor.tsx';
import { SettingsFilter } from '../parts/settings-filter.tsx';
import { Time } from '../parts/time.tsx';
import { settingsLive } from '../resources.ts';
import { loginHref } from '../router.ts';
import { settingsReadOnly } from '../session.ts';
import { status } from '../supervisor.ts';

const PARTS = [
  ['', 'settings', 'values'],
  ['flags', 'settings/flags', 'flags'],
  ['revisions', 'settings/revisions', 'revisions'],
] as const;

export function Settings({ part }: { part: string }) {
  const live = useLive('settings', settingsLive);
  useHealth(live.reload);
  const view = live.value.value;
  return (
    <>
      <Head view={view} />
      <Parts part={part} />
      {settingsReadOnly.value && <MayLook />}
      {live.problem.value && !view && <PageProblem problem={live.problem.value} again={live.reload} />}
      {view && view.problems.length > 0 && <FileProblems view={view} />}
      <Remarks />
      {part === '' && <SettingsFilter />}
      {view && <Part part={part} view={view} live={live} />}
    </>
  );
}

/** What else is to be known of the file: a key that is none, say. What is wrong in it stands above them. */
function Remarks() {
  const items =
    status.value?.health.filter(({ code }) => code.startsWith('settings_') && code !== 'settings_wrong') ?? [];
  return items.map((item) => <HealthNotice key={item.code} item={item} />);
}

/** No event tells that the file has become wrong: the health of the supervisor does. */
function useHealth(reload: () => void): void {
  const items = status.value?.health.filter(({ code }) => code.startsWith('settings')) ?? [];
  const told = items.map(({ code, message }) => `${code} ${message}`).join('\n');
  useEffect(reload, [told]);
}

function Part({ part, view, live }: { part: string; view: SettingsView; live: Live<SettingsView> }) {
  if (part === 'flags') return <Flags view={view} />;
  if (part === 'revisions') return <Revisions view={view} />;
  return <SettingsEditor view={view} live={live} />;
}

function Head({ view }: { view: SettingsView | null }) {
  const words = say();
  return (
    <div class="page-head">
      <div>
        <h1>{words.pages.settings}</h1>
        <p class="muted settings-file">
          {view?.revision && (
            <>
              {words.settings.inForce(view.revision.id)} <Time at={view.revision.createdAt} />
              {' · '}
            </>
          )}
          {view ? <code>{view.envFile}</code> : ' '}
        </p>
      </div>
    </div>
  );
}

function Parts({ part }: { part: string }) {
  const words = say().settings;
  return (
    <nav class="tabs" aria-label={words.parts}>
      {PARTS.map(([name, path, word]) => (
        <Link key={name} to={path} current={name === part} class="tab">
          {words[word]}
        </Link>
      ))}
    </nav>
  );
}

function MayLook() {
  const words = say();
  return (
    <div class="notice info">
      <Icon name="lock" />
      <p class="notice-text">
        {words.settings.readOnly} {words.settings.readOnlyWhere(status.value?.dataDir ?? 'data')}
      </p>
      <a class="button" href={loginHref()}>
        {words.look.signIn}
      </a>
    </div>
  );
}

function FileProblems({ view: { problems, envFile } }: { view: SettingsView }) {
  const words = say().settings;
  return (
    <section class="notice error" aria-label={words.wrong}>
      <Icon name="error" />
      <div class="notice-text">
        <h2>{words.wrong}</h2>
        <ul class="problems">
          {problems.map(({ key, line, message }) => (
            <li key={`${line} ${key} ${message}`}>
              {line !== null && `${words.line(line)}: `}
              {key !== null && <code>{key}</code>} <span lang="en">{message}</span>
            </li>
          ))}
        </ul>
        <p>{words.wrongAction(envFile)}</p>
      </div>
    </section>
  );
}
