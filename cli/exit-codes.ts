/** What the command line ends with. `start` has those of `supervisor/core/fault.ts` besides. */
export const EXIT_CODES = {
  done: 0,
  refused: 1,
  notReachable: 2,
  usage: 64,
} as const;
