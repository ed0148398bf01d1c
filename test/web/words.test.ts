/** The table of settings on the page in other languages: nothing of it is left in English. */
import t from 'tap';
import { KEYS, ROWS } from '../../supervisor/settings/settings.ts';
import { sentenceZh } from '../../web/client/words/schedule-sentence-zh.ts';
import { allowedZh, MEANINGS_ZH, meaningZh } from '../../web/client/words/settings-table-zh.ts';

const CHINESE = /\p{Script=Han}/u;
/** Words of settings themselves, such as `always, everysec, no`, and units that are signs. */
const SAME_IN_ALL = /^([a-z]+(, [a-z]+)+|MiB)$/;

t.test('every setting says in Chinese what it is for, and what it may be', async (t) => {
  t.same(Object.keys(MEANINGS_ZH).sort(), [...KEYS].sort(), 'no key is missing, and none is left that is gone');
  for (const { key, sentence, kind } of ROWS) {
    t.match(meaningZh(key, sentence), CHINESE, key);
    for (const phrase of [kind.limits, kind.unit ?? 'MiB'])
      if (!SAME_IN_ALL.test(phrase)) t.match(allowedZh(phrase), CHINESE, `${key}: ${phrase}`);
  }
});

t.test('what has no translation is shown as it is', async (t) => {
  t.equal(meaningZh('OF_A_LATER_VERSION', 'What it is for.'), 'What it is for.');
  t.equal(allowedZh('always, everysec, no'), 'always, everysec, no');
});

t.test('examples in a sentence are the same in Chinese', async (t) => {
  for (const { key, sentence } of ROWS)
    for (const [, example = ''] of sentence.matchAll(/e\.g\. (\S+?)[.)]?(?=\s|$)/g))
      t.match(meaningZh(key, ''), example);
});

t.test(
  'a cron expression is a sentence in Chinese where its meaning is plain, else the one the server gave',
  async (t) => {
    const sentences: readonly (readonly [string, string])[] = [
      ['*/15 * * * *', '每 15 分钟（UTC）'],
      ['* * * * *', '每分钟（UTC）'],
      ['*/10 * * * * *', '每 10 秒（UTC）'],
      ['5 * * * *', '每小时的第 5 分（UTC）'],
      ['0 */6 * * *', '每 6 小时（UTC）'],
      ['30 */6 * * *', '每 6 小时的第 30 分（UTC）'],
      ['0 2 * * *', '每天 02:00（UTC）'],
      ['15 30 2 * * *', '每天 02:30:15（UTC）'],
      ['0 8,20 * * *', '每天 08:00、20:00（UTC）'],
      ['0 4 * * mon', '每周一 04:00（UTC）'],
      ['0 4 * * 1-5', '每周一至五 04:00（UTC）'],
      ['0 4 * * sat,7', '每周六、日 04:00（UTC）'],
      ['0 3 1,15 * *', '每月 1、15 日 03:00（UTC）'],
      ['*/5 * * * 1-5', '每周一至五，每 5 分钟（UTC）'],
      ['@daily', '每天 00:00（UTC）'],
    ];
    for (const [expression, sentence] of sentences)
      t.equal(sentenceZh({ kind: 'cron', expression }, 'UTC', ''), sentence, expression);
    for (const expression of [
      '*/7 * * * *',
      '0 0 29 2 *',
      '0 0 * * 1#2',
      '0 0 L * *',
      '0 0 1 * 1',
      '0 9-17 * * *',
      '1-5 0 * * *',
    ])
      t.equal(sentenceZh({ kind: 'cron', expression }, 'UTC', 'as the server says'), 'as the server says', expression);
  },
);
