/** The console's files: one index for every address of the client, hashed assets that never change, the icon. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { may } from '../caller.ts';
import { pagePolicy } from '../middleware/security-headers.ts';
import { type Assets, bundleMissingPage, favicon, indexPage } from '../pages/html.ts';
import { type Context, notFound, type Parts } from '../route.ts';

/** First parts of the addresses the client knows. Of any other it says that no page is there, with a 404. */
const CLIENT_ROUTES = [
  '',
  'report',
  'runs',
  'tasks',
  'schedules',
  'workers',
  'handlers',
  'library',
  'logs',
  'settings',
  'store',
  'storage',
  'help',
] as const;
const ASSET = /^\/assets\/([\w-]+(?:\.[\w-]+)+)$/;
const yearMs = 365 * 86_400_000;

export type Pages = ReturnType<typeof pages>;

export function pages({ settings, publicDir }: Pick<Parts, 'settings' | 'publicDir'>) {
  /** Read for each page, so that a build needs no restart; pages are few. */
  const assets = () => readManifest(publicDir);

  async function index(ctx: Context, status = 200): Promise<void> {
    if (!may(ctx.state.caller, 'read')) {
      const query = ctx.path === '/' ? '' : `?next=${encodeURIComponent(ctx.path + ctx.search)}`;
      ctx.status = 303;
      ctx.set('Location', `${settings().base}/login${query}`);
      return;
    }
    const found = await assets();
    html(ctx, found ? status : 503, found ? indexPage(settings().base, found) : bundleMissingPage(settings().base));
  }

  async function asset(ctx: Context, name: string): Promise<void> {
    const { send } = await import('@koa/send');
    ctx.remove('Cache-Control');
    try {
      await send(ctx, name, { root: publicDir, index: false, immutable: true, maxAge: yearMs });
    } catch (thrown) {
      // Its own words would name the folder.
      if ((thrown as { status?: unknown }).status === 404) throw notFound(`There is no file ${name}`);
      throw thrown;
    }
  }

  return {
    assets,
    /** @returns false when the address is no page's */
    async serve(ctx: Context): Promise<boolean> {
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false;
      const name = ASSET.exec(ctx.path)?.[1];
      if (name !== undefined) await asset(ctx, name);
      else if (ctx.path === '/favicon.svg' || ctx.path === '/favicon.ico') icon(ctx);
      else if ((CLIENT_ROUTES as readonly string[]).includes(ctx.path.split('/')[1] ?? '')) await index(ctx);
      else if (isForPeople(ctx)) await index(ctx, 404);
      else return false;
      return true;
    },
  };
}

/** A browser asks for a page by name; programs, and whoever asks below `/api`, want the answer of the API. */
function isForPeople(ctx: Context): boolean {
  const first = ctx.path.split('/')[1] ?? '';
  return !['api', 'assets'].includes(first) && ctx.get('Accept').includes('text/html');
}

export function html(ctx: Context, status: number, text: string): void {
  ctx.status = status;
  ctx.set('Content-Type', 'text/html; charset=utf-8');
  ctx.set('Content-Security-Policy', pagePolicy);
  ctx.body = text;
}

function icon(ctx: Context): void {
  ctx.status = 200;
  ctx.set('Content-Type', 'image/svg+xml');
  ctx.set('Cache-Control', 'public, max-age=86400');
  ctx.body = favicon;
}

async function readManifest(publicDir: string): Promise<Assets | null> {
  const text = await readFile(join(publicDir, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const manifest = JSON.parse(text) as Record<string, string>;
  const script = manifest['app.js'];
  return script ? { script, style: manifest['app.css'] ?? null } : null;
}
