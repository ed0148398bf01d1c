import fc from 'fast-check';
import t from 'tap';
import { parseTrackName } from '../../../workers/catalog/track-name.ts';

/** Title, versions with their kinds, artists. */
type Said = [string, readonly [string, ...string[]][], readonly string[]];

const said = (name: string): Said => {
  const { title, versions, artists } = parseTrackName(name);
  return [title, versions.map(({ text, kinds }) => [text, ...kinds]), artists];
};

t.test('real names say title, versions and artists', async (t) => {
  const rows: [string, Said][] = [
    ['玉盘 - 葫芦童声', ['玉盘', [], ['葫芦童声']]],
    ['Libertus - Chen-U_EG', ['Libertus', [], ['Chen-U/EG']]],
    [
      'Silent Street (Type A) - Hyunmin Cho _ seibin _ Youngkyoung Choi _ SHIFT UP',
      ['Silent Street', [['Type A']], ['Hyunmin Cho', 'seibin', 'Youngkyoung Choi', 'SHIFT UP']],
    ],
    ['病名为爱 (国语) - 祖娅纳惜', ['病名为爱', [['国语', 'language']], ['祖娅纳惜']]],
    ['どうして… (为什么) - 凋叶棕', ['どうして…', [['为什么']], ['凋叶棕']]],
    ["BLUE DRAGON ('07 ver_) - 澤野弘之", ['BLUE DRAGON', [["'07 ver."]], ['澤野弘之']]],
    ['像鱼 (伴奏) - 王贰浪', ['像鱼', [['伴奏', 'instrumental']], ['王贰浪']]],
    ['Let Her Go (DOAN Remix) - Doan', ['Let Her Go', [['DOAN Remix', 'remix']], ['Doan']]],
    ['The Edge (Original Mix) - Grant _ Nevve', ['The Edge', [['Original Mix']], ['Grant', 'Nevve']]],
    [
      'LEVEL5-judgelight- (instrumental) - fripSide',
      ['LEVEL5-judgelight-', [['instrumental', 'instrumental']], ['fripSide']],
    ],
    ['Ghost (The Him Remix) - Au_Ra _ Alan Walker', ['Ghost', [['The Him Remix', 'remix']], ['Au/Ra', 'Alan Walker']]],
    ['夢燈籠 (R7CKY 你的名字 Mix) - R7CKY', ['夢燈籠', [['R7CKY 你的名字 Mix', 'remix']], ['R7CKY']]],
    ['病名为爱-古风版 (改编版原唱_ Neru) - 杨可爱', ['病名为爱-古风版', [['改编版原唱: Neru', 'cover']], ['杨可爱']]],
    [
      'RISE（中文版）登峰造极境（语言版） - 祈Inory',
      [
        'RISE 登峰造极境',
        [
          ['中文版', 'language'],
          ['语言版', 'language'],
        ],
        ['祈Inory'],
      ],
    ],
    [
      'My Dearest (Instrumental_TV Edit) - supercell',
      ['My Dearest', [['Instrumental/TV Edit', 'instrumental', 'edit']], ['supercell']],
    ],
    ['All Alone With You (Inst_) - EGOIST', ['All Alone With You', [['Inst.', 'instrumental']], ['EGOIST']]],
    ['答案 (女声吉他弹唱) - 李瑨瑶', ['答案', [['女声吉他弹唱', 'cover']], ['李瑨瑶']]],
    ['勾指起誓 (甜味小少年ver) - 洛少爷', ['勾指起誓', [['甜味小少年ver']], ['洛少爷']]],
  ];
  for (const [name, expected] of rows) t.same(said(name), expected, name);
});

