/** The few pages made on the server: plain HTML with nothing inline, so that the policy needs no exception. */

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

export function loginPage(base: string, assets: Assets | null, next: string, problem: string | null): string {
  const said = problem === null ? '' : `<p role="alert">${escapeHtml(problem)}</p>\n`;
  return `<!doctype html>
<html lang="en">
<head>
${head(base, 'Log in – Nightshift', assets)}</head>
<body class="login">
<main>
<h1>Nightshift</h1>
${said}<form method="post" action="login">
<input type="hidden" name="next" value="${escapeHtml(next)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
<p>It is the value of <code>WEB_TOKEN</code> or <code>WEB_READ_TOKEN</code>, or what stands in the file <code>token</code> of the data folder.</p>
</main>
</body>
</html>
`;
}

export const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f2a44"/><path d="M21.5 20.6A9 9 0 0 1 12.4 8a9 9 0 1 0 11.7 11.6 9 9 0 0 1-2.6 1z" fill="#f4c95d"/></svg>
`;
