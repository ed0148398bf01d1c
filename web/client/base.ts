/**
 * Where the console lives: `/`, or a sub-path behind a reverse proxy. The page says so with `<base href>`;
 * everything that makes an address asks here, so that nothing else knows about sub-paths.
 */
function readBase(): string {
  const said = document.querySelector('base')?.getAttribute('href') ?? '/';
  const path = new URL(said, location.origin).pathname;
  return path.endsWith('/') ? path : `${path}/`;
}

export const base = readBase();

/** @param path relative to the console, without a leading slash, e.g. `tasks?state=failed` */
export function href(path: string): string {
  return base + path;
}

export function apiPath(path: string): string {
  return `${base}api/v1/${path}`;
}
