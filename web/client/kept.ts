/** Choices that outlive the page, in the browser's storage; without storage they last as long as the page. */
export function kept<T extends string>(name: string, known: readonly T[], otherwise: T): T {
  try {
    const found = localStorage.getItem(`nightshift.${name}`);
    return known.find((one) => one === found) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`nightshift.${name}`, value);
  } catch {
    // a private window may refuse; the choice then lasts as long as the page
  }
}
