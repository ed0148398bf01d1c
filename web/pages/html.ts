/** The few pages made on the server: plain HTML with nothing inline, so that the policy needs no exception. */
import { moonPath } from '../client/moon.ts';
import { LOGIN } from '../client/words/login.ts';

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export interface Assets {
  /** Names of hashed files under `assets/`. */
  readonly script: string;
  readonly style: string | null;
}

/** @param base sub-path without a slash at its end */
function head(base: string, title: string, assets: Assets | null): string {
  const style = assets?.style ? `<link rel="stylesheet" href="assets/${escapeHtml(assets.style)}">\n` : '';
  return `<meta charset="utf-8">
<base href="${escapeHtml(base)}/">
<title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="favicon.svg" type="image/svg+xml">
${style}`;
}

export function indexPage(base: string, assets: Assets): string {
  return `<!doctype html>
<html lang="en">
<head>
${head(base, 'Nightshift', assets)}<script type="module" src="assets/${escapeHtml(assets.script)}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The console needs JavaScript. Everything it shows is also in the API under <code>api/v1</code> and in the command line tool.</noscript>
</body>
</html>
`;
}

export function bundleMissingPage(base: string): string {
  return `<!doctype html>
<html lang="en">
<head>
${head(base, 'Nightshift', null)}</head>
<body>
<h1>The console has not been built</h1>
<p>The supervisor runs and the API answers, but the files of this page are missing. In a checkout, <code>npm run build</code> makes them.</p>
<p><a href="api/v1/status">Status as JSON</a></p>
</body>
</html>
`;
}

export type Language = keyof typeof LOGIN;

/** @param accepted the header `Accept-Language`: the first language of ours counts */
export function languageOf(accepted: string): Language {
  const wanted = accepted.split(',').map((one) => one.trim().toLowerCase().slice(0, 2));
  return wanted.find((one): one is Language => one in LOGIN) ?? 'en';
}

export interface LoginForm {
  readonly base: string;
  readonly assets: Assets | null;
  readonly next: string;
  readonly language: Language;
  readonly problem: 'wrong' | 'slow' | null;
}

/** The same form as the client's own, for whoever may not have the client yet; it works without a script. */
export function loginPage({ base, assets, next, language, problem }: LoginForm): string {
  const words = LOGIN[language];
  const told =
    problem === null
      ? `<small id="told">${words.hint}`
      : `<small id="told" class="mistake" role="alert">${words[problem]}`;
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-Hans' : 'en'}">
<head>
${head(base, `${words.title} · Nightshift`, assets)}</head>
<body>
<div id="app">
<main class="login-page">
<form class="panel" method="post" action="login">
<h1><svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${moonPath}"/></svg> Nightshift</h1>
<p>${words.text}</p>
<input type="hidden" name="next" value="${escapeHtml(next)}">
<div class="field">
<div class="field-head"><label class="field-name" for="token">${words.token}</label></div>
<input id="token" name="token" type="password" autocomplete="current-password" aria-describedby="told"${problem === null ? '' : ' aria-invalid="true"'} required autofocus>
${told}</small>
</div>
<button type="submit" class="primary">${words.submit}</button>
</form>
</main>
</div>
</body>
</html>
`;
}

export const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f2a44"/><path d="M21.5 20.6A9 9 0 0 1 12.4 8a9 9 0 1 0 11.7 11.6 9 9 0 0 1-2.6 1z" fill="#f4c95d"/></svg>
`;
