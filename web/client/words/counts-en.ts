/** How many there are of something, in English. */
export const tasks = (n: number) => (n === 1 ? '1 task' : `${n.toLocaleString('en')} tasks`);
