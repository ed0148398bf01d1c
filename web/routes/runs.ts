/** Pipelines and their runs: start one, see how far it is, pause, resume, cancel, and have what failed run again. */
import { type Mistake, mistaken, refusalOf } from '../../supervisor/core/refusal.ts';
import { RUN_STATE_NAMES, type RunState } from '../../supervisor/core/run/run-state.ts';
import type { RetryRunRequest } from '../../supervisor/runs-facade.ts';
import { readJson } from '../body.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { itemsPerPageDefault, reasonCharsMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import {
  answerJson,
  api,
  type Context,
  handOf,
  look,
  operate,
  type Parts,
  pathParameter,
  type Route,
} from '../route.ts';
import { checkFilter } from '../task-filter.ts';

const LIST = {
  ...PAGE,
  state: { is: 'names', of: RUN_STATE_NAMES, sentence: 'States, e.g. `running,paused`.' },
  pipeline: { is: 'names', sentence: 'Names of pipelines.' },
} as const satisfies Parameters;

export function runsRoutes({ runs }: Parts): Route[] {
  async function pipelines(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify({ ...(await runs.pipelines()), next: null }));
  }

  async function list(ctx: Context): Promise<void> {
    const { limit = itemsPerPageDefault, cursor, state, pipeline } = readQuery(ctx.querystring, LIST);
    const question = ['runs', state, pipeline];
    const page = await runs.list({
      limit,
      after: cursor === undefined ? null : readCursor(cursor, question),
      // Checked against the names of states by its row.
      ...(state && { state: state as readonly RunState[] }),
      ...(pipeline && { pipeline }),
    });
    const next = page.next === null ? null : cursorText(page.next, question);
    answerJson(ctx, 200, JSON.stringify({ ...page, next }));
  }

  async function show(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify({ run: await runs.show(which(ctx)) }));
  }

  async function start(ctx: Context): Promise<void> {
    const run = await runs.start(await readJson(ctx.req), handOf(ctx));
    ctx.set('Location', `${api}/runs/${run.id}`);
    answerJson(ctx, 201, JSON.stringify({ run }));
  }

  async function pause(ctx: Context): Promise<void> {
    const { reason = '' } = await readMembers(ctx, ['reason']);
    if (typeof reason !== 'string' || reason.length > reasonCharsMax)
      throw mistaken('$.reason', `must be text of at most ${reasonCharsMax} characters`);
    answerJson(ctx, 200, JSON.stringify({ run: await runs.pause(which(ctx), reason, handOf(ctx)) }));
  }

  async function resume(ctx: Context): Promise<void> {
    await readMembers(ctx, ['reason']);
    answerJson(ctx, 200, JSON.stringify({ run: await runs.resume(which(ctx), handOf(ctx)) }));
  }

  async function cancel(ctx: Context): Promise<void> {
    await readMembers(ctx, []);
    answerJson(ctx, 202, JSON.stringify({ run: await runs.cancel(which(ctx), handOf(ctx)) }));
  }

  async function retry(ctx: Context): Promise<void> {
    const request = await readRetry(ctx);
    answerJson(ctx, 200, JSON.stringify(await runs.retry(which(ctx), request, handOf(ctx))));
  }

  const all = `${api}/runs`;
  const one = `${all}/:id`;
  return [
    look(`${api}/pipelines`, 'Lists pipelines, and files of the pipelines folder that are not taken', pipelines),
    look(all, 'Lists runs, newest first', list, LIST),
    operate(all, 'Starts a run of a pipeline', start),
    look(one, 'Shows a run: its state, and how far each stage is', show),
    operate(`${one}/pause`, 'Pauses a run softly: what runs finishes, and nothing more starts', pause),
    operate(`${one}/resume`, 'Resumes a run exactly where it was; what a crash cut goes on with it', resume),
    operate(`${one}/cancel`, 'Cancels a run: ends what runs and waits, keeps what is done', cancel),
    operate(`${one}/retry`, 'Runs the failed tasks of a run again: all, of one stage, by filter, or one task', retry),
  ];
}

function which(ctx: Context): string {
  return pathParameter(ctx, 'id');
}

async function readRetry(ctx: Context): Promise<RetryRunRequest> {
  const {
    stage = null,
    filter = {},
    task = null,
    force = false,
  } = await readMembers(ctx, ['stage', 'filter', 'task', 'force']);
  const mistakes: Mistake[] = [];
  if (stage !== null && typeof stage !== 'string')
    mistakes.push({ path: '$.stage', message: 'must be the name of a stage' });
  if (task !== null && typeof task !== 'string') mistakes.push({ path: '$.task', message: 'must be the id of a task' });
  if (typeof force !== 'boolean') mistakes.push({ path: '$.force', message: 'must be true or false' });
  if (force === true && task === null)
    mistakes.push({
      path: '$.force',
      message: 'goes with "task": only one that is named runs again although it succeeded',
    });
  const checked = checkFilter(filter, '$.filter', mistakes);
  if (mistakes.length > 0) throw refusalOf(mistakes);
  return { stage: stage as string | null, filter: checked, task: task as string | null, force: force === true };
}
