/** What a full disk, or a used-up quota, is called, whoever meets it. */

export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function diskFull(message = 'the disk is full', options: ErrorOptions = {}): Error {
  return Object.assign(new Error(message, options), { code: 'disk_full' });
}
