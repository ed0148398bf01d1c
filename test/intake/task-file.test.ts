import * as fc from 'fast-check';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import type { Mistake } from '../../supervisor/core/refusal.ts';
import {
  fileBytesMax,
  mistakesShownMax,
  tasksPerFileMax,
  yamlBytesMax,
} from '../../supervisor/intake/intake-limits.ts';
import { membersOf, namesIn } from '../../supervisor/intake/json-members.ts';
import { jsonPlaces } from '../../supervisor/intake/json-places.ts';
import { ParseApart } from '../../supervisor/intake/parse-apart.ts';
import {
  type Format,
  formatOf,
  placeMistakes,
  readTaskFile,
  type TaskFile,
} from '../../supervisor/intake/task-file.ts';

function read(text: string | Uint8Array, format: Format = 'json'): TaskFile {
  return readTaskFile(Buffer.from(text as string), format);
}

function types(file: TaskFile): string[] {
  return file.ok ? file.tasks.map((task) => task.type) : [];
}

/** `line:column path message`, of each mistake. */
function mistakes(file: TaskFile): string[] {
  return file.ok ? [] : file.mistakes.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
}

t.test('a task, or a list of tasks, in each format', async (t) => {
  t.same(types(read('{ "type": "a" }')), ['a']);
  t.same(types(read('[{ "type": "a" }, { "type": "b" }]')), ['a', 'b']);
  t.same(types(read('{"type":"a"}\n\n{"type":"b"}\r\n   \n{"type":"c"}', 'ndjson')), ['a', 'b', 'c']);
  t.same(types(read('type: a\n', 'yaml')), ['a']);
  t.same(types(read('- type: a\n- type: b\n', 'yaml')), ['a', 'b']);
  t.same(
    types(read('type: a\n---\n- type: b\n- type: c\n---\n# the end\n', 'yaml')),
    ['a', 'b', 'c'],
    'several documents',
  );
  t.same(types(read('\ufeff{ "type": "a" }')), ['a'], 'a byte order mark is no matter');
  t.same(types(read('\ufefftype: a', 'yaml')), ['a']);
  const dates = read('type: a\nparams: { when: 2026-01-01, yes: yes, no: 010 }\nrunAt: 2026-11-23T02:00:00Z', 'yaml');
  t.same(
    dates.ok && JSON.parse(dates.tasks[0]?.params ?? ''),
    { when: '2026-01-01', yes: 'yes', no: 10 },
    'YAML 1.2: dates and yes are texts',
  );
});

t.test('the format is known by the end of the name, in any case', async (t) => {
  t.same(
    ['a.json', 'a.JSON', 'a.b.ndjson', 'a.yaml', 'a.yml', 'a.txt', 'json', 'a.json.bak', 'a.jsonl'].map(formatOf),
    ['json', 'json', 'ndjson', 'yaml', 'yaml', null, null, null, null],
  );
});

t.test('a mistake names its line and column, wherever the file has it', async (t) => {
  t.match(mistakes(read('[\n  { "type": "a" },\n  { "type": "b", "prio": 3,\n    "priority": "high" }\n]')), [
    /^3:18 \$\[1\]\.prio is not a member of a task/,
    /^4:5 \$\[1\]\.priority must be a whole number from 0 to 9, not "high"/,
  ]);
  t.match(mistakes(read('{ "type": "a",\n  "backoff": { "kind": "fixed", "base": "soon" } }')), [
    /^2:33 \$\.backoff\.base must be a duration/,
  ]);
  t.match(mistakes(read('{ "type": "a", "tags": ["ok",\n "not ok"] }')), [/^2:2 \$\.tags\[1\] must be a name/]);
  t.match(mistakes(read(' \n {}')), [/^2:2 \$\.type is required/], 'what is missing is placed where it should stand');
  t.match(mistakes(read('"type"')), [/^1:1 \$ expected a task/]);
  t.match(mistakes(read('{ "type": "a",\n "params": { "id": 12345678901234567890 } }')), [
    /^2:14 \$\.params\.id is beyond 2\^53/,
  ]);
  t.match(
    mistakes(read('{ "type": "日本 🎵", "x": 1 }')),
    [/^1:3 \$\.type/, /^1:19 \$\.x /],
    'columns count characters',
  );
  t.match(mistakes(read('{"type":"a"}\n\n{"typ":"b"}\n[{"type":"c"}]', 'ndjson')), [
    /^3:1 \$\.type is required/,
    /^3:2 \$\.typ is not a member/,
    /^4:1 \$ expected a task, .*a list/,
  ]);
  t.match(
    mistakes(read('{"type":"a"}\n{"typ":"b"}\n{"type":\n{"type":"c"}x', 'ndjson')),
    [/^2:1 \$\.type/, /^2:2 \$\.typ /, /^3:9 \$ the line ends too early/, /^4:13 \$ expected the end of the line/],
    'a line that is no JSON hides no mistake of another',
  );
  t.match(mistakes(read('- type: a\n- type: b\n  priority: 10\n  params:\n    size: .nan\n', 'yaml')), [
    /^3:3 \$\[1\]\.priority/,
    /^5:5 \$\[1\]\.params\.size is NaN/,
  ]);
});

