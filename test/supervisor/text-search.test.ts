import fc from 'fast-check';
import t from 'tap';
import { mayMention } from '../../supervisor/text-search.ts';

const line = (record: unknown) => Buffer.from(JSON.stringify(record));

t.test('what is searched for is found in the bytes of a record, whatever its case', async (t) => {
  const record = line({ title: 'Größer "wird" Übung 下载 a\\b', url: 'https://example.org/A.b?x=(1)*[2]' });
  for (const text of [
    'größer',
    'GRÖSSE'.slice(0, 2),
    'übung',
    '下载',
    'EXAMPLE.org/a.b',
    '?x=(1)*[2]',
    '"wird"',
    'a\\b',
    '\n',
  ])
    t.ok(mayMention(text)?.(record) ?? true, text);
  for (const text of ['nowhere', '上传', 'example-org', 'größer als']) t.notOk(mayMention(text)?.(record), text);
});

t.test('nothing can be told by the bytes of text that stands otherwise in JSON', async (t) => {
  for (const text of ['"', '\\', '\n', 'Ö', '\ud800']) t.equal(mayMention(text), null, JSON.stringify(text));
});

t.test('it never says no to a record that mentions the text', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (before, wanted, after, upper) => {
      const said = upper ? wanted.toUpperCase() : wanted;
      const whole = `${before}${said}${after}`;
      fc.pre(whole.toLowerCase().includes(wanted.toLowerCase()));
      return mayMention(wanted)?.(line({ whole })) ?? true;
    }),
    { numRuns: 3_000 },
  );
});
