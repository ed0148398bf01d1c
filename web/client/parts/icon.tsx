/** Every icon of the console, drawn on a 16-pixel grid with one pen. Always beside a word or a label, never alone. */
import { moonPath } from '../moon.ts';

const PATHS = {
  scheduled: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M8 5v3.25l2.25 1.5',
  queued: 'M3 4.25h10M3 8h10M3 11.75h6',
  running: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M6.75 5.75v4.5L10.5 8z',
  retrying: 'M13.25 8A5.25 5.25 0 1 1 11.5 4.1M11.75 1.75v2.6h-2.6',
  interrupted: 'M9 1.75L3.75 9H8l-1 5.25L12.25 7H8z',
  succeeded: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M5.5 8.25l1.75 1.75L10.5 6.5',
  failed: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M6 6l4 4M10 6l-4 4',
  canceled: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M4 12L12 4',
  stopping: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M6.25 6.25h3.5v3.5h-3.5z',
  timed_out:
    'M4.5 2.25h7M4.5 13.75h7M5.5 2.25c0 3 5 3.5 5 5.75s-5 2.75-5 5.75M10.5 2.25c0 3-5 3.5-5 5.75s5 2.75 5 5.75',
  worker_crashed: 'M8 2.5l6 11H2zM8 6.5v3.25M8 11.5v.25',
  idle: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5',
  busy: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M6.75 5.75v4.5L10.5 8z',
  starting: 'M8 2.25v3M8 10.75v3M2.25 8h3M10.75 8h3',
  draining: 'M8 2.25v7.5M4.75 6.75L8 10l3.25-3.25M3 13.25h10',
  unresponsive: 'M8 2.5l6 11H2zM8 6.5v3.25M8 11.5v.25',
  info: 'M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M8 7.5v3.25M8 5v.25',
  warning: 'M8 2.5l6 11H2zM8 6.5v3.25M8 11.5v.25',
  error: 'M5.6 2.25h4.8l3.35 3.35v4.8l-3.35 3.35H5.6L2.25 10.4V5.6zM8 5v3.75M8 10.75v.25',
  overview: moonPath,
  lock: 'M4 7.25h8v6H4zM5.75 7V5a2.25 2.25 0 0 1 4.5 0v2',
  tasks: 'M2.5 4l1 1L5.25 3M2.5 8.25l1 1L5.25 7.25M2.5 12.5l1 1 1.75-2M7.75 4.25h6M7.75 8.25h6M7.75 12.5h6',
  workers:
    'M3.25 3.25h9.5v9.5h-9.5zM6.25 6.25h3.5v3.5h-3.5zM6 1.25v2M10 1.25v2M6 12.75v2M10 12.75v2M1.25 6h2M1.25 10h2M12.75 6h2M12.75 10h2',
  schedules: 'M2.75 4h10.5v9.25H2.75zM2.75 7h10.5M5.5 2.25v3M10.5 2.25v3M8 9v1.75l1.25.75',
  handlers: 'M5.75 3.75L2 8l3.75 4.25M10.25 3.75L14 8l-3.75 4.25',
  settings:
    'M2.25 4.75h6M11.75 4.75h2M2.25 11.25h2M7.75 11.25h6M10 3a1.75 1.75 0 1 0 0 3.5a1.75 1.75 0 1 0 0-3.5M6 9.5a1.75 1.75 0 1 0 0 3.5a1.75 1.75 0 1 0 0-3.5',
  file: 'M4 1.75h5l3.25 3.25v9.25H4zM8.75 2v3.25H12',
  edit: 'M3 13l.6-2.9L10.9 2.8l2.3 2.3-7.3 7.3zM9.4 4.3l2.3 2.3',
  remove: 'M3 4.5h10M6.25 4.25v-1.5h3.5v1.5M4.25 4.75l.6 8.5h6.3l.6-8.5M6.75 7v4M9.25 7v4',
  skipped: 'M3.5 4v8l4.5-4zM8 4v8l4.5-4zM13.25 4v8',
  run: 'M5 3.25v9.5L12.5 8z',
  undo: 'M5.75 3.25L2.75 6.25l3 3M3 6.25h6.5a3.5 3.5 0 0 1 0 7H6.5',
  add: 'M8 3v10M3 8h10',
  pause: 'M5.75 3.5v9M10.25 3.5v9',
  resume: 'M3.75 3.5v9M6.75 3.5v9L13 8z',
  promote: 'M3.5 2.75h9M8 13.5V5.75M4.75 9L8 5.75 11.25 9',
  cancel: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.75 5.75h7.5v7.5h-7.5zM10.25 5.5V2.75h-7.5v7.5H5.5',
  search: 'M7 2.75a4.25 4.25 0 1 0 0 8.5a4.25 4.25 0 1 0 0-8.5M10.25 10.25L13.5 13.5',
  keyboard: 'M1.75 4.25h12.5v7.5H1.75zM4.25 6.75v.01M6.75 6.75v.01M9.25 6.75v.01M11.75 6.75v.01M5 9.25h6',
  signOut: 'M9.75 2.75h-6v10.5h6M6.75 8h7M11 5.25L13.75 8 11 10.75',
  back: 'M9.75 3.5L5.25 8l4.5 4.5',
  live: 'M8 6.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3M4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7',
  recovered: 'M2.5 8a5.5 5.5 0 1 0 1.9-4.15M2.25 2v2.75H5M8 5.25V8l2 1.25',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
