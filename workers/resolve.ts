/**
 * Lets a handler write `import … from 'nightshift/handler'` wherever its file lies, also without an installed package.
 * For CommonJS the resolver of `node:module` is patched, for ES modules a hook is registered: in the thread itself where
 * Node can do that, else (Node 20) in a helper thread, which costs some 9 MB and is therefore made only when needed.
 */
import Module from 'node:module';
import { fileURLToPath } from 'node:url';

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const besides = (name: string) => new URL(`./${name}.${ending}`, import.meta.url).href;

const TARGETS: Readonly<Record<string, string>> = {
  'nightshift/handler': besides('define'),
  'nightshift/testing': besides('testing'),
};

type Resolved = { url: string; shortCircuit?: boolean };
type Resolve = (
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Resolved,
) => Resolved;

let done = false;

export function resolveOwnNames(): void {
  if (done) return;
  done = true;
  patchCommonJs();
  const { registerHooks } = Module as { registerHooks?: (hooks: { resolve: Resolve }) => unknown };
  if (registerHooks) {
    registerHooks({ resolve: (specifier, context, next) => own(specifier) ?? next(specifier, context) });
  } else {
    Module.register(hookSource(), import.meta.url);
  }
}

function own(specifier: string): Resolved | null {
  const url = Object.hasOwn(TARGETS, specifier) ? TARGETS[specifier] : undefined;
  return url === undefined ? null : { url, shortCircuit: true };
}

/** As a data URL, so that the hook's thread loads nothing but these lines. */
function hookSource(): string {
  const code = `const targets = ${JSON.stringify(TARGETS)};
export async function resolve(specifier, context, next) {
  return Object.hasOwn(targets, specifier) ? { url: targets[specifier], shortCircuit: true } : next(specifier, context);
}`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function patchCommonJs(): void {
  const loader = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const original = loader._resolveFilename;
  loader._resolveFilename = function resolveFilename(this: unknown, request, ...rest) {
    const resolved = own(request);
    return resolved ? fileURLToPath(resolved.url) : original.call(this, request, ...rest);
  };
}
