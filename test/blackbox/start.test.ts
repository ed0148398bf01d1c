/** What is decided while the real program starts: which settings reach whom, a stop that comes early, a kill in between. */
import t, { type Test } from 'tap';
import { dataFolder, type StartOptions, SupervisorProcess } from '../helpers/supervisor-process.ts';

t.setTimeout(300_000);

async function startFor(
  t: Test,
  handlers: Readonly<Record<string, string>> = {},
  options: StartOptions = {},
): Promise<SupervisorProcess> {
  const folder = dataFolder(handlers);
  t.teardown(() => folder.remove());
  const supervisor = await SupervisorProcess.start(folder, options);
  t.teardown(() => supervisor.kill());
  return supervisor;
}

/** Tells what reaches it. */
const tells = (type: string, settings: readonly string[]) => `
const early = Object.keys(process.env);
export default {
  type: '${type}',
  settings: ${JSON.stringify(settings)},
  run: (_params, ctx) => ({ settings: ctx.settings, variables: [...early, ...Object.keys(process.env)].filter((name) => name.startsWith('NIGHTSHIFT_')) }),
};
`;

t.test(
  'a setting reaches the handlers that declare it and no other, and none gets the keys of the console',
  async (t) => {
    const declared = ['HANDLER_API_KEY', 'HANDLER_UNSET', 'LIBRARY_DIR', 'WEB_TOKEN', 'WEB_READ_TOKEN'];
    const supervisor = await startFor(
      t,
      { 'asks.mjs': tells('asks', declared), 'silent.mjs': tells('silent', []) },
      { settings: { HANDLER_API_KEY: 'k', HANDLER_OTHER: 'o', WEB_READ_TOKEN: 'r', LIBRARY_DIR: '/l' } },
    );
    const reached = async (type: string) =>
      (await supervisor.until((await supervisor.add({ type })).id, 'succeeded', 'failed')).result;
    t.same(await reached('asks'), { settings: { HANDLER_API_KEY: 'k', LIBRARY_DIR: '/l' }, variables: [] });
    t.same(await reached('silent'), { settings: {}, variables: [] });
  },
);
