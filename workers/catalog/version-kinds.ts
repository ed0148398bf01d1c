/** Which kind of version brackets name, in the languages that music is tagged in. */

const WORDS = {
  instrumental:
    /\binst(?:rumental)?s?\b|\bkaraoke\b|\boff[ -]?vocal\b|\bbacking track\b|伴奏|纯音乐|純音樂|カラオケ|インスト|반주/iu,
  live: /\blive\b|\bconcert\b|\bunplugged\b|现场|現場|演唱会|演唱會|音乐会|音樂會|ライブ|ライヴ|라이브/iu,
  remix:
    /\bre-?mix|(?<!\b(?:original|extended|radio|album|single) )\bmix\b|\bmash-?up\b|\bbootleg\b|\bdj ?版|混音|リミックス|리믹스/iu,
  cover: /\bcover(?:ed)?\b|翻唱|翻自|弹唱|彈唱|改编|改編|原唱|カバー|歌ってみた|커버/iu,
  language:
    /国语|國語|粤语|粵語|普通话|普通話|闽南语|閩南語|台语|台語|中文|日文|日语|日語|日本語|英文|英语|英語|韩文|韓文|韩语|韓語|法语|法語|德语|德語|俄语|俄語|西语|西班牙语|中国語|韓国語|语言版|語言版|한국어|일본어|영어|중국어|\b(?:english|japanese|chinese|mandarin|cantonese|korean|french|german|spanish|italian|russian|portuguese)\b|\b(?:jpn?|kor?|kr|cn|chn|eng?) ver/iu,
  edit: /\bedit(?:ed|ion)?\b|\bextended\b|\bradio mix\b|\b(?:short|long|full|tv|movie|game)[ -]?(?:ver|size|mix|cut)|\bcut\b|\bsped[ -]up\b|\bslowed\b|\bnightcore\b|剪辑|剪輯|片段|短版|加长|加長|完整版|加速|减速|變速|变速|サイズ/iu,
} as const;

export type VersionKind = keyof typeof WORDS;
const KINDS = Object.keys(WORDS) as readonly VersionKind[];

/** @param text what stands in the brackets @returns all that fit, none where it says something else */
export function versionKinds(text: string): readonly VersionKind[] {
  return KINDS.filter((kind) => WORDS[kind].test(text));
}
