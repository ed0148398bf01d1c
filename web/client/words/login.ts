/** What the way in says, in every language: one wording for the client's form and for the one the server makes. */
export const LOGIN = {
  en: {
    title: 'Sign in',
    text: 'This console asks for its token.',
    hint: 'WEB_TOKEN or WEB_READ_TOKEN of the settings, or what stands in the file “token” of the data folder.',
    token: 'Token',
    submit: 'Sign in',
    wrong: 'This is not the token.',
    slow: 'Too many wrong tokens. Wait a little, then try again.',
  },
  zh: {
    title: '登录',
    text: '此控制台需要令牌。',
    hint: '设置中的 WEB_TOKEN 或 WEB_READ_TOKEN，或数据文件夹里 token 文件的内容。',
    token: '令牌',
    submit: '登录',
    wrong: '令牌不对。',
    slow: '错误次数过多，请稍候再试。',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type LoginWords = Readonly<Record<keyof (typeof LOGIN)['en'], string>>;