t.test('an error of syntax is placed and says what was expected', async (t) => {
  const wrong: readonly [string, Format, RegExp][] = [
    ['{ "type": "a"', 'json', /^1:14 \$ the file ends too early: expected , or \}/],
    ['{ "type": "a", }', 'json', /^1:16 .*another entry after the comma/],
    ["{ 'type': 'a' }", 'json', /^1:3 .*name of a member in double quotes/],
    ['{ "type": \'a\' }', 'json', /^1:11 .*double quotes/],
    ['{ type: "a" }', 'json', /^1:3 .*name of a member in double quotes/],
    ['// note\n{ "type": "a" }', 'json', /^1:1 .*no comments/],
    ['{ "type": "a" }\n{ "type": "b" }', 'json', /^2:1 .*end of the file/],
    ['{\n "type": "a\n"}', 'json', /^2:12 .*line break/],
    ['{ "type": "a", "priority": 05 }', 'json', /^1:28 .*no number/],
    ['{ "type" "a" }', 'json', /^1:10 .*expected :/],
    ['{ "type": "\\x" }', 'json', /^1:12 .*after \\/],
    ['[', 'json', /^1:2 \$ the file ends too early/],
    [`${'['.repeat(100_000)}`, 'json', /^1:1002 .*deeper than 1000/],
    ['{"type":"a"}\n{"type":', 'ndjson', /^2:9 \$ the line ends too early/],
    ['type: a\nparams: [1, 2\n', 'yaml', /^3:1 .*\]/],
    ['type: "a', 'yaml', /^1:9 .*quote/],
    ['\ttype: a', 'yaml', /^1:1 /],
    ['type: !exec ls', 'yaml', /^1:7 .*tag: !exec/i],
    ['type: a\ntype: b', 'yaml', /^2:1 .*"type" stands twice/],
    ['? [a]\n: b', 'yaml', /^1:3 .*plain name/],
    ['type: a: b', 'yaml', /^1:7 \$ did not expect a second colon in this line: .*into quotes/],
    ['- type: a\ntype: b', 'yaml', /^2:1 \$ did not expect a text here: look at the indentation/],
    [']', 'yaml', /^1:1 \$ did not expect \] here/],
    ['type: *nowhere', 'yaml', /^1:7 .*nowhere/],
    [`type: a\nparams: ${'['.repeat(3_000)}${']'.repeat(3_000)}`, 'yaml', /nested too deeply/],
  ];
  for (const [text, format, message] of wrong) {
    const found = mistakes(read(text, format));
    t.match(found[0], message, text.slice(0, 30));
  }
});

t.test('merge keys are unknown members, not a second way to write a task', async (t) => {
  t.match(mistakes(read('type: a\n<<: { priority: 9 }', 'yaml')), [/^2:1 \$\.<< is not a member/]);
});

t.test('YAML that unfolds without end is refused at once', async (t) => {
  let bomb = 'a: &a [x,x,x,x,x,x,x,x,x]\n';
  for (let level = 1; level < 9; level++) {
    const name = String.fromCharCode(97 + level);
    bomb += `${name}: &${name} [${Array(9)
      .fill(`*${String.fromCharCode(96 + level)}`)
      .join(',')}]\n`;
  }
  t.match(mistakes(read(bomb, 'yaml')), [/repeats too much by aliases/]);
  t.match(mistakes(read('type: x\nparams: &p\n  a: [*p, *p]', 'yaml')), [/^3:7 .*without end/]);
  t.match(mistakes(read(`type: x\nparams:\n  a: &a 1\n  b: [${Array(200).fill('*a').join(',')}]`, 'yaml')), [
    /too much by aliases/,
  ]);
  t.same(types(read('- &d { type: x }\n- *d\n- *d', 'yaml')), ['x', 'x', 'x'], 'ordinary aliases are fine');
});

