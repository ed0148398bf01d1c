/** 数目的写法，简体中文。 */
export const count = (n: number) => n.toLocaleString('zh-CN');
