/** Whether two names mean the same: letters and digits count, their case, width and marks between them do not. */

/** One may say more than the other: `Dune` and `Dune: Book One`. */
export function agree(one: string, other: string): boolean {
  const [a, b] = [bare(one), bare(other)];
  return a !== '' && b !== '' && (a.startsWith(b) || b.startsWith(a));
}

export function allAgree(one: string, other: string): boolean {
  return bare(one) !== '' && bare(one) === bare(other);
}

function bare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '');
}
