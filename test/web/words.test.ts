/** The table of settings on the page in other languages: nothing of it is left in English. */
import t from 'tap';
import { KEYS, ROWS } from '../../supervisor/settings/settings.ts';
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
