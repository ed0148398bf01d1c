/** Logging in and out, with a form for people and JSON for the client. */
import { Refusal } from '../../supervisor/core/refusal.ts';
import { readBytes, readJson } from '../body.ts';
import { cookieOf, LEVELS, mayOf, sessionCookie } from '../caller.ts';
import { loginBodyBytesMax, sessionLifeMs } from '../limits.ts';
import { checkToken } from '../middleware/authenticate.ts';
import { type LoginForm, languageOf, loginPage } from '../pages/html.ts';
import { type Parameters, readQuery } from '../query.ts';
import { answerJson, api, type Context, open, type Parts, type Route } from '../route.ts';
import { html, type Pages } from './pages.ts';

const NEXT = {
  next: { is: 'text', charsMax: 1_000, sentence: 'Where to go after logging in.' },
} as const satisfies Parameters;
const FORM = /^application\/x-www-form-urlencoded(?:;|$)/i;

export function sessionRoutes(parts: Parts, pages: Pages): Route[] {
  const { settings, sessions } = parts;

  async function form(ctx: Context): Promise<void> {
    const { next = '' } = readQuery(ctx.querystring, NEXT);
    await showForm(ctx, 200, next, null);
  }

  async function showForm(ctx: Context, status: number, next: string, problem: LoginForm['problem']): Promise<void> {
    const language = languageOf(ctx.get('Accept-Language'));
    html(ctx, status, loginPage({ base: settings().base, assets: await pages.assets(), next, language, problem }));
  }

  async function login(ctx: Context): Promise<void> {
    if (!FORM.test(ctx.get('Content-Type'))) {
      const { token } = ((await readJson(ctx.req)) ?? {}) as { token?: unknown };
      if (typeof token !== 'string')
        throw new Refusal('validation', '$.token is required', [{ path: '$.token', message: 'must be text' }]);
      return answerJson(ctx, 200, JSON.stringify({ level: begin(ctx, token) }));
    }
    const fields = new URLSearchParams((await readBytes(ctx.req, loginBodyBytesMax)).toString('utf8'));
    const next = fields.get('next') ?? '';
    try {
      begin(ctx, fields.get('token') ?? '');
      seeOther(ctx, safeNext(next));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      if (thrown.code === 'rate_limited') await showForm(ctx, 429, next, 'slow');
      else await showForm(ctx, 401, next, 'wrong');
    }
  }

  function begin(ctx: Context, token: string): string {
    const { kind, secret } = checkToken(ctx, parts, token.trim());
    setCookie(ctx, sessions.begin(kind, secret), sessionLifeMs);
    return kind;
  }

  async function logout(ctx: Context): Promise<void> {
    const id = cookieOf(ctx.req.headers);
    if (id) sessions.end(id);
    setCookie(ctx, '', 0);
    if (FORM.test(ctx.get('Content-Type'))) return seeOther(ctx, '/login');
    ctx.status = 204;
  }

  function show(ctx: Context): void {
    const { level, means, address } = ctx.state.caller;
    const may = mayOf(ctx.state.caller).filter((need) => need !== 'nothing');
    answerJson(ctx, 200, JSON.stringify({ session: { level, says: LEVELS[level], may, means, address } }));
  }

  function setCookie(ctx: Context, value: string, lifeMs: number): void {
    // Plain HTTP on a home network is meant to work; over TLS, which only a proxy gives, the cookie stays there.
    const secure = ctx.get('X-Forwarded-Proto') === 'https' ? '; Secure' : '';
    const seconds = Math.floor(lifeMs / 1_000);
    ctx.set(
      'Set-Cookie',
      `${sessionCookie}=${value}; Path=${settings().base}/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
    );
  }

  function seeOther(ctx: Context, path: string): void {
    ctx.status = 303;
    ctx.set('Location', settings().base + path);
  }

  return [
    open('GET', '/login', 'Shows the form to log in', form, NEXT),
    open('POST', '/login', 'Begins a session for a token', login),
    open('POST', '/logout', 'Ends the session', logout),
    open('POST', `${api}/login`, 'The same as `/login`', login),
    open('POST', `${api}/logout`, 'The same as `/logout`', logout),
    open('GET', `${api}/session`, 'Tells what the caller may do', show),
  ];
}

/** A path of ours: one slash first and no backslash, or browsers would leave for another host. */
function safeNext(next: string): string {
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) ? next : '/';
}