t.test('nothing, or nothing to do, is refused', async (t) => {
  for (const format of ['json', 'ndjson', 'yaml'] as const) {
    t.match(mistakes(read('', format)), [/is empty/]);
    t.match(mistakes(read(' \n\n', format)), [/is empty/]);
  }
  t.match(mistakes(read('# only a comment\n---\n', 'yaml')), [/is empty/]);
  t.match(mistakes(read('[]')), [/empty list/]);
  t.match(mistakes(read('[]', 'yaml')), [/empty list/]);
  t.match(mistakes(read('null')), [/^1:1 \$ expected a task, .*null/]);
});

t.test('a run stands in a file wherever a task may, is checked with it, and is told by its number in it', async (t) => {
  const file = read('[{ "type": "a" }, { "run": { "pipeline": "x", "params": { "n": 1 } } }]');
  t.match(file, { ok: true, tasks: [{ type: 'a' }], runs: [{ at: 1, input: { pipeline: 'x', params: '{"n":1}' } }] });
  t.match(mistakes(read('{ "run": { "params": 1 }, "tags": [] }')), [
    /^1:\d+ \$\.tags cannot stand beside "run"/,
    /\$\.run\.pipeline is required/,
    /\$\.run\.params must be an object/,
  ]);
});

const nightly = '{ "schedule": { "name": "n", "task": { "type": "a" }, "when": { "kind": "daily", "at": "02:00" } } }';

t.test('a schedule stands in a file wherever a task may, and is told by its number in it', async (t) => {
  const places = (file: TaskFile) => (file.ok ? file.schedules.map(({ at }) => at) : mistakes(file));
  t.strictSame(places(read(nightly)), [0]);
  t.strictSame(places(read(`[{ "type": "a" }, ${nightly}]`)), [1]);
  t.strictSame(places(read(`{"type":"a"}\n\n${nightly}\n{"type":"b"}`, 'ndjson')), [1]);
  const yaml = 'schedule:\n  name: n\n  task: { type: a }\n  when: { kind: daily, at: 02:00 }\n---\ntype: b\n';
  t.strictSame(places(read(yaml, 'yaml')), [0]);
  t.same(types(read(yaml, 'yaml')), ['b']);
});

t.test(
  'what is wrong with a schedule is named with its line and column, beside what is wrong with tasks',
  async (t) => {
    const wrong =
      '- type: a\n  prio: 1\n- schedule:\n    name: n\n    task: { type: a, delay: 5m }\n    when: { kind: daily, at: 2am }\n';
    t.match(
      mistakes(read(wrong, 'yaml')),
      [
        /^2:3 \$\[0\]\.prio /,
        /^6:26 \$\[1\]\.schedule\.when\.at must be a time of day .* not "2am"/,
        /^5:22 \$\[1\]\.schedule\.task\.delay cannot stand in the task of a schedule/,
      ].sort(),
    );
    t.match(mistakes(read('{ "schedule": null }')), [/^1:3 \$\.schedule expected a schedule/]);
    t.match(mistakes(read(nightly.replace(/}$/, ', "note": "x" }'))), [
      /^1:\d+ \$\.note cannot stand beside "schedule"/,
    ]);
    t.match(mistakes(read('{ "type": "a", "schedule": {} }')), [/ \$\.schedule is not a member/]);
  },
);

t.test('two schedules of one name in a file are refused: each would change the other', async (t) => {
  t.match(mistakes(read(`${nightly}\n{"type":"a"}\n${nightly}`, 'ndjson')), [
    /^3:\d+ \$\.schedule\.name "n" is the name of another schedule earlier in this file/,
  ]);
});

t.test('text that is not UTF-8 is refused, naming the first wrong byte', async (t) => {
  const at = (bytes: number[]): string[] =>
    mistakes(read(new Uint8Array([...Buffer.from('{"a":"ä€🎵'), ...bytes, ...Buffer.from('later"}')])));
  const offset = Buffer.byteLength('{"a":"ä€🎵');
  t.match(at([0xff]), [new RegExp(`^1:10 \\$ .*first wrong byte is number ${offset},`)]);
  t.match(mistakes(read(new Uint8Array([...Buffer.from('\ufeff[\n  "ä€🎵'), 0xff, 0x0a]))), [/^2:7 /]);
  t.match(at([0xc3, 0x28]), [new RegExp(`number ${offset}`)], 'a character cut short');
  t.match(at([0xed, 0xa0, 0x80]), [new RegExp(`number ${offset}`)], 'half of a surrogate pair');
  t.match(mistakes(read(new Uint8Array([0x7b, 0xe2, 0x82]))), [/number 1,/], 'a character cut off by the end');
  t.match(mistakes(read(Buffer.from('{"type":"a"}', 'utf16le'))), [/^1:2|UTF-8/]);
});

