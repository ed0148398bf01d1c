import t from 'tap';
import { checkNext, checkRun, firstParams } from '../../../supervisor/core/run/input.ts';
import { onFailureText, versionOf } from '../../../supervisor/core/run/pipeline.ts';
import { checkPipeline } from '../../../supervisor/core/run/pipeline-input.ts';
import { pipelineRecord } from '../../../supervisor/core/run/record.ts';
import { stagesMax } from '../../../supervisor/core/run/run-limits.ts';

t.test('a pipeline says of each stage what is done, within which limits, and what failures mean', async (t) => {
  const checked = checkPipeline({
    name: 'library',
    note: 'every night',
    onInterrupt: 'hold',
    stages: [
      { name: 'collect', type: 'feed.read' },
      {
        name: 'download',
        type: 'http.download',
        concurrency: 4,
        rate: '10/1m',
        maxAttempts: 5,
        timeout: '30m',
        start: 'flow',
        onFailure: 'stop after 10%',
      },
      { name: 'tag', type: 'audio.tag', onFailure: 'stop' },
      { name: 'upload', type: 'object.put', onFailure: 'stop after 3' },
    ],
  });
  if (!checked.ok) return t.fail(JSON.stringify(checked.mistakes));
  const { value } = checked;
  t.match(value.stages, [
    { concurrency: null, rate: null, maxAttempts: null, timeoutMs: null, start: 'after' },
    { concurrency: 4, rate: { count: 10, perMs: 60_000 }, timeoutMs: 1_800_000, start: 'flow' },
  ]);
  t.same(
    value.stages.map(({ onFailure }) => onFailureText(onFailure)),
    ['continue', 'stop after 10%', 'stop', 'stop after 3'],
  );
  const record = pipelineRecord(value, versionOf(value), 'library.yaml');
  t.match(record.stages[1], { rate: '10/1m', timeout: '30m' });
  const { file: _, version: __, builtIn: ___, replacesBuiltIn: ____, ...written } = record;
  t.same(checkPipeline(written), checked, 'what is shown can be given again');
});

t.test('every mistake of a pipeline is named with its place and what to write instead', async (t) => {
  const stages = [{ name: 'a', type: 'x' }];
  const table: [unknown, string, RegExp][] = [
    [null, '$', /expected a pipeline.*null/],
    [{ stages }, '$.name', /is required/],
    [{ name: 'a b', stages }, '$.name', /letters, digits/],
    [{ name: 'a' }, '$.stages', /is required/],
    [{ name: 'a', stages: [] }, '$.stages', /1 to 32/],
    [{ name: 'a', stages: Array.from({ length: stagesMax + 1 }, () => stages[0]) }, '$.stages', /1 to 32/],
    [{ name: 'a', stages, onFailure: 'stop' }, '$.onFailure', /not a member of a pipeline/],
    [{ name: 'a', stages, onInterrupt: 'fail' }, '$.onInterrupt', /one of requeue, hold/],
    [{ name: 'a', stages: ['x'] }, '$.stages[0]', /must be an object/],
    [{ name: 'a', stages: [{ name: 'a' }] }, '$.stages[0].type', /is required/],
    [{ name: 'a', stages: [...stages, ...stages] }, '$.stages[1].name', /name of \$\.stages\[0\] too/],
    [{ name: 'a', stages: [{ ...stages[0], priority: 5 }] }, '$.stages[0].priority', /not a member of a stage/],
    [{ name: 'a', stages: [{ ...stages[0], concurrency: 0 }] }, '$.stages[0].concurrency', /whole number/],
    [{ name: 'a', stages: [{ ...stages[0], rate: '10' }] }, '$.stages[0].rate', /10\/1m/],
    [{ name: 'a', stages: [{ ...stages[0], timeout: '0s' }] }, '$.stages[0].timeout', /more than 0/],
    [{ name: 'a', stages: [{ ...stages[0], start: 'now' }] }, '$.stages[0].start', /after, flow/],
    [
      { name: 'a', stages: [{ ...stages[0], onFailure: 'stop after 101%' }] },
      '$.stages[0].onFailure',
      /stop after 10%/,
    ],
    [{ name: 'a', stages: [{ ...stages[0], onFailure: 'stop after 0' }] }, '$.stages[0].onFailure', /continue/],
  ];
  for (const [given, path, message] of table) {
    const checked = checkPipeline(given);
    t.notOk(checked.ok, JSON.stringify(given));
    if (!checked.ok) t.match(checked.mistakes, [{ path, message }], `${JSON.stringify(checked.mistakes)}`);
  }
  const several = checkPipeline({ name: 'a', stages: [{ name: 'a', type: 'x', start: 1, rate: 1 }] });
  t.equal(several.ok ? 0 : several.mistakes.length, 2, 'all of them at once');
});

t.test('the same pipeline has the same version, and any change another', async (t) => {
  const of = (more: object) => {
    const checked = checkPipeline({ name: 'a', stages: [{ name: 'a', type: 'x', ...more }] });
    return checked.ok ? versionOf(checked.value) : null;
  };
  t.equal(of({}), of({ start: 'after' }));
  t.not(of({}), of({ start: 'flow' }));
  t.match(of({}), /^[0-9a-f]{12}$/);
});

t.test('a run names its pipeline; sources and scope reach the task it begins with', async (t) => {
  const checked = checkRun({
    pipeline: 'a',
    params: { dry: true },
    sources: ['x'],
    scope: { groups: [1] },
    priority: 7,
  });
  if (!checked.ok) return t.fail(JSON.stringify(checked.mistakes));
  t.equal(checked.value.priority, 7);
  t.same(JSON.parse(firstParams(checked.value)), { dry: true, sources: ['x'], scope: { groups: [1] } });
  const table: [unknown, string][] = [
    ['a', '$'],
    [{}, '$.pipeline'],
    [{ pipeline: 'a', params: [] }, '$.params'],
    [{ pipeline: 'a', sources: [] }, '$.sources'],
    [{ pipeline: 'a', sources: ['x'], params: { sources: [] } }, '$.sources'],
    [{ pipeline: 'a', scope: 'x'.repeat(20_000) }, '$.scope'],
    [{ pipeline: 'a', priority: 10 }, '$.priority'],
    [{ pipeline: 'a', delay: '5m' }, '$.delay'],
  ];
  for (const [given, path] of table) {
    const wrong = checkRun(given);
    t.match(wrong.ok ? [] : wrong.mistakes, [{ path }], path);
  }
});

t.test('work for a stage has a key of its own', async (t) => {
  t.match(checkNext({ key: 'a', params: { x: 1 }, label: 'Episode 1' }), {
    value: { key: 'a', params: '{"x":1}', label: 'Episode 1', stage: null, type: null },
  });
  t.match(checkNext({ key: 'a', stage: 'upload', type: 'x.y' }), { value: { stage: 'upload', type: 'x.y' } });
  for (const [given, path] of [
    [{ params: {} }, '$.key'],
    [{ key: '' }, '$.key'],
    [{ key: 'a', label: 5 }, '$.label'],
    [{ key: 'a', params: { x: 2 ** 60 } }, '$.params.x'],
    [{ key: 'a', type: '' }, '$.type'],
    [{ key: 'a', type: 5 }, '$.type'],
    [{ key: 'a', stage: '' }, '$.stage'],
    [{ key: 'a', delay: '5m' }, '$.delay'],
  ] as const) {
    const wrong = checkNext(given);
    t.match(wrong.ok ? [] : wrong.mistakes, [{ path }], path);
  }
});
