/** Faults that end the supervisor or stop its start: each exit code of the contract with its meaning. */
export const EXIT = {
  ok: 0,
  usage: 64,
  damaged: 65,
  cannotListen: 69,
  dataFolder: 72,
  held: 73,
  diskFailed: 74,
  lostWrite: 75,
} as const;
export type ExitName = keyof typeof EXIT;

/** The message says what happened, `action` what to do about it. */
export class Fault extends Error {
  readonly exit: ExitName;
  readonly action: string;

  constructor(exit: ExitName, message: string, action: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.exit = exit;
    this.action = action;
  }

  get exitCode(): number {
    return EXIT[this.exit];
  }
}