t.test('a member that stands twice in one object is refused, not read as its last', async (t) => {
  t.match(mistakes(read('{"type":"echo","type":"sleep"}')), [/^1:16 \$\.type "type" stands twice in the same object/]);
  t.match(mistakes(read('[{"type":"a"},\n {"type":"b","params":{"a":[{"x":1, "\\u0078":2}]}}]')), [
    /^2:37 \$\[1\]\.params\.a\[0\]\.x /,
  ]);
  t.match(mistakes(read('{"type":"a"}\n{"type" : "a","priority":1,"priority":1}', 'ndjson')), [/^2:28 \$\.priority /]);
  t.match(mistakes(read('{"type":"a","params":{"__proto__":1,"__proto__":2}}')), [/__proto__/]);
  const deep = `${'{"a":'.repeat(2_000)}{"b":1,"b":2}${'}'.repeat(2_000)}`;
  t.match(mistakes(read(`{"type":"a","params":${deep}}`)), [/deeper than 1000/]);
  const same =
    '{"type":"a","params":{"\\"a\\\\":"\\":","b":{"a":1},"c":[{"a":1},{"a":1}],"":{"":"\\\\"},"__proto__":{}}}';
  t.same(types(read(same)), ['a'], 'the same name in another object, and what looks like one in a text, is fine');
  const value = fc.json().map((json) => JSON.stringify(JSON.parse(json), null, 2));
  t.doesNotThrow(() => fc.assert(fc.property(value, (json) => namesIn(json) === membersOf(JSON.parse(json)))));
});

t.test('each mistake has a code', async (t) => {
  const code = (text: string | Uint8Array, format: Format = 'json') => {
    const file = read(text, format);
    return file.ok ? [] : file.mistakes.map((mistake) => mistake.code);
  };
  t.same(code(''), ['empty']);
  t.same(code('[]', 'yaml'), ['empty']);
  t.same(code(new Uint8Array([0xff])), ['encoding']);
  t.same([code('{'), code('{"type":"a"}\n{', 'ndjson'), code('a: [', 'yaml')], [['syntax'], ['syntax'], ['syntax']]);
  t.same([code('{"a":1,"a":2}'), code('a: 1\na: 2', 'yaml')], [['duplicate'], ['duplicate']]);
  t.same(code('{"type":"a","prio":1,"priority":10}'), ['validation', 'validation']);
  t.same(code(new Uint8Array(yamlBytesMax + 1), 'yaml'), ['too_large']);
});

t.test('limits are named', async (t) => {
  t.match(mistakes(read(new Uint8Array(fileBytesMax + 1))), [new RegExp(`at most ${fileBytesMax} are read`)]);
  t.match(mistakes(read(new Uint8Array(yamlBytesMax + 1), 'yaml')), [/as YAML; NDJSON may be longer/]);
  const many = '{"type":"a"}\n'.repeat(tasksPerFileMax);
  t.equal(types(read(many, 'ndjson')).length, tasksPerFileMax);
  t.match(mistakes(read(`${many}{"type":"a"}`, 'ndjson')), [new RegExp(`more than ${tasksPerFileMax} tasks`)]);
  t.match(mistakes(read(`[${'{"type":"a"},'.repeat(tasksPerFileMax)}{"type":"a"}]`)), [/more than/]);
  t.match(mistakes(read(JSON.stringify({ type: 'a', params: 'x'.repeat(262_144) }))), [
    /^1:13 \$\.params is 262146 bytes/,
  ]);
  const file = read('{"x":1}\n'.repeat(mistakesShownMax), 'ndjson');
  t.match(file, { ok: false, more: mistakesShownMax }, 'two mistakes a line, half of them shown');
  t.equal(mistakes(file).length, mistakesShownMax);
});

t.test('a file that is mistakes from end to end is refused with the first of them', async (t) => {
  const many = 5_000;
  const table: [string, string, Format][] = [
    ['params', `{"type":"a","params":[${Array(many).fill('1e999').join()}]}`, 'json'],
    ['unknown members', `{"type":"a",${Array.from({ length: many }, (_, at) => `"${at}":1`).join()}}`, 'json'],
    ['broken lines', '{\n'.repeat(many), 'ndjson'],
    ['wrong tasks', '{}\n'.repeat(many), 'ndjson'],
    ['members that stand twice', `a: 1\n${'b: 1\n'.repeat(130_000)}`, 'yaml'],
    ['broken YAML', '- *a b\n'.repeat(many), 'yaml'],
  ];
  for (const [what, text, format] of table) {
    const found = mistakes(read(text, format));
    t.equal(found.length, mistakesShownMax, what);
    t.notMatch(found[0], /nested/, String(found[0]));
  }
});