t.test('names of other shapes give what they have', async (t) => {
  const rows: [string, Said][] = [
    ['', ['', [], []]],
    ['   ', ['', [], []]],
    ['Title', ['Title', [], []]],
    ['Title - ', ['Title -', [], []]],
    [' - Artist', ['- Artist', [], []]],
    ['A - B - C', ['A - B', [], ['C']]],
    ['Title – Artist', ['Title', [], ['Artist']]],
    ['Song (A - B) - X', ['Song', [['A - B']], ['X']]],
    ['Song (Live - X', ['Song (Live', [], ['X']]],
    ['Song) - X', ['Song)', [], ['X']]],
    [
      'Song (Live (2019)) [Remix] - X',
      [
        'Song',
        [
          ['Live (2019)', 'live'],
          ['Remix', 'remix'],
        ],
        ['X'],
      ],
    ],
    ["(I Can't Get No) Satisfaction - X", ["(I Can't Get No) Satisfaction", [], ['X']]],
    ['【MV】歌 - X', ['歌', [['MV']], ['X']]],
    ['(Intro) - X', ['(Intro)', [], ['X']]],
    ['Song () - X', ['Song', [], ['X']]],
    ["Don't (You) Forget (Live) - X", ["Don't (You) Forget", [['Live', 'live']], ['X']]],
    ['One _ Two - X _ Y _', ['One / Two', [], ['X', 'Y']]],
    ['Wait__ - fun_', ['Wait..', [], ['fun.']]],
    ['Vol_2 feat_ X - R_E_M_', ['Vol.2 feat. X', [], ['R.E.M.']]],
    ['_hack - X', ['.hack', [], ['X']]],
    ['snake__case - X', ['snake__case', [], ['X']]],
    ['Alive (Alive) - X', ['Alive', [['Alive']], ['X']]],
    ['Cafe\u0301\u3000Noir - X', ['Caf\u00e9 Noir', [], ['X']]],
  ];
  for (const [name, expected] of rows) t.same(said(name), expected, JSON.stringify(name));
});

t.test('a name may begin with a day, or with the place in an album', async (t) => {
  t.match(parseTrackName('2026-11-24 Morning (Live) - X'), { date: '2026-11-24', number: null, title: 'Morning' });
  t.match(parseTrackName('07 - Song - X'), { number: 7, title: 'Song', artists: ['X'] });
  t.match(parseTrackName('12. Song'), { number: 12, title: 'Song' });
  t.match(parseTrackName('24 - Jem'), { number: null, title: '24', artists: ['Jem'] });
  t.match(parseTrackName('2026-13-24 Song'), { date: null, title: '2026-13-24 Song' });
  t.match(parseTrackName('07'), { number: null, title: '07' });
});

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.constantFrom('a', '歌', ' ', ' - ', ' _ ', '_', '(', ')', '（', '）', '[', ']', 'Live', '07 ', '. '), {
      maxLength: 30,
    })
    .map((parts) => parts.join('')),
);
const plain = fc
  .array(fc.constantFrom('Ghost', 'Au Ra', '病名为爱', "Don't", 'x2', 'é', 'どうして…'), { minLength: 1, maxLength: 3 })
  .map((words) => words.join(' '));

t.test('any text is a name: nothing is thrown, and only a blank one has no title', async () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const { title, artists, versions } = parseTrackName(name);
      const texts = [...artists, ...versions.map(({ text }) => text)];
      return (
        (title !== '' || name.trim() === '') &&
        texts.every((text) => text !== '' && text === text.trim()) &&
        title === title.trim()
      );
    }),
    { numRuns: 5_000 },
  );
});

t.test('what is written in the form comes out of it again', async () => {
  fc.assert(
    fc.property(
      plain,
      fc.array(plain, { maxLength: 2 }),
      fc.array(plain, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('()', '（）', '[]', '【】'),
      (title, versions, artists, [open = '', close = '']) => {
        const brackets = versions.map((version) => ` ${open}${version}${close}`).join('');
        const parsed = parseTrackName(`${title}${brackets} - ${artists.join(' _ ')}`);
        return (
          parsed.title === title &&
          JSON.stringify(parsed.versions.map(({ text }) => text)) === JSON.stringify(versions) &&
          JSON.stringify(parsed.artists) === JSON.stringify(artists)
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

t.test('a text that is too long for a name is a title and nothing else', async (t) => {
  const text = '(Live) - '.repeat(1_000).trim();
  t.same(parseTrackName(text), { title: text, versions: [], artists: [], number: null, date: null });
});
