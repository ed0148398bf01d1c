/** The whole console: frame, page, and what lies above them. */
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { signedOut } from './api.ts';
import { useKeys } from './keys.ts';
import { say } from './language.ts';
import { Handlers } from './pages/handlers.tsx';
import { Library, LibraryTracks, Playlist } from './pages/library.tsx';
import { Overview } from './pages/overview.tsx';
import { Run } from './pages/run.tsx';
import { Runs } from './pages/runs.tsx';
import { Schedule } from './pages/schedule.tsx';
import { EditSchedule, NewSchedule } from './pages/schedule-form.tsx';
import { Schedules } from './pages/schedules.tsx';
import { Settings } from './pages/settings.tsx';
import { Stats } from './pages/stats.tsx';
import { Store } from './pages/store.tsx';
import { Task } from './pages/task.tsx';
import { Tasks } from './pages/tasks.tsx';
import { Workers } from './pages/workers.tsx';
import { adding, mayAdd } from './parts/add-button.tsx';
import { AddTask } from './parts/add-task.tsx';
import { AddToCount } from './parts/add-to-count.tsx';
import { Asked } from './parts/ask.tsx';
import { EditParams } from './parts/edit-params.tsx';
import { Help, helping } from './parts/help.tsx';
import { Icon } from './parts/icon.tsx';
import { Login } from './parts/login.tsx';
import { PauseSchedules } from './parts/pause-schedules.tsx';
import { ResumeSchedules } from './parts/resume-schedules.tsx';
import { searchField } from './parts/search-field.tsx';
import { Side, toggleLive } from './parts/side.tsx';
import { StartRun } from './parts/start-run.tsx';
import { StoredDialog } from './parts/stored-dialog.tsx';
import { Toasts } from './parts/toasts.tsx';
import { go, route } from './router.ts';
import { line } from './stream.ts';
import { stopping } from './supervisor.ts';

export function App() {
  useTitle();
  useKeys({
    'g o': () => go(''),
    'g t': () => go('tasks'),
    'g r': () => go('runs'),
    'g c': () => go('schedules'),
    'g l': () => go('library'),
    'g w': () => go('workers'),
    'g h': () => go('handlers'),
    'g k': () => go('store'),
    'g s': () => go('settings'),
    '/': search,
    '?': () => {
      helping.value = true;
    },
    n: () => {
      adding.value = mayAdd.value;
    },
    '.': toggleLive,
  });
  if (signedOut.value) return <Login />;
  return (
    <>
      <SkipLink />
      <Side />
      <main tabIndex={-1}>
        {line.value === 'lost' ? <Lost /> : stopping.value && <Stopping />}
        <Page key={route.value.page + route.value.id} />
      </main>
      <AddTask />
      <EditParams />
      <StartRun />
      <PauseSchedules />
      <ResumeSchedules />
      <StoredDialog />
      <AddToCount />
      <Asked />
      <Help />
      <Toasts />
    </>
  );
}

/** Into the field at once, wherever one is: what is typed next must not be taken for keys. */
function search(): void {
  const field = document.querySelector<HTMLInputElement>(searchField);
  const { page } = route.value;
  if (!field) go(page === 'settings' || page === 'store' ? page : 'tasks', searchField);
  field?.focus();
  field?.select();
}

/** With `<base>` in the page a `#main` would lead elsewhere, so focus is moved by hand. */
function SkipLink() {
  return (
    <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
      {say().pages.skip}
    </button>
  );
}

function Lost() {
  return (
    <p class="notice warning lost" role="status">
      <Icon name="warning" />
      <span class="notice-text">{say().live.lostText}</span>
    </p>
  );
}

function Stopping() {
  return (
    <p class="notice warning" role="status">
      <Icon name="draining" />
      <span class="notice-text">{say().live.draining}</span>
    </p>
  );
}

/** A page that breaks leaves the frame standing. */
function Page() {
  const [broken] = useErrorBoundary((error) => console.error(error));
  const { page, id } = route.value;
  if (broken) return <p class="notice error">{say().told.crashed}</p>;
  if (page === 'overview') return <Overview />;
  if (page === 'tasks') return <Tasks />;
  if (page === 'task') return <Task id={id} />;
  if (page === 'runs') return <Runs />;
  if (page === 'run') return <Run id={id} />;
  if (page === 'library') return <Library />;
  if (page === 'libraryTracks') return <LibraryTracks />;
  if (page === 'playlist') return <Playlist id={id} />;
  if (page === 'schedules') return <Schedules />;
  if (page === 'schedule') return <Schedule id={id} />;
  if (page === 'newSchedule') return <NewSchedule />;
  if (page === 'editSchedule') return <EditSchedule id={id} />;
  if (page === 'handlers') return <Handlers />;
  if (page === 'stats') return <Stats />;
  if (page === 'store') return <Store />;
  if (page === 'settings') return <Settings part={id} />;
  return page === 'workers' ? <Workers /> : <Missing />;
}

function Missing() {
  return (
    <div class="empty">
      <h1>{say().pages.missing}</h1>
      <p>{say().pages.missingText}</p>
    </div>
  );
}

function useTitle(): void {
  const title = `${say().pages[route.value.page]} · Nightshift`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