t.test('mistakes the supervisor finds are placed by the number of their task', async (t) => {
  const found: Mistake[] = [{ path: '$[1].idempotencyKey', message: 'is taken' }];
  const place = (text: string, format: Format, mistakes = found): unknown =>
    placeMistakes(Buffer.from(text), format, mistakes, 'conflict')[0];
  t.same(place('[{"type":"a"},\n {"type":"b","idempotencyKey":"k"}]', 'json'), {
    code: 'conflict',
    path: '$[1].idempotencyKey',
    line: 2,
    column: 14,
    message: 'is taken',
  });
  t.match(place('{"type":"a"}\n\n{"type":"b","idempotencyKey":"k"}', 'ndjson'), {
    path: '$.idempotencyKey',
    line: 3,
    column: 13,
  });
  t.match(place('type: a\n---\ntype: b\nidempotencyKey: k', 'yaml'), { line: 4, column: 1 });
  t.match(place('{"type":"a",\n"idempotencyKey":"k"}', 'json', [{ path: '$.idempotencyKey', message: '' }]), {
    line: 2,
    column: 1,
  });
  t.match(place('{"type":"a"}', 'json'), { path: '$[1].idempotencyKey', line: null });
});

t.test('the reader that names places agrees with JSON.parse on what is JSON', async (t) => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '{', '\\', '\n', '0', '-', 'e', '.', 'x'))
    .map(([json, at, text]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + text + json.slice(place + (text === '' ? 1 : 0));
    });
  const agree = fc.property(fc.oneof(fc.json(), broken), (text) => {
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    return (jsonPlaces(text, []).error === null) === valid;
  });
  t.doesNotThrow(() => fc.assert(agree, { numRuns: 3_000 }));
});

t.test('a place found is the place', async (t) => {
  const holds = fc.property(
    fc.dictionary(fc.stringMatching(/^[a-z"\\ä]{1,4}$/), fc.array(fc.integer(), { maxLength: 3 })),
    fc.integer({ min: 0, max: 3 }),
    (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      for (const [key, list] of Object.entries(value)) {
        const paths = [`$.${key}`, ...list.map((_, index) => `$.${key}[${index}]`)];
        const { places } = jsonPlaces(text, paths);
        if (!text.startsWith(JSON.stringify(key), places.get(paths[0] ?? ''))) return false;
        if (list.some((number, index) => !text.startsWith(String(number), places.get(paths[index + 1] ?? ''))))
          return false;
      }
      return true;
    },
  );
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 300 }));
});

t.test('a process reads large files with the same result, and outlives what kills it', async (t) => {
  const apart = new ParseApart(machineClock);
  t.teardown(() => apart.close());
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
  const lines = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ type: 'a', params: { index } })).join(
    '\n',
  );
  const [large, wrong, again, mixed] = await Promise.all([
    apart.read(bytes(lines), 'ndjson'),
    apart.read(bytes(`${lines}\n{"typ":1}`), 'ndjson'),
    apart.read(bytes('type: a'), 'yaml'),
    apart.read(bytes(`${lines}\n${nightly}`), 'ndjson'),
  ]);
  t.strictSame(large, read(lines, 'ndjson'));
  t.strictSame(mixed, read(`${lines}\n${nightly}`, 'ndjson'));
  t.match(mistakes(wrong), [/^20001:1 /, /^20001:2 /]);
  t.same(types(again), ['a']);
  const cut = apart.read(bytes(lines), 'ndjson');
  await apart.close();
  await t.rejects(cut, /has stopped/, 'a stop waits for no file');
});

t.test('a file that needs too much memory or time is wrong, and the next one is read', async (t) => {
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
  const hungry = `[${'{"a":[]},'.repeat(400_000)}0]`;
  const small = new ParseApart(machineClock, { heapMegabytesMax: 16, parseMsMax: 60_000 });
  t.teardown(() => small.close());
  t.match(mistakes(await small.read(bytes(hungry), 'json')), [/too much memory/]);
  t.same(types(await small.read(bytes('{"type":"after"}'), 'json')), ['after']);
  let expire = (): void => {};
  const after = (_: number, call: () => void): (() => void) => {
    expire = call;
    return () => {};
  };
  const clock = { ...machineClock, after };
  const slow = new ParseApart(clock, { heapMegabytesMax: 256, parseMsMax: 1_000 });
  t.teardown(() => slow.close());
  const reading = slow.read(bytes(hungry), 'json');
  await new Promise((resolve) => setImmediate(resolve));
  expire();
  t.match(mistakes(await reading), [/longer than 1 s/]);
});
