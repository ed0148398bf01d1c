import t from 'tap';
import { type FileResult, TapResults } from '../helpers/tap-results.ts';

function read(text: string): FileResult[] {
  const files: FileResult[] = [];
  const results = new TapResults((file) => files.push(file));
  for (const line of text.split('\n')) results.line(line);
  results.end();
  return files;
}

function said(file: FileResult | undefined): string[] | undefined {
  return file?.tests.map(
    (test) => `${test.outcome} ${test.path.slice(1).join(' > ')}${test.reason && ` (${test.reason})`}`,
  );
}

t.test('each test without others inside counts once, whatever it asserts', async (t) => {
  const [file] = read(`TAP version 14
1..1
# Subtest: build/test/a.test.js
    # Subtest: one
        ok 1 - should be equal
        ok 2 - should be equal
        1..2
    ok 1 - one # time=5.492ms

    # Subtest: outer
        # Subtest: inner
            ok 1 - x
            1..1
        ok 1 - inner # time=1.385ms

        ok 2 - other # SKIP needs strace (package strace)
        1..2
    ok 2 - outer # time=4.573ms

    1..2
ok 1 - build/test/a.test.js # time=90.974ms`);
  t.same(said(file), ['passed one', 'passed outer > inner', 'skipped outer > other (needs strace (package strace))']);
  t.equal(file?.ok, true);
});

t.test('assertions beside tests count as one more, and what stands in a YAML block is no result', async (t) => {
  const [file] = read(`# Subtest: b
    # Subtest: one
        not ok 1 - should be equal
          ---
          source: |
ok 1 - not a result
          diff: |
            ok 2 - nor this
          ...

        1..1
    not ok 1 - one # time=1ms

    ok 2 - bare
    1..2
not ok 1 - b # time=2ms`);
  t.same(said(file), ['failed one', 'passed ']);
  t.equal(file?.ok, false);
});

t.test(
  'a file that fails without a failed test is a failure: a wrong plan, a timeout, an end before the first test',
  async (t) => {
    const [plan, empty] = read(`# Subtest: c
    # Subtest: one
        ok 1 - fine
        1..1
    ok 1 - one
    1..2
not ok 1 - c
not ok 2 - d
  ---
  exitCode: 1
  ...`);
    t.same(said(plan), ['passed one', 'failed ']);
    t.equal(plan?.lines.at(-1), 'not ok 1 - c');
    t.equal(empty?.lines.at(-1), '  ...', 'what is said about a file after its end is kept with it');
    t.same(said(empty), ['failed ']);
  },
);

t.test('a file skipped whole is one skip, and a test without assertions one pass', async (t) => {
  const [whole, empty] = read(`# Subtest: e
    1..0 # SKIP not here
ok 1 - e # SKIP not here
# Subtest: f
    # Subtest: nothing in it
        1..0
    ok 1 - nothing in it
    1..1
ok 2 - f`);
  t.same(said(whole), ['skipped  (not here)']);
  t.same(said(empty), ['passed nothing in it']);
});
